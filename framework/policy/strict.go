package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

const denyRule = "deny"

// declared are the inputs of a policy by their path below input, such as
// "source.pods"; true for the ones that the policy need not mention.
type declared map[string]bool

func (p *policy) declared() declared {
	d := declared{"now": true}
	if p.meta.each != "" {
		d["object"] = true
	}
	for name := range p.meta.params {
		d["params."+name] = false
	}
	for _, r := range p.source {
		d["source."+r.key] = r.key == ingressesWord && p.readsWorkloads()
	}
	for _, r := range p.target {
		d["target."+r.key] = false
	}
	return d
}

// checkInput holds every mention of input to what was declared, and the
// declarations to what is mentioned. A nil declaration is that of a library.
func checkInput(f *file, d declared) error {
	var errs []error
	used := map[string]bool{}
	visitRefs(f.module, ast.InputRootDocument, func(ref ast.Ref, loc *ast.Location) {
		path := constant(ref[1:])
		switch d {
		case nil:
			errs = append(errs, at(loc, "a library cannot read %s; give its functions what they need as arguments", ref))
		default:
			key, err := d.find(path)
			used[key] = true
			if err != nil {
				errs = append(errs, at(loc, "%s %w", ref, err))
			}
		}
	})
	ast.WalkNodes(f.module, func(n ast.Node) bool {
		if w, ok := n.(*ast.With); ok && d != nil && rootOf(w.Target) != "" {
			errs = append(errs, at(w.Location, "with %s belongs into tests", w.Target))
		}
		return false
	})
	if len(errs) == 0 {
		for _, key := range slices.Sorted(maps.Keys(d)) {
			if !d[key] && !used[key] {
				errs = append(errs, at(f.module.Package.Loc(), "custom declares %s, and the policy never uses input.%s", key, key))
			}
		}
	}
	return sortedErrors(errs)
}

// rootOf is input or data when the term is a reference to either.
func rootOf(t *ast.Term) string {
	for _, root := range []*ast.Term{ast.InputRootDocument, ast.DefaultRootDocument} {
		if ref, ok := t.Value.(ast.Ref); t.Equal(root) || ok && ref[0].Equal(root) {
			return root.String()
		}
	}
	return ""
}

// find is the declaration that the path goes through.
func (d declared) find(path []string) (string, error) {
	for n := 1; n <= 2 && n <= len(path); n++ {
		key := strings.Join(path[:n], ".")
		if _, ok := d[key]; ok {
			return key, nil
		}
	}
	known := slices.Sorted(maps.Keys(d))
	if len(path) == 0 || len(path) == 1 && slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, path[0]+".") }) {
		return "", fmt.Errorf("is too much at once; name what is read (%s)", strings.Join(known, ", "))
	}
	first := make([]string, len(known))
	for i, k := range known {
		first[i], _, _ = strings.Cut(k, ".")
	}
	if first = slices.Compact(first); !slices.Contains(first, path[0]) {
		return "", fmt.Errorf("is not declared in custom%s", nearest(path[0], first))
	}
	return "", fmt.Errorf("is not declared in custom%s", nearest(strings.Join(path[:min(2, len(path))], "."), known))
}

// constant are the leading parts of a reference that are constant text.
func constant(ref ast.Ref) []string {
	var out []string
	for _, t := range ref {
		s, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		out = append(out, string(s))
	}
	return out
}

// visitRefs calls f for every reference below the root document, and for the
// root document where it stands alone.
func visitRefs(m *ast.Module, root *ast.Term, f func(ast.Ref, *ast.Location)) {
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Package:
			return true
		case *ast.With:
			visitor.Walk(x.Value)
			return true
		case *ast.Import: // of data: resolved where it is used
			return root.Equal(ast.DefaultRootDocument)
		case *ast.Term:
			if ref, ok := x.Value.(ast.Ref); ok && ref[0].Equal(root) {
				f(ref, x.Location)
				for _, t := range ref[1:] {
					visitor.Walk(t)
				}
				return true
			}
			if x.Equal(root) {
				f(ast.Ref{x}, x.Location)
			}
		}
		return false
	})
	visitor.Walk(m)
}

// checkData refuses references to data that is no rule: OPA takes them for
// undefined, and the rule for one that does not hold.
func checkData(c *ast.Compiler, m *ast.Module) error {
	var errs []error
	own := m.Package.Path.String() + "."
	visitRefs(m, ast.DefaultRootDocument, func(ref ast.Ref, loc *ast.Location) {
		switch name := ref.String() + "."; {
		case !isRule(c, ref):
			errs = append(errs, at(loc, "%s is no rule", ref))
		case !strings.HasPrefix(name, own) && !strings.HasPrefix(name, "data."+libRoot) && !strings.HasPrefix(name, "data.lib."):
			errs = append(errs, at(loc, "%s is of another policy; move what both use to a library", ref))
		}
	})
	return sortedErrors(errs)
}

// isRule reports whether the reference leads to a rule, or to the rules below
// one name of a package, as in names[x] where the rules are names.a and names.b.
func isRule(c *ast.Compiler, ref ast.Ref) bool {
	node := c.RuleTree
	for i, t := range ref {
		if len(node.Values) > 0 {
			return true
		}
		next := node.Child(t.Value)
		if next == nil {
			_, constant := t.Value.(ast.String)
			return !constant && withinPackage(c, ref[:i])
		}
		node = next
	}
	return len(node.Values) > 0 || withinPackage(c, ref)
}

func withinPackage(c *ast.Compiler, ref ast.Ref) bool {
	for _, m := range c.Modules {
		if path := m.Package.Path; len(ref) > len(path) && ref.HasPrefix(path) {
			return true
		}
	}
	return false
}

// checkDeny wants a rule deny that is a partial set.
func checkDeny(f *file) error {
	found := false
	var near []string
	for _, r := range f.module.Rules {
		name := r.Head.Ref().String()
		near = append(near, name)
		if name != denyRule {
			continue
		}
		found = true
		if r.Head.RuleKind() != ast.MultiValue || len(r.Head.Args) > 0 || r.Default {
			return at(r.Location, "deny must be a set of findings: deny contains finding if { ... }")
		}
	}
	if !found {
		return at(f.module.Package.Loc(), "there is no rule deny (rules: %s)", strings.Join(slices.Compact(near), ", "))
	}
	return nil
}

// checkUnused refuses rules that deny does not depend on: nobody would ever
// see what they find.
func (p *policy) checkUnused(c *ast.Compiler) error {
	reached := map[any]bool{}
	var reach func(x any)
	reach = func(x any) {
		if reached[x] {
			return
		}
		reached[x] = true
		for next := range c.Graph.Dependencies(x) {
			reach(next)
		}
	}
	for _, r := range c.GetRulesExact(p.module.Package.Path.Append(ast.StringTerm(denyRule))) {
		reach(r)
	}
	var errs []error
	for _, r := range c.GetRulesWithPrefix(p.module.Package.Path) {
		if !reached[r] {
			errs = append(errs, at(r.Location, "deny does not use the rule %s; what it finds would never be reported", r.Head.Ref()))
		}
	}
	return sortedErrors(errs)
}
