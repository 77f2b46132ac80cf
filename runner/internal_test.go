package runner

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

func TestChoose(t *testing.T) {
	var all []*framework.Check
	for _, id := range []string{"api/removed", "traffic/pre-stop", "traffic/policy"} {
		all = append(all, &framework.Check{ID: id})
	}
	tests := []struct {
		only, skip string
		want       string // IDs, or the error after "!"
	}{
		{"", "", "api/removed traffic/pre-stop traffic/policy"},
		{"traffic", "", "traffic/pre-stop traffic/policy"},
		{"traffic/p*", "traffic/policy", "traffic/pre-stop"},
		{"*", "", "api/removed traffic/pre-stop traffic/policy"},
		{"*/pre-*", "", "traffic/pre-stop"},
		{"traffic,api/removed", "", "api/removed traffic/pre-stop traffic/policy"},
		{"api/removed", "api", "!--checks and --skip leave no check to ask"},
		{"api/remove", "", `!"api/remove" matches no check, did you mean "api/removed"?`},
		{"trafic", "", `!"trafic" matches no check, did you mean "traffic"?`},
		{"", "none/*", `!"none/*" matches no check, did you mean`},
		{"api/[", "", `!"api/[" is no pattern of checks`},
		{"", "traffic/*/x", `!"traffic/*/x" matches no check`},
	}
	split := func(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) }
	for _, tt := range tests {
		got, err := choose(all, split(tt.only), split(tt.skip))
		text := strings.Join(ids(got), " ")
		if err != nil {
			text = "!" + err.Error()
		}
		if text != tt.want && (err == nil || !strings.HasPrefix(text, tt.want)) {
			t.Errorf("--checks %q --skip %q: got %s, want %s", tt.only, tt.skip, text, tt.want)
		}
	}
}

// A file is whole or what it was before.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	put := func(text string, fail error) error {
		return writeFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fail)
		})
	}
	if err := put("old", nil); err != nil {
		t.Fatal(err)
	}
	if err := put("half", errors.New("disk full")); err == nil {
		t.Error("a failing write is no error")
	}
	if data, _ := os.ReadFile(path); string(data) != "old" {
		t.Errorf("after a failing write the file holds %q", data)
	}
	if err := put("new", nil); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "new" {
		t.Errorf("the file holds %q", data)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("files were left behind: %v", entries)
	}
}

func TestProblems(t *testing.T) {
	got := problems([]cluster.Gap{
		{Resource: "uid", Reason: "the cluster does not answer"},
		{Resource: "pods", Reason: "the cluster does not answer"},
		{Resource: "secrets", Reason: `secrets is forbidden`},
		{Resource: "inventory", Partial: true, Reason: `secrets: secrets is forbidden`},
		{Resource: "nodes", Chosen: true, Reason: "nobody asked"},
		{File: "a.yaml", Line: 3, Partial: true, Reason: "cannot be parsed"},
	})
	want := []string{"a.yaml:3: cannot be parsed", "secrets: secrets is forbidden", "uid, pods: the cluster does not answer"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Progress leaves nothing on the terminal.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(Streams{Err: &out, ErrWidth: 40})
	source, target := p.of("source"), p.of("target")
	source("pods", 500)
	p.last = time.Time{}
	target("a-resource-with-a-name-that-is-longer-than-the-terminal", 3)
	source("pods", 900)
	p.done()
	text := out.String()
	for _, want := range []string{"reading source: 500 objects, pods\n", "reading target: 3 objects, a-resource-"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	for line := range strings.Lines(strings.NewReplacer("\x1b[F", "", "\x1b[J", "").Replace(text)) {
		if len(strings.TrimSpace(line)) >= 40 {
			t.Errorf("%q is wider than the terminal", line)
		}
	}
	if !strings.HasSuffix(text, "\x1b[F\x1b[F\x1b[J") {
		t.Errorf("%q does not end with erasing both lines", text)
	}
	newProgress(Streams{Err: &out}).of("source")("pods", 1)
	if out.String() != text {
		t.Error("progress is shown without a terminal")
	}
}

// Every command tells what it is for, how it works, and shows how to call it.
func TestCommandsAreDocumented(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s lacks a Short, Long or Example", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || f.Name != strings.ToLower(f.Name) || strings.Contains(f.Name, "_") {
				t.Errorf("%s: the flag --%s is not documented or not kebab-case", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&program{}).command())
}

// The flags of kubectl do what they do there.
func TestConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","current-context":"old",
		"clusters":[{"name":"a","cluster":{"server":"https://a.example.com"}},{"name":"b","cluster":{"server":"https://b.example.com"}}],
		"users":[{"name":"u","user":{"token":"t"}}],
		"contexts":[{"name":"old","context":{"cluster":"a","user":"u"}},{"name":"new","context":{"cluster":"b","user":"u"}}]}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	qps := float32(0)
	configure := func(args ...string) *side {
		s := newSide("source", "source-", &qps)
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		s.clusterFlags(f)
		if err := f.Parse(args); err != nil {
			t.Fatal(err)
		}
		return s
	}
	plain, err := configure("--source-kubeconfig", path).config()
	if err != nil {
		t.Fatal(err)
	}
	if plain.Host != "https://a.example.com" || plain.QPS != -1 || plain.Timeout != 30*time.Second || !strings.HasPrefix(plain.UserAgent, "precheck/") {
		t.Errorf("host %s, QPS %v, timeout %s, user agent %s", plain.Host, plain.QPS, plain.Timeout, plain.UserAgent)
	}
	qps = 2.5
	full, err := configure("--source-kubeconfig", path, "--source-context", "new", "--source-as", "ci",
		"--source-as-group", "g", "--source-as-group", "h", "--source-request-timeout", "5s").config()
	if err != nil {
		t.Fatal(err)
	}
	if full.Host != "https://b.example.com" || full.QPS != 2.5 || full.Burst != 2 || full.Timeout != 5*time.Second {
		t.Errorf("host %s, QPS %v, burst %d, timeout %s", full.Host, full.QPS, full.Burst, full.Timeout)
	}
	if diff := cmp.Diff([]string{"g", "h"}, full.Impersonate.Groups); diff != "" || full.Impersonate.UserName != "ci" {
		t.Errorf("impersonates %+v", full.Impersonate)
	}
}
