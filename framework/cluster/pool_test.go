package cluster

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// podOf is a pod as a controller makes them: pods of one owner differ in their
// name, node, address and the suffix of the injected volume.
func podOf(owner string, i int) *corev1.Pod {
	volume := fmt.Sprintf("kube-api-access-%05d", i)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: fmt.Sprintf("%s-%d", owner, i), UID: types.UID(fmt.Sprintf("%s-%d", owner, i)),
			Labels:          map[string]string{"app": owner},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: owner, UID: types.UID(owner), Controller: ptr.To(true)}},
		},
		Spec: corev1.PodSpec{
			NodeName: fmt.Sprintf("node-%d", i%7), Priority: ptr.To[int32](0),
			Volumes: []corev1.Volume{{Name: volume, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}},
			Containers: []corev1.Container{{
				Name: "app", Image: owner + ":1", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "s3cret"}},
				Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("100m")}},
				VolumeMounts: []corev1.VolumeMount{{Name: volume, MountPath: tokenPath}, {Name: "data", MountPath: "/data"}},
			}},
		},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: fmt.Sprintf("10.0.0.%d", i), PodIPs: []corev1.PodIP{{IP: fmt.Sprintf("10.0.0.%d", i)}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Unix(int64(i), 0)}},
		},
	}
}

func collectPods(pods ...*corev1.Pod) *collector {
	c := newCollector(Pods.spec, &APIResource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}, true, newPool())
	for _, p := range pods {
		c.add(p, position{})
	}
	return c
}

func TestPodsOfOneControllerAreKeptOnce(t *testing.T) {
	c := collectPods(podOf("cart", 1), podOf("cart", 2), podOf("search", 3))
	a, b, other := c.objects[0].(*slimPod), c.objects[1].(*slimPod), c.objects[2].(*slimPod)
	if a.model != b.model {
		t.Errorf("two pods of one controller are kept twice:\n%s", cmp.Diff(a.model, b.model))
	}
	if a.model == other.model {
		t.Error("pods of two controllers became one")
	}
	for i, s := range []*slimPod{a, b} {
		want := podOf("cart", i+1)
		got := s.pod()
		if got.Name != want.Name || got.UID != want.UID || got.Spec.NodeName != want.Spec.NodeName || got.Status.PodIP != want.Status.PodIP {
			t.Errorf("pod %d came back as %s on %s with %s", i, got.Name, got.Spec.NodeName, got.Status.PodIP)
		}
		if got.APIVersion != "v1" || got.Kind != "Pod" || got.Namespace != "shop" || got.Labels["app"] != "cart" {
			t.Errorf("pod %d lost what it shares: %v", i, got.ObjectMeta)
		}
	}
}

func TestPodsAreRedactedAndTrimmed(t *testing.T) {
	p := collectPods(podOf("cart", 1)).objects[0].(*slimPod).pod()
	container := p.Spec.Containers[0]
	if container.Env[0].Name != "PASSWORD" || container.Env[0].Value != "" {
		t.Errorf("environment %v, want the name alone", container.Env)
	}
	if len(p.Spec.Volumes) != 0 || len(container.VolumeMounts) != 1 || container.VolumeMounts[0].Name != "data" {
		t.Errorf("volumes %v, mounts %v, want those that a person wrote", p.Spec.Volumes, container.VolumeMounts)
	}
	if got := container.Resources.Requests.Cpu().String(); got != "100m" {
		t.Errorf("cpu request %s", got)
	}
	if c := p.Status.Conditions[0]; c.Type != corev1.PodReady || c.Status != corev1.ConditionTrue || !c.LastTransitionTime.IsZero() {
		t.Errorf("condition %v", c)
	}
}

func TestPoolSharesMapsAndKeepsDifferentOnesApart(t *testing.T) {
	p := newPool()
	a, b, c := map[string]string{"x": "1", "y": "2"}, map[string]string{"y": "2", "x": "1"}, map[string]string{"x": "2", "y": "1"}
	p.table(&a)
	p.table(&b)
	p.table(&c)
	a["x"] = "changed"
	if b["x"] != "changed" {
		t.Error("equal maps are kept twice")
	}
	if c["x"] != "2" || c["y"] != "1" {
		t.Errorf("a different map became %v", c)
	}
}
