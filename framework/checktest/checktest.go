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
	"flag"
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
			result, left := runCase(t, filepath.Join(dir, e.Name()), check)
			seen[result.Status] = true
			unread = unread.and(left)
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

func runCase(t *testing.T, dir string, check *framework.Check) (framework.Result, *reads) {
	t.Helper()
	source := read(t, filepath.Join(dir, "source"), check.Source)
	target := read(t, filepath.Join(dir, "target"), check.Target)
	before := fingerprints(t, source, target)
	in := framework.Input{Source: source, Target: target, Now: Now}
	result, pass := framework.ApplyOne(t.Context(), check, in)
	if fingerprints(t, source, target) != before {
		t.Errorf("%s changed the snapshot", check.ID)
	}
	if strings.Contains(result.Reason, (cluster.Undeclared{}).Error()[len("reads "):]) {
		t.Errorf("%s %s", check.ID, result.Reason)
	}
	for _, f := range result.Findings {
		side := source
		if f.Cluster == framework.Target {
			side = target
		}
		if f.Object != (framework.Ref{}) && !side.Has(f.Object) {
			t.Errorf("%s reports %+v, which the %s does not hold", check.ID, f.Object, f.Cluster)
		}
	}
	compare(t, filepath.Join(dir, "want.yaml"), result)
	return result, readsOf(pass)
}

// read takes the manifests of one side.
func read(t *testing.T, dir string, resources []cluster.Resource) *cluster.Snapshot {
	t.Helper()
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return cluster.Nothing("no manifests were given")
	}
	s, err := cluster.Directory{Path: dir, Now: Now}.Read(t.Context(), resources)
	if err != nil {
		t.Fatal(err)
	}
	return framework.DeriveAPI(s)
}

func fingerprints(t *testing.T, snapshots ...*cluster.Snapshot) string {
	t.Helper()
	var all strings.Builder
	for _, s := range snapshots {
		f, err := s.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(f)
	}
	return all.String()
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
