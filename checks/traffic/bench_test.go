package traffic

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// BenchmarkLargeCluster runs each check over 4,000 Services and 16,000 pods in
// 100 namespaces on 500 nodes. Neither may take 0.3 s.
func BenchmarkLargeCluster(b *testing.B) {
	for _, check := range []*framework.Check{ExternalTrafficPolicy, KubeProxyMode} {
		b.Run(check.Domain()+"-"+check.ID[len(check.Domain())+1:], func(b *testing.B) {
			source := large(b, "v1.20.15", "iptables", check.Source)
			target := large(b, "v1.37.2", "nftables", check.Target)
			findings := 0
			for b.Loop() {
				result, _ := framework.ApplyOne(b.Context(), check, framework.Input{Source: source, Target: target, Now: checktest.Now})
				if result.Status != framework.Found {
					b.Fatalf("status %s: %s", result.Status, result.Reason)
				}
				findings = len(result.Findings)
			}
			b.ReportMetric(float64(findings), "findings")
		})
	}
}

// large is a cluster in which every Service has four ready pods on four nodes.
func large(b *testing.B, version, mode string, resources []cluster.Resource) *cluster.Snapshot {
	b.Helper()
	type object = map[string]any
	items := []object{{
		"apiVersion": "apps/v1", "kind": "DaemonSet",
		"metadata": object{"name": "kube-proxy", "namespace": "kube-system"},
		"spec": object{"template": object{"spec": object{"containers": []object{
			{"name": "kube-proxy", "command": []string{"kube-proxy", "--proxy-mode=" + mode}},
		}}}},
	}}
	for i := range 500 {
		items = append(items, object{"apiVersion": "v1", "kind": "Node", "metadata": object{"name": fmt.Sprintf("node-%d", i)}})
	}
	for i := range 4000 {
		namespace, name := fmt.Sprintf("team-%d", i%100), fmt.Sprintf("app-%d", i)
		kind := []string{"LoadBalancer", "NodePort"}[i%2]
		items = append(items, object{
			"apiVersion": "v1", "kind": "Service", "metadata": object{"namespace": namespace, "name": name},
			"spec": object{"type": kind, "externalTrafficPolicy": "Local", "selector": object{"app": name}, "ports": []object{{"port": 80}}},
		})
		for n := range 4 {
			items = append(items, object{
				"apiVersion": "v1", "kind": "Pod",
				"metadata": object{"namespace": namespace, "name": fmt.Sprintf("%s-%d", name, n), "labels": object{"app": name, "tier": "web"}},
				"spec":     object{"nodeName": fmt.Sprintf("node-%d", (i+n)%500), "containers": []object{{"name": "app"}}},
				"status":   object{"phase": "Running", "conditions": []object{{"type": "Ready", "status": "True"}}},
			})
		}
	}
	list, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		b.Fatal(err)
	}
	header := fmt.Sprintf(`{"apiVersion":"precheck.dev/v1alpha1","kind":"Snapshot","version":%q}`, version)
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cluster.json"), append([]byte(header+"\n"), list...), 0o600); err != nil {
		b.Fatal(err)
	}
	s, err := cluster.Directory{Path: dir, Now: checktest.Now}.Read(b.Context(), resources)
	if err != nil {
		b.Fatal(err)
	}
	return s
}
