// Package checktest tests checks, in Go and in Rego alike, with manifests.
//
// A test is one line:
//
//	checktest.Run(t, "testdata/class-missing", classMissing)
//
// Every folder below the given one is a case: source/ and target/ hold
// manifests (a missing folder is a cluster that nobody asked for), want.yaml
// what the check must say. A document
//
//	{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.37.2}
//
// among the manifests makes them the snapshot of a cluster of that version; the
// API surface follows from the version unless the document has its own. Run the
// test with -update to write want.yaml.
package checktest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var update = flag.Bool("update", false, "rewrite the want.yaml of checks' tests")

// Now is the time of every run.
var Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// want is what a case expects.
type want struct {
	Status   framework.Status    `json:"status"`
	Reason   string              `json:"reason,omitempty"`
	Findings []framework.Finding `json:"findings,omitempty"`
}

// Run tests the check with every case below dir. Besides the expectations it
// holds the check to the rules: it is valid, reads what it declares and nothing
// else, leaves the snapshots alone, reports objects that exist, and has a case
// with findings and one that ends clean.
func Run(t *testing.T, dir string, check *framework.Check) {
	t.Helper()
	if err := framework.Validate([]*framework.Check{check}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[framework.Status]bool{}
	var unread *reads
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			c, err := examine(t.Context(), filepath.Join(dir, e.Name()), check)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range c.problems {
				t.Error(problem)
			}
			compare(t, filepath.Join(dir, e.Name(), "want.yaml"), c.result)
			seen[c.result.Status] = true
			unread = unread.and(c.unread)
		})
	}
	if t.Failed() {
		return
	}
	if !seen[framework.Clean] || !seen[framework.Found] {
		t.Errorf("%s needs a case that ends clean and one with findings", dir)
	}
	for _, name := range unread.names() {
		t.Errorf("%s declares that it reads %s and no case makes it", check.ID, name)
	}
}

// outcome is what a case showed.
type outcome struct {
	result framework.Result
	// problems are the rules that the check broke.
	problems []string
	unread   *reads
}

// examine runs the check on a case and holds it to the rules.
func examine(ctx context.Context, dir string, check *framework.Check) (outcome, error) {
	var o outcome
	source, err := read(ctx, filepath.Join(dir, "source"), check.Source)
	if err != nil {
		return o, err
	}
	target, err := read(ctx, filepath.Join(dir, "target"), check.Target)
	if err != nil {
		return o, err
	}
	before, err := fingerprints(source, target)
	if err != nil {
		return o, err
	}
	result, pass := framework.ApplyOne(ctx, check, framework.Input{Source: source, Target: target, Now: Now})
	after, err := fingerprints(source, target)
	if err != nil {
		return o, err
	}
	if after != before {
		o.problems = append(o.problems, check.ID+" changed the snapshot")
	}
	if strings.Contains(result.Reason, (cluster.Undeclared{}).Error()[len("reads "):]) {
		o.problems = append(o.problems, check.ID+" "+result.Reason)
	}
	for _, f := range result.Findings {
		side := source
		if f.Cluster == framework.Target {
			side = target
		}
		if f.Object != (framework.Ref{}) && !side.Has(f.Object) {
			o.problems = append(o.problems, fmt.Sprintf("%s reports %+v, which the %s does not hold", check.ID, f.Object, f.Cluster))
		}
	}
	o.result, o.unread = result, readsOf(pass)
	return o, nil
}

// read takes the manifests of one side.
func read(ctx context.Context, dir string, resources []cluster.Resource) (*cluster.Snapshot, error) {
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return cluster.Nothing("no manifests were given"), nil
	}
	s, err := cluster.Directory{Path: dir, Now: Now}.Read(ctx, resources)
	if err != nil {
		return nil, err
	}
	return framework.DeriveAPI(s), nil
}

func fingerprints(source, target *cluster.Snapshot) (string, error) {
	a, err := source.Fingerprint()
	if err != nil {
		return "", err
	}
	b, err := target.Fingerprint()
	return a + b, err
}

func compare(t *testing.T, file string, result framework.Result) {
	t.Helper()
	got := want{Status: result.Status, Reason: result.Reason, Findings: result.Findings}
	data, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	expected, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if diff := cmp.Diff(string(expected), string(data)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
