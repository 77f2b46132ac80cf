package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// capabilities are the built-in functions of this OPA without those whose
// answer depends on anything but their arguments (network, clock, chance, the
// environment of the process): OPA marks them as nondeterministic. Functions
// on addresses, such as net.cidr_contains, stay.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return b.Nondeterministic && !strings.HasPrefix(b.Name, "rego.metadata.") || b.Name == "opa.runtime" || b.Name == "trace"
	})
	c.AllowNet = []string{}
	return c
}

// parse reads a file as Rego v1, with its METADATA.
func parse(name, text string) (*ast.Module, error) {
	options := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: capabilities()}
	m, err := ast.ParseModuleWithOpts(name, text, options)
	if strings.TrimSpace(text) == "" {
		return nil, fmt.Errorf("%s:1: the file is empty", name)
	}
	if err == nil {
		return m, nil
	}
	options.RegoVersion, options.ProcessAnnotation, options.Capabilities = ast.RegoV0, false, nil
	if _, old := ast.ParseModuleWithOpts(name, text, options); old == nil {
		return nil, fmt.Errorf("%s:1: it is written in Rego v0; rewrite it with: opa fmt --write --v0-v1 %s", name, name)
	}
	return nil, oneLine(name, err)
}

// compile type-checks all files together, each policy against the schema of
// its own input, and gives every policy the compiler.
func compile(policies []*policy, files []*file) error {
	modules := make(map[string]*ast.Module, len(files))
	for i, f := range files {
		modules[fmt.Sprintf("%04d %s", i, f.name)] = f.module
	}
	schemas := ast.NewSchemaSet()
	for _, p := range policies {
		p.attachSchema(schemas)
	}
	c := ast.NewCompiler().WithStrict(true).WithCapabilities(capabilities()).
		WithUseTypeCheckAnnotations(true).WithSchemas(schemas).SetErrorLimit(0)
	c.Compile(modules)
	if c.Failed() {
		return oneLine("", c.Errors)
	}
	var errs []error
	for _, m := range c.Modules {
		errs = append(errs, checkData(c, m))
	}
	for _, p := range policies {
		errs = append(errs, p.checkUnused(c))
		p.compiler = c
	}
	return sortedErrors(errs)
}

// oneLine turns the errors of OPA into one line each, with file and line.
func oneLine(name string, err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return fmt.Errorf("%s: %s", name, strings.Join(strings.Fields(err.Error()), " "))
	}
	errs := make([]error, len(list))
	for i, e := range list {
		text := e.Message
		switch d := e.Details.(type) {
		case nil:
		case *ast.RefErrInvalidDetail:
			text += " (want one of " + strings.Trim(fmt.Sprint(d.OneOf), "[]") + ")"
		case *ast.RefErrUnsupportedDetail:
			text += fmt.Sprintf(" (%s has no fields)", d.Have)
		default:
			if e.Code == ast.TypeErr {
				text += " (" + strings.Join(e.Details.Lines(), ", ") + ")"
			}
		}
		if name, ok := strings.CutSuffix(text, " is unsafe"); ok {
			text = strings.TrimPrefix(name, "var ") + " has no value here, or is a function that policies do not have"
		}
		loc := e.Location
		if loc == nil || loc.Row == 0 {
			loc = &ast.Location{File: name, Row: 1}
		}
		errs[i] = at(loc, "%s", strings.Join(strings.Fields(text), " "))
	}
	return sortedErrors(errs)
}

// at is an error at a place of a file.
func at(loc *ast.Location, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if loc == nil {
		return err
	}
	return fmt.Errorf("%s:%d: %w", loc.File, loc.Row, err)
}

// sortedErrors joins the errors without repetition, in the order of their text.
func sortedErrors(errs []error) error {
	errs = slices.DeleteFunc(errs, func(e error) bool { return e == nil })
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	errs = slices.CompactFunc(errs, func(a, b error) bool { return a.Error() == b.Error() })
	return errors.Join(errs...)
}
