package render_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/runner/render"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func version(t testing.TB, s string) cluster.Version {
	t.Helper()
	v, err := cluster.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func ref(apiVersion, kind, namespace, name string) framework.Ref {
	return framework.Ref{APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: name}
}

// findings are n findings of one message about numbered objects.
func findings(n int, f framework.Finding) []framework.Finding {
	var out []framework.Finding
	for i := range n {
		g := f
		g.Object.Name = fmt.Sprintf("%s-%d", f.Object.Name, i)
		out = append(out, g)
	}
	return out
}

// longReport has everything that a table must cope with.
func longReport(t testing.TB) *framework.Report {
	t.Helper()
	removed := framework.Finding{
		Severity: framework.Blocker, Step: framework.Application, Cluster: framework.Source,
		Object:  ref("extensions/v1beta1", "Ingress", "shop", "web"),
		Message: "the target does not serve extensions/v1beta1 Ingress, removed in 1.22; use networking.k8s.io/v1",
		Remedy:  "Convert the manifest and apply it again before the backup.",
	}
	crd := removed
	crd.Object = ref("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "", "certificates.cert-manager.example.com")
	crd.Message = "the target does not serve apiextensions.k8s.io/v1beta1 CustomResourceDefinition, removed in 1.22; use apiextensions.k8s.io/v1"
	warning := framework.Finding{
		Severity: framework.Warning, Step: framework.Traffic, Cluster: framework.Source,
		Object: ref("apps/v1", "Deployment", "shop", "a-deployment-with-a-name-as-long-as-kubernetes-permits-it-to-be-63"), Message: "container \"app\" has no readiness probe",
		Remedy: "Add a readiness probe.",
	}
	info := framework.Finding{
		Severity: framework.Info, Step: framework.Application, Cluster: framework.Target, Message: "the target is 17 minors newer", Remedy: "Read the release notes.",
	}
	var distinct []framework.Finding
	for i := range 9 {
		f := warning
		f.Object = ref("v1", "Service", "shop", fmt.Sprintf("svc-%d", i))
		f.Message = fmt.Sprintf("port %d has no backend", 8000+i)
		distinct = append(distinct, f)
	}
	return &framework.Report{
		APIVersion: framework.ReportAPIVersion, Kind: framework.ReportKind, GeneratedAt: now, Tool: "v0.1.0",
		Source: cluster.Identity{Origin: cluster.FromCluster, Server: "https://apiserver.a-very-long-name.eu-central-1.example.com:6443", Version: version(t, "v1.20.11-aliyun.1"), UID: "a", TakenAt: now.Add(-time.Hour)},
		Target: cluster.Identity{Origin: cluster.FromCluster, Server: "https://10.0.0.1:6443", Version: version(t, "v1.37.2"), UID: "b", TakenAt: now},
		Coverage: framework.Coverages{
			Source: framework.Coverage{Resources: 20, Objects: 36500, Gaps: []cluster.Gap{
				{Resource: "pods", Reason: "the cluster does not answer"}, {Resource: "services", Reason: "the cluster does not answer"},
			}},
			Target: framework.Coverage{Resources: 20, Objects: 1, Ignored: []cluster.Note{{File: "values.yaml", Line: 1, Reason: "is no Kubernetes object"}}},
		},
		Results: []framework.Result{
			{Check: "api/removed", Title: "API version is not served by the target", Step: framework.Application, Status: framework.Found, Findings: append(findings(412, removed), crd)},
			{Check: "cluster/version-skew", Title: "versions of both clusters", Step: framework.Application, Status: framework.Found, Findings: []framework.Finding{info}},
			{Check: "scheduling/node-labels", Title: "label that no node of the target has", Step: framework.Application, Status: framework.Clean},
			{Check: "storage/class-missing", Title: "storage class is missing", Step: framework.Data, Status: framework.Skipped, Reason: "target: only the version of the cluster was given"},
			{Check: "traffic/backends", Title: "service has no backend", Step: framework.Traffic, Status: framework.Found, Findings: distinct},
			{Check: "traffic/readiness-probe", Title: "workload behind a service has no readiness probe", Step: framework.Traffic, Status: framework.Unknown,
				Reason: "source: pods: the cluster does not answer", Findings: findings(2, warning)},
			{Check: "traffic/pre-stop", Title: "no preStop", Step: framework.Traffic, Status: framework.Unknown,
				Reason: "source: pods: the cluster does not answer; source: services: the cluster does not answer"},
			{Check: "traffic/policy", Title: "policy", Step: framework.Traffic, Status: framework.Unknown, Reason: "panic: index out of range"},
		},
	}
}

// nasty is text as nobody should write it.
const nasty = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u009b1m ]]> <b> & \"q\" \u202egpj.exe \xff\xfe\x00 \u200b 日本語の名前 🎉👩‍🚀 e\u0301 line\nbreak\r\ttab \ufffe"

func nastyReport(t testing.TB) *framework.Report {
	t.Helper()
	r := longReport(t)
	f := framework.Finding{
		Severity: framework.Blocker, Step: framework.Application, Cluster: framework.Source,
		Object:  framework.Ref{APIVersion: nasty, Kind: nasty, Namespace: nasty, Name: nasty, FieldPath: nasty, File: nasty, Line: 1},
		Message: nasty, Remedy: nasty,
	}
	info := f
	info.Severity = framework.Info
	r.Tool, r.Source.Server, r.Source.UID = nasty, nasty, nasty
	r.Results = []framework.Result{
		{Check: "a/found", Title: nasty, Step: framework.Application, Status: framework.Found, Findings: []framework.Finding{f, info}},
		{Check: "a/unknown", Title: nasty, Step: framework.Application, Status: framework.Unknown, Reason: nasty, Findings: []framework.Finding{f}},
		{Check: "a/skipped", Title: nasty, Step: framework.Application, Status: framework.Skipped, Reason: nasty},
	}
	return r
}

func table(t testing.TB, r *framework.Report, o render.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Table(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// narrow fails for lines that are wider than the terminal, and for characters
// that a terminal would obey.
func narrow(t *testing.T, out string, columns int) {
	t.Helper()
	for i, line := range strings.Split(out, "\n") {
		bare := ansi.ReplaceAllString(line, "")
		if w := displaywidth.String(bare); w > columns {
			t.Errorf("line %d has %d columns, more than %d: %q", i+1, w, columns, bare)
		}
		if bare != render.Clean(bare) {
			t.Errorf("line %d holds what does not print: %q", i+1, bare)
		}
	}
}

func TestTable(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			plain := table(t, longReport(t), render.Options{Width: width})
			golden(t, fmt.Sprintf("table-%d.txt", width), plain)
			narrow(t, plain, width)
			if strings.ContainsFunc(plain, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
				t.Error("the plain table is not plain ASCII")
			}
			fancy := table(t, longReport(t), render.Options{Width: width, Terminal: true})
			narrow(t, fancy, width)
			if !strings.Contains(fancy, "\x1b[1;31mblocked\x1b[0m") {
				t.Error("the table on a terminal has no colour")
			}
		})
	}
	golden(t, "table-terminal.txt", table(t, longReport(t), render.Options{Width: 80, Terminal: true}))
}

func TestTableAll(t *testing.T) {
	out := table(t, longReport(t), render.Options{All: true})
	narrow(t, out, 80)
	for _, want := range []string{"Ingress shop/web-411\n", "port 8008 has no backend", "target: values.yaml:1: is no Kubernetes"} {
		if !strings.Contains(out, want) {
			t.Errorf("the whole table lacks %q", want)
		}
	}
}

// Whatever the names hold and however narrow it is, a table stays in its columns.
func TestTableIsSafe(t *testing.T) {
	for _, r := range []*framework.Report{nastyReport(t), {GeneratedAt: now}} {
		for width := 1; width <= 100; width++ {
			for _, o := range []render.Options{{Width: width}, {Width: width, Terminal: true}, {Width: width, All: true}} {
				narrow(t, table(t, r, o), max(width, 2))
			}
		}
	}
}

// The verdicts are those of the severity that blocks.
func TestTableFailOn(t *testing.T) {
	r := longReport(t)
	r.Results = r.Results[4:5]
	for failOn, want := range map[framework.Severity]string{framework.Blocker: "ready", framework.Warning: "blocked"} {
		out := table(t, r, render.Options{Gate: framework.Gate{Step: framework.Traffic, FailOn: failOn}})
		if last := "\nVerdict for traffic: " + want + ".\n"; !strings.HasSuffix(out, last) {
			t.Errorf("with %s the table does not end with %q:\n%s", failOn, last, out)
		}
		if !regexp.MustCompile(`(?m)^traffic +` + want).MatchString(out) {
			t.Errorf("with %s the step traffic is not %s:\n%s", failOn, want, out)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"plain":            "plain",
		"日本語 é 🎉":          "日本語 é 🎉",
		"a\nb\tc":          "a b c",
		"\x1b[31mred":      `\x1b[31mred`,
		"\u009b31m":        `\u009b31m`,
		"\u202eexe":        `\u202eexe`,
		"\xff":             `\xff`,
		"\ufffd":           "\ufffd",
		"\ufffe":           `\ufffe`,
		"nul\x00\u2028end": `nul\x00\u2028end`,
	} {
		if got := render.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// A renderer says the same for the same report, and a failing write fails it.
func TestRenderers(t *testing.T) {
	for name, f := range map[string]func(*bytes.Buffer, *framework.Report) error{
		"table": func(b *bytes.Buffer, r *framework.Report) error { return render.Table(b, r, render.Options{}) },
		"json":  func(b *bytes.Buffer, r *framework.Report) error { return render.JSON(b, r, render.Options{}) },
		"junit": func(b *bytes.Buffer, r *framework.Report) error { return render.JUnit(b, r, render.Options{}) },
	} {
		var first, second bytes.Buffer
		if err := f(&first, longReport(t)); err != nil {
			t.Fatal(err)
		}
		if err := f(&second, longReport(t)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s differs between two runs", name)
		}
		if !strings.HasSuffix(first.String(), "\n") || strings.HasSuffix(first.String(), "\n\n") {
			t.Errorf("%s does not end with one newline", name)
		}
	}
}
