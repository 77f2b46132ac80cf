package policy

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))

const twoPods = `{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.20.4-aliyun.1}
---
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: shop, labels: {size: "1"}}, spec: {containers: [{name: a, image: b}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: shop, labels: {size: zwei}}, spec: {containers: [{name: a, image: b}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}}
---
{apiVersion: example.org/v1, kind: Widget, metadata: {name: w}, spec: {size: 3}}
`

// snapshot reads manifests as the source or the target of the checks.
func snapshot(t testing.TB, checks []*framework.Check, manifests string) *cluster.Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(manifests), 0o600); err != nil {
		t.Fatal(err)
	}
	var all []cluster.Resource
	for _, c := range checks {
		all = append(append(all, c.Source...), c.Target...)
	}
	s, err := cluster.Directory{Path: dir, Now: now}.Read(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// evaluate loads test/rule.rego and applies it to the manifests on both sides.
func evaluate(t *testing.T, manifests, custom, rules string) framework.Result {
	t.Helper()
	checks, err := Load(one(ruleWith(custom, rules)))
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, checks, manifests)
	result, _ := framework.ApplyOne(t.Context(), checks[0], framework.Input{Source: s, Target: s, Now: now})
	return result
}

// lines are the findings in short.
func lines(r framework.Result) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %s %s %s/%s %s: %s %v", f.Severity, f.Cluster, f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Object.FieldPath, f.Message, f.Details))
	}
	return out
}

func TestInput(t *testing.T) {
	result := evaluate(t, twoPods, `source: [pods, version, widgets.example.org]
#   target: [nodes]
#   params: {limit: 2, names: [w], on: true}`, `deny contains message if {
	input.now == "2026-01-02T02:04:05Z"
	v := input.source.version
	input.params.on
	some w in input.source["widgets.example.org"]
	w.spec.size > input.params.limit
	w.metadata.name in input.params.names
	some n in input.target.nodes
	n.metadata.namespace == ""
	message := sprintf("%d.%d %s %s %d pods", [v.major, v.minor, v.text, n.kind, count(input.source.pods)])
}
`)
	want := []string{"warning source  / : 1.20 v1.20.4-aliyun.1 Node 2 pods map[]"}
	if diff := cmp.Diff(want, lines(result)); diff != "" {
		t.Errorf("findings (-want +got):\n%s%s", diff, result.Reason)
	}
}

func TestFindings(t *testing.T) {
	result := evaluate(t, twoPods, "each: pods\n#   target: [nodes]", `deny contains "as text" if input.object.metadata.name == "one"

deny contains {
	"message": "in full",
	"severity": "blocker",
	"step": "retire",
	"remedy": "Do it.",
	"fieldPath": "spec.containers[0]",
	"details": {"text": "a", "number": 1.5, "truth": true},
} if {
	input.object.metadata.name == "one"
}

deny contains {
	"message": "about a node",
	"cluster": "target",
	"object": {"apiVersion": n.apiVersion, "kind": n.kind, "name": n.metadata.name, "namespace": n.metadata.namespace},
} if {
	some n in input.target.nodes
	input.object.metadata.name == "two"
}
`)
	want := []string{
		"blocker source Pod shop/one spec.containers[0]: in full map[number:1.5 text:a truth:true]",
		"warning source Pod shop/one : as text map[]",
		"warning target Node /n1 : about a node map[]",
	}
	if diff := cmp.Diff(want, lines(result)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if f := result.Findings[0]; f.Step != framework.Retire || f.Remedy != "Do it." || result.Findings[1].Remedy != "Add the label." {
		t.Errorf("step %s, remedies %q and %q", f.Step, f.Remedy, result.Findings[1].Remedy)
	}
	if f := result.Findings[2]; f.Object.File != "all.yaml" || f.Object.Line == 0 {
		t.Errorf("the finding stands at %s:%d", f.Object.File, f.Object.Line)
	}
}

// TestEvaluationErrors: what goes wrong is unknown, and hides nothing.
func TestEvaluationErrors(t *testing.T) {
	for name, c := range map[string]struct {
		rules, reason string
		findings      int
	}{
		"conflict": {`deny contains f(input.object)

f(o) := "x" if o.kind == "Pod"

f(o) := "y" if o.metadata.name == "two"
`, `Pod "shop/two": evaluate: test/rule.rego:17: eval_conflict_error: function data.precheck.test.rule.f produced conflicting values for the same inputs: "x" at test/rule.rego:15 "y" at test/rule.rego:17`, 1},
		"built-in": {`deny contains sprintf("%d", [to_number(input.object.metadata.labels.size)])
`, `Pod "shop/two": evaluate: test/rule.rego:13: eval_builtin_error: to_number: strconv.ParseFloat: parsing "zwei": invalid syntax`, 1},
		"all of them": {`deny contains {"text": input.object.kind}
`, `2 of 2 objects could not be judged; the first: Pod "shop/one": a finding has the unknown key "text" (want one of cluster, details, fieldPath, message, object, remedy, severity, step)`, 0},
		"no message": {`deny contains {"severity": "info", "details": {"k": input.object.kind}}
`, `2 of 2 objects could not be judged; the first: Pod "shop/one": a finding has no message`, 0},
		"empty message": {`deny contains "" if input.object.metadata.name == "two"

deny contains "x" if input.object.metadata.name == "two"
`, `Pod "shop/two": a finding has no message`, 1},
		"number": {`deny contains 3 if input.object.metadata.name == "two"
`, `Pod "shop/two": a finding is 3 (want a message, or an object with one)`, 0},
		"severity": {`deny contains {"message": "x", "severity": "high"} if input.object.metadata.name == "two"
`, `Pod "shop/two": the severity of a finding: "high" is no severity (want info, warning, blocker)`, 0},
		"cluster": {`deny contains {"message": "x", "cluster": "both"} if input.object.metadata.name == "two"
`, `Pod "shop/two": the cluster of a finding is "both" (want source or target)`, 0},
		"object that is not there": {`deny contains {"message": "x", "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "three"}} if {
	input.object.metadata.name == "two"
}
`, `Pod "shop/two": a finding names Pod "shop/three" (apiVersion "v1"), which is not among what was read of the source`, 0},
		"key of the object": {`deny contains {"message": "x", "object": {"kid": "Pod"}} if {
	input.object.metadata.name == "two"
}
`, `Pod "shop/two": the object of a finding has the unknown key "kid"; did you mean kind?`, 0},
		"details": {`deny contains {"message": "x", "details": {"a": [1]}} if input.object.metadata.name == "two"
`, `Pod "shop/two": the detail "a" of a finding is [1] (want text, a number, true or false)`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			result := evaluate(t, twoPods, "each: pods", c.rules)
			if result.Status != framework.Unknown || result.Reason != c.reason || len(result.Findings) != c.findings {
				t.Errorf("%s with %d findings: %s\nwant unknown with %d: %s", result.Status, len(result.Findings), result.Reason, c.findings, c.reason)
			}
		})
	}
}

func TestFieldPathNeedsObject(t *testing.T) {
	result := evaluate(t, twoPods, "source: [pods]", `deny contains {"message": "x", "fieldPath": "spec"} if input.source.pods
`)
	if want := "a finding has a fieldPath and no object"; result.Status != framework.Unknown || result.Reason != want {
		t.Errorf("%s: %s", result.Status, result.Reason)
	}
}

func TestUnknownVersionIsNoVersion(t *testing.T) {
	result := evaluate(t, strings.Replace(twoPods, ", version: v1.20.4-aliyun.1", "", 1), "source: [version]", `deny contains "old" if input.source.version.minor < 20
`)
	if result.Status != framework.Unknown {
		t.Errorf("%s: %s", result.Status, result.Reason)
	}
}

func TestTimeLimit(t *testing.T) {
	f, err := parse("test/rule.rego", ruleWith("each: pods", `deny contains "x" if {
	some i in numbers.range(1, 100000)
	some j in numbers.range(1, 100000)
	i + j == count(input.object.kind) - 100
}
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPolicy(&file{"test/rule.rego", f})
	if err != nil {
		t.Fatal(err)
	}
	p.limit = 20 * time.Millisecond
	if err := compile([]*policy{p}, []*file{p.file}); err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, []*framework.Check{p.check}, twoPods)
	result, _ := framework.ApplyOne(t.Context(), p.check, framework.Input{Source: s, Target: s})
	if want := `Pod "shop/one": evaluate test/rule.rego: it was not done after 22ms`; result.Status != framework.Unknown || result.Reason != want {
		t.Errorf("%s: %s (want %s)", result.Status, result.Reason, want)
	}
}

func TestCancelledRunIsUnknown(t *testing.T) {
	checks, err := Load(one(ruleWith("each: pods", "deny contains \"x\" if input.object.spec\n")))
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, checks, twoPods)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := checks[0].Run(ctx, &framework.Pass{Check: checks[0], Source: s, Target: s}); err == nil {
		t.Error("no error after the context was cancelled")
	}
}

// TestPrintIsSilent: print serves the tests of a policy, never a run.
func TestPrintIsSilent(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	result := evaluate(t, twoPods, "each: pods", `deny contains "x" if {
	print("seen", input.object)
	input.object.spec
}
`)
	os.Stdout, os.Stderr = stdout, stderr
	_ = w.Close()
	printed, err := io.ReadAll(r)
	if err != nil || len(printed) > 0 || len(result.Findings) != 2 {
		t.Errorf("printed %q, %d findings, %v", printed, len(result.Findings), err)
	}
}

func TestParamsAreReplaced(t *testing.T) {
	checks, err := Load(one(ruleWith("each: pods\n#   params: {name: one}", "deny contains \"x\" if input.object.metadata.name == input.params.name\n")))
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, checks, twoPods)
	in := framework.Input{Source: s, Target: s, Params: map[string]any{"test/rule": struct {
		Name string `json:"name"`
	}{"two"}}}
	result, _ := framework.ApplyOne(t.Context(), checks[0], in)
	if got, want := lines(result), []string{"warning source Pod shop/two : x map[]"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSnapshotStaysAsItIs(t *testing.T) {
	checks, err := Load(one(ruleWith("each: widgets.example.org\n#   source: [pods]",
		"deny contains \"x\" if { input.object.metadata.namespace == \"\"; count(input.source.pods) == 2 }\n")))
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, checks, twoPods)
	before, err := s.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	result, _ := framework.ApplyOne(t.Context(), checks[0], framework.Input{Source: s, Target: s})
	after, err := s.Fingerprint()
	if err != nil || before != after || len(result.Findings) != 1 {
		t.Errorf("%d findings, the snapshot changed: %t, %v", len(result.Findings), before != after, err)
	}
}

// BenchmarkEach is a typical rule over 1,000 workloads behind 1,000 Services.
func BenchmarkEach(b *testing.B) {
	var manifests strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&manifests, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-%[1]d, namespace: ns-%[2]d, labels: {app: web-%[1]d}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web-%[1]d}}
  template:
    metadata: {labels: {app: web-%[1]d, tier: front}, annotations: {a: b}}
    spec:
      containers:
      - name: web
        image: example.org/web:%[1]d
        env: [{name: A, value: b}, {name: C, value: d}]
        ports: [{name: http, containerPort: 8080}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
        volumeMounts: [{name: tmp, mountPath: /tmp}]
        livenessProbe: {httpGet: {path: /, port: http}}
      - {name: sidecar, image: example.org/sidecar:1}
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web-%[1]d, namespace: ns-%[2]d}
spec: {type: LoadBalancer, selector: {app: web-%[1]d, tier: front}, ports: [{port: 80, targetPort: http}]}
`, i, i%25)
	}
	checks, err := Load(fstest.MapFS{"test/rule.rego": {Data: []byte(ruleWith("each: workloads", `deny contains message if {
	some service in input.object.services
	some container in input.object.template.spec.containers
	some port in container.ports
	port.name == service.ports[_].targetPort
	not container.readinessProbe
	message := sprintf("container %q is unprobed behind %q", [container.name, service.name])
}
`))}})
	if err != nil {
		b.Fatal(err)
	}
	s := snapshot(b, checks, manifests.String())
	b.ReportAllocs()
	for b.Loop() {
		result, _ := framework.ApplyOne(b.Context(), checks[0], framework.Input{Source: s, Target: s})
		if len(result.Findings) != 1000 {
			b.Fatalf("%d findings: %s", len(result.Findings), result.Reason)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/object")
}

// BenchmarkLoad is what a start pays for one policy.
func BenchmarkLoad(b *testing.B) {
	fsys := one(ruleWith("each: pods", "deny contains \"x\" if input.object.spec\n"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(fsys); err != nil {
			b.Fatal(err)
		}
	}
}
