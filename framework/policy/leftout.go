package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// leftOut are the names of fields that are never in a snapshot, and what a
// policy should do instead. See [cluster.Snapshot].
var leftOut = map[string]string{
	"managedFields":   "a check in Go can read the inventory, which has their essence",
	"resourceVersion": "it differs in every cluster",
	"selfLink":        "Kubernetes has none since 1.20",
	"kubectl.kubernetes.io/last-applied-configuration": "a check in Go can read the inventory, which has its essence",
	"ephemeralContainerStatuses":                       "of a pod only the state of its containers is kept",
	"volumesAttached":                                  "read volumeattachments.storage.k8s.io",
	"volumesInUse":                                     "read volumeattachments.storage.k8s.io",
	"stringData":                                       "no value of a Secret is kept",
	"binaryData":                                       "no value of a ConfigMap is kept",
	"imageID":                                          "of a container status only name, ready, restartCount and state are kept",
	"containerID":                                      "of a container status only name, ready, restartCount and state are kept",
	"lastState":                                        "of a container status only name, ready, restartCount and state are kept",
}

// leftOutOfPods are such fields of pods, which other kinds have.
var leftOutOfPods = map[string]string{
	"lastTransitionTime": "of the conditions of a pod only type, status and reason are kept",
	"lastProbeTime":      "of the conditions of a pod only type, status and reason are kept",
	"hostIPs":            "hostIP is kept",
	"startTime":          "creationTimestamp is kept",
}

// checkLeftOut refuses a policy that mentions what no snapshot holds: its rule
// could never hold.
func checkLeftOut(f *file, reads []reading) error {
	var errs []error
	values := slices.ContainsFunc(reads, func(r reading) bool { return r.key == "secrets" || r.key == "configmaps" })
	pods := slices.ContainsFunc(reads, func(r reading) bool { return r.key == "pods" })
	ast.WalkTerms(f.module, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.String:
			why, ok := leftOut[string(v)]
			if pods && !ok {
				why, ok = leftOutOfPods[string(v)]
			}
			if ok {
				errs = append(errs, at(t.Location, "%s is not in a snapshot; %s", string(v), why))
			}
		case ast.Ref:
			errs = append(errs, leftOutPath(v, t.Location, values))
		}
		return false
	})
	return sortedErrors(append(errs, envValues(f.module)...))
}

// leftOutPath refuses paths of which only the combination is left out.
func leftOutPath(ref ast.Ref, loc *ast.Location, values bool) error {
	for i, t := range ref[:len(ref)-1] {
		switch next := ref[i+1]; {
		case isText(t, "env") && i+2 < len(ref) && isText(ref[i+2], "value"):
			return envError(loc)
		case isText(t, "status") && isText(next, "images"):
			return at(loc, "%s is not in a snapshot; the images of a node are left out", ref)
		case values && isText(next, "data"):
			return at(loc, "%s is not in a snapshot with its values; no value of a Secret or ConfigMap is kept", ref)
		}
	}
	return nil
}

// envValues refuses e.value where e is declared as an element of a list env.
func envValues(m *ast.Module) []error {
	var errs []error
	for _, r := range m.Rules {
		elements := map[ast.Var]bool{}
		ast.WalkExprs(r, func(e *ast.Expr) bool {
			for _, v := range envElements(e) {
				elements[v] = true
			}
			return false
		})
		ast.WalkTerms(r, func(t *ast.Term) bool {
			ref, ok := t.Value.(ast.Ref)
			if !ok || len(ref) < 2 || !isText(ref[1], "value") {
				return false
			}
			if v, ok := ref[0].Value.(ast.Var); ok && elements[v] {
				errs = append(errs, envError(t.Location))
			}
			return false
		})
	}
	return errs
}

// envElements are the variables that an expression binds to elements of env:
// "some e in c.env" and "e := c.env[_]".
func envElements(e *ast.Expr) []ast.Var {
	var out []ast.Var
	bind := func(name, list *ast.Term) {
		v, ok := name.Value.(ast.Var)
		if ref, isRef := list.Value.(ast.Ref); ok && isRef && slices.ContainsFunc(ref[1:], func(t *ast.Term) bool { return isText(t, "env") }) {
			out = append(out, v)
		}
	}
	if e.IsAssignment() {
		bind(e.Operand(0), e.Operand(1))
	}
	if some, ok := e.Terms.(*ast.SomeDecl); ok {
		for _, s := range some.Symbols {
			if call, ok := s.Value.(ast.Call); ok && len(call) >= 3 {
				bind(call[len(call)-2], call[len(call)-1])
			}
		}
	}
	return out
}

func envError(loc *ast.Location) error {
	return at(loc, "the value of an environment variable is not in a snapshot, because people write secrets there; the name is")
}

func isText(t *ast.Term, text string) bool {
	s, ok := t.Value.(ast.String)
	return ok && string(s) == text
}
