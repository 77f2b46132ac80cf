package policies_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/policies"
)

// BenchmarkEach is every policy over 1,000 workloads behind 1,000 Services.
func BenchmarkEach(b *testing.B) {
	checks, err := policies.All()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range checks {
		b.Run(c.ID, func(b *testing.B) {
			in := framework.Input{Source: workloads(b, c.Source), Target: workloads(b, c.Target), Now: checktest.Now}
			b.ReportAllocs()
			for b.Loop() {
				if result, _ := framework.ApplyOne(b.Context(), c, in); result.Status == framework.Unknown {
					b.Fatal(result.Reason)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/object")
		})
	}
}

// BenchmarkAll is what a start pays.
func BenchmarkAll(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policies.All(); err != nil {
			b.Fatal(err)
		}
	}
}

// workloads are 1,000 Deployments, half of them with a probe and a preStop.
func workloads(b *testing.B, resources []cluster.Resource) *cluster.Snapshot {
	b.Helper()
	var text strings.Builder
	text.WriteString("{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.37.0}\n")
	for i := range 1000 {
		more := ""
		if i%2 == 0 {
			more = "readinessProbe: {httpGet: {port: http}}, lifecycle: {preStop: {exec: {command: [sh, -c, sleep 15]}}}, "
		}
		fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-%[1]d, namespace: ns-%[2]d, labels: {app: web-%[1]d}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web-%[1]d}}
  template:
    metadata: {labels: {app: web-%[1]d, tier: front}}
    spec:
      containers:
      - {name: web, image: "example.org/web:%[1]d", %[3]s ports: [{name: http, containerPort: 8080}], env: [{name: A}, {name: B}], resources: {requests: {cpu: 100m, memory: 64Mi}}}
      - {name: sidecar, image: "example.org/sidecar:1"}
---
apiVersion: v1
kind: Service
metadata: {name: web-%[1]d, namespace: ns-%[2]d}
spec: {type: LoadBalancer, selector: {app: web-%[1]d}, ports: [{port: 80, targetPort: http}]}
`, i, i%25, more)
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	s, err := cluster.Directory{Path: dir, Now: checktest.Now}.Read(b.Context(), resources)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
