package scheduling

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// BenchmarkNodeLabels judges 20,000 workloads on 500 nodes, with findings for
// one in four. It is to stay well below 0.3 seconds.
func BenchmarkNodeLabels(b *testing.B) {
	const nodes, workloads = 500, 20_000
	header := "apiVersion: precheck.dev/v1alpha1\nkind: Snapshot\nversion: v1.37.2\n"
	var source, target strings.Builder
	source.WriteString(header)
	target.WriteString(header)
	for i := range nodes {
		fmt.Fprintf(&target, "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: node-%d\n  labels: {kubernetes.io/os: linux, kubernetes.io/hostname: node-%d, topology.kubernetes.io/zone: zone-%d}\n", i, i, i%3)
		fmt.Fprintf(&source, "---\napiVersion: v1\nkind: Node\nmetadata:\n  name: old-%d\n  labels: {kubernetes.io/os: linux, failure-domain.beta.kubernetes.io/zone: zone-%d}\n", i, i%3)
	}
	for i := range workloads {
		zone := "kubernetes.io/os: linux"
		if i%4 == 0 {
			zone = fmt.Sprintf("failure-domain.beta.kubernetes.io/zone: zone-%d", i%3)
		}
		fmt.Fprintf(&source, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%d, namespace: ns-%d}
spec:
  replicas: 3
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      nodeSelector: {%s}
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway}]
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In, values: [linux]}, {key: group, operator: NotIn, values: [g%d]}]}]
      containers: [{name: app, image: app}]
`, i, i%100, zone, i%50)
	}
	in := framework.Input{
		Source: snapshot(b, source.String(), NodeLabels.Source), Target: snapshot(b, target.String(), NodeLabels.Target),
		Now: time.Unix(0, 0),
	}
	b.ReportAllocs()
	for b.Loop() {
		result, _ := framework.ApplyOne(b.Context(), NodeLabels, in)
		if len(result.Findings) != workloads/4 {
			b.Fatalf("%d findings, want %d: %s", len(result.Findings), workloads/4, result.Reason)
		}
	}
}

func snapshot(b *testing.B, text string, resources []cluster.Resource) *cluster.Snapshot {
	b.Helper()
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	s, err := cluster.Directory{Path: dir}.Read(b.Context(), resources)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
