package quickstart_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/checks"
	"github.com/precheck-dev/precheck/runner"
)

var update = flag.Bool("update", false, "rewrite the demo in the README of the project")

const (
	readme     = "../../README.md"
	begin, end = "<!-- demo -->\n", "<!-- /demo -->"
)

// TestReadmeShowsTheDemo holds what the README says that make demo prints to
// what it prints, as far as the README goes.
func TestReadmeShowsTheDemo(t *testing.T) {
	var out, talk bytes.Buffer
	code := runner.Run(t.Context(), checks.All(), []string{"run", "--source", "source", "--target", "target"},
		runner.Streams{In: strings.NewReader(""), Out: &out, Err: &talk})
	if code != runner.ExitBlocked || talk.Len() > 0 {
		t.Fatalf("exit code %d, stderr %q", code, talk.String())
	}
	_, report, _ := strings.Cut(out.String(), "\n\n") // the first line has the time
	report, _, _ = strings.Cut(report, "\nWARNINGS")
	want := begin + "```text\n" + report + "...\n```\n" + end
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(data), begin)
	_, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no place for the demo", readme)
	}
	if *update {
		if err := os.WriteFile(readme, []byte(before+want+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(before+want+after, string(data)); diff != "" {
		t.Errorf("the demo in README.md is stale, run make docs (-want +got):\n%s", diff)
	}
}
