package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"k8s.io/client-go/tools/clientcmd"
)

// TestUsage makes the mistakes of a new user: each is one line that names what
// is wrong, and no verdict.
func TestUsage(t *testing.T) {
	c := clusters(t)
	source, target := admin(t, c.source), admin(t, c.target)
	absent := filepath.Join(t.TempDir(), "absent.yaml")
	broken := write(t, "broken.yaml", "apiVersion: v1\nkind: Config\nclusters: {\n")
	empty := write(t, "empty.yaml", "")
	for name, each := range map[string]struct {
		args []string
		says string
	}{
		"nothing":             {[]string{"run"}, "--source-kubeconfig"},
		"no target":           {[]string{"run", "--source-kubeconfig", source}, "--target-kubeconfig"},
		"no such file":        {live(absent, target), absent},
		"no kubeconfig":       {live(broken, target), broken},
		"empty kubeconfig":    {live(empty, target), "source"},
		"no such context":     {live(source, target, "--source-context", "v1.24"), "v1.24.17"},
		"no such check":       {live(source, target, "--checks", "api/remove"), "api/removed"},
		"no such format":      {live(source, target, "-o", "jsn"), "json"},
		"no such directory":   {[]string{"run", "--source", absent, "--target-kubeconfig", target}, absent},
		"no timeout":          {live(source, target, "--source-request-timeout", "soon"), "--source-request-timeout"},
		"both kinds of input": {live(source, target, "--source", "testdata/source"), "--source"},
		"flag of kubectl":     {[]string{"run", "--kubeconfig", source}, "kubeconfig"},
		"unwritable report":   {live(source, target, "-o", "json="+filepath.Join(absent, "report.json")), absent},
	} {
		out := precheck(t, each.args...)
		lines := out.complaints(t)
		if out.code != usage || len(lines) != 1 || !strings.Contains(lines[0], each.says) || out.stdout != "" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q; want %d, nothing, and one line with %q", name, out.code, out.stdout, lines, usage, each.says)
		}
	}
}

// TestContexts takes both clusters from one kubeconfig, by flag and from the
// environment, as kubectl would.
func TestContexts(t *testing.T) {
	c := clusters(t)
	source := admin(t, c.source)
	target := kubeconfig(t, c.target, kube.User{Name: "target-admin", Groups: []string{kube.Masters}})
	want := precheck(t, live(source, target, "-o", "json")...).must(t, blocked)
	one := merged(t, source, target)
	for name, out := range map[string]outcome{
		"flags": precheck(t, live(one, one, "--source-context", c.source.Version, "--target-context", c.target.Version, "-o", "json")...),
		"environment": precheckAt(t, "KUBECONFIG="+one, "run", "--source-context", c.source.Version,
			"--target-context", c.target.Version, "-o", "json"),
	} {
		if diff := cmp.Diff(want.must(t, blocked).report(t).Results, out.must(t, blocked).report(t).Results); diff != "" {
			t.Errorf("contexts from %s (-two files +one):\n%s", name, diff)
		}
	}
}

// merged writes the contexts of several kubeconfig files into one without a
// current context.
func merged(t *testing.T, files ...string) string {
	t.Helper()
	config, err := (&clientcmd.ClientConfigLoadingRules{Precedence: files}).Load()
	if err != nil {
		t.Fatal(err)
	}
	config.CurrentContext = ""
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}
