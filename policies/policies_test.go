package policies_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/policies"
)

func all(t *testing.T) []*framework.Check {
	t.Helper()
	checks, err := policies.All()
	if err != nil {
		t.Fatal(err)
	}
	return checks
}

// TestPolicies runs the fixtures of every policy: testdata beside it, in a
// folder of its name.
func TestPolicies(t *testing.T) {
	for _, c := range all(t) {
		t.Run(c.ID, func(t *testing.T) {
			domain, name, _ := strings.Cut(c.ID, "/")
			checktest.Run(t, filepath.Join(domain, "testdata", name), c)
		})
	}
}

func TestPoliciesNameTheirSources(t *testing.T) {
	for _, c := range all(t) {
		if !strings.Contains(c.Doc, "\n\nSources:\n- https://") {
			t.Errorf("%s has no related_resources", c.ID)
		}
	}
}

// TestPoliciesRunAtOnce gives the race detector something to see, and holds
// the report to being the same.
func TestPoliciesRunAtOnce(t *testing.T) {
	checks := all(t)
	var resources []cluster.Resource
	for _, c := range checks {
		resources = append(append(resources, c.Source...), c.Target...)
	}
	s, err := cluster.Directory{Path: "traffic/testdata/pre-stop/missing/source", Now: checktest.Now}.Read(t.Context(), resources)
	if err != nil {
		t.Fatal(err)
	}
	in := framework.Input{Source: s, Target: s, Now: checktest.Now, Parallel: 4}
	first := framework.Apply(t.Context(), checks, in)
	if diff := cmp.Diff(first.Results, framework.Apply(t.Context(), checks, in).Results); diff != "" {
		t.Errorf("a second run differs:\n%s", diff)
	}
}

// modules are all Rego files with their tests.
func modules(t *testing.T) map[string]*ast.Module {
	t.Helper()
	out := map[string]*ast.Module{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".rego") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		out[name], err = ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{ProcessAnnotation: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRego runs the _test.rego files; every policy and library has one.
func TestRego(t *testing.T) {
	files := modules(t)
	for name := range files {
		test := strings.TrimSuffix(name, ".rego") + "_test.rego"
		if _, ok := files[test]; !ok && !strings.HasSuffix(name, "_test.rego") {
			t.Errorf("%s has no %s", name, test)
		}
	}
	results, err := tester.NewRunner().SetModules(files).RaiseBuiltinErrors(true).RunTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for r := range results {
		ran++
		if !r.Pass() {
			t.Errorf("%s: %s.%s: %s %v", r.Location, r.Package, r.Name, r, r.Error)
		}
	}
	if ran == 0 {
		t.Error("no test ran")
	}
}

func TestFormat(t *testing.T) {
	for name := range modules(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.SourceWithOpts(name, text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(text)); diff != "" {
			t.Errorf("%s is not as opa fmt writes it (-want +got):\n%s", name, diff)
		}
	}
}
