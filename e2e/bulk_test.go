package e2e

import (
	"testing"

	"github.com/precheck-dev/precheck/e2e/internal/build"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// TestBulk fills a cluster as the benchmark does, with a hundredth of the
// objects.
func TestBulk(t *testing.T) {
	t.Parallel()
	c := kube.Run(t, kube.Options{Version: build.Source})
	config, err := c.AdminConfig()
	if err != nil {
		t.Fatal(err)
	}
	sizes := load.Standard.Scale(365)
	if err := load.Bulk(t.Context(), config, sizes); err != nil {
		t.Fatal(err)
	}
	checkPods(t, kubernetes.NewForConfigOrDie(config), map[string]int{"team-000": 4, "team-039": 4})
	nodes, err := kubernetes.NewForConfigOrDie(config).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes.Items) != sizes.Nodes {
		t.Errorf("cluster has %d nodes, want %d", len(nodes.Items), sizes.Nodes)
	}
	for _, node := range nodes.Items {
		if len(node.Spec.Taints) > 0 || len(node.Status.Images) == 0 {
			t.Errorf("node %s has taints %v and %d images, want none and some", node.Name, node.Spec.Taints, len(node.Status.Images))
		}
	}
	events, err := c.Audit(func(kube.Event) bool { return true })
	if err != nil || len(events) > 0 {
		t.Errorf("audit log holds %d events (%v), want none of the loader", len(events), err)
	}
}
