package checks_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/checks"
	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var update = flag.Bool("update", false, "rewrite README.md")

const catalogueHead = `# Checks

Written by ` + "`make docs`" + ` from the checks themselves; ` + "`precheck explain ID`" + ` shows
the same. IDs are permanent.

| check | severity | step | what it finds |
| --- | --- | --- | --- |
`

func TestAllAreValid(t *testing.T) {
	if err := framework.Validate(checks.All()); err != nil {
		t.Error(err)
	}
}

// TestCatalogue holds README.md to the checks; make docs runs it with -update.
func TestCatalogue(t *testing.T) {
	want := catalogue(t)
	if *update {
		if err := os.WriteFile("README.md", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("README.md is stale, run make docs (-want +got):\n%s", diff)
	}
}

func catalogue(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString(catalogueHead)
	for _, c := range checks.All() {
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s | %s |\n", c.ID, strings.ReplaceAll(c.ID, "/", ""), c.Severity, c.Step, c.Title())
	}
	for _, c := range checks.All() {
		fmt.Fprintf(&out, "\n## %s\n\n**%s** (%s, step %s)\n\n%s\n\nRemedy: %s\n", c.ID, c.Title(), c.Severity, c.Step, c.Explanation(), c.Remedy)
		fmt.Fprintf(&out, "\nReads of the source: %s. Reads of the target: %s.\n", resources(c.Source), resources(c.Target))
		if c.Params != nil {
			params, err := json.Marshal(c.Params)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "\nParameters: `%s`\n", params)
		}
	}
	return out.Bytes()
}

func resources(list []cluster.Resource) string {
	if len(list) == 0 {
		return "nothing"
	}
	var names []string
	for _, r := range list {
		names = append(names, "`"+r.String()+"`")
	}
	return strings.Join(names, ", ")
}
