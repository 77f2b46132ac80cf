package cluster

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// liveSnapshot is one as the live reader makes it: pods share a model, objects
// are read in another version than they are listed in, some have no row, and
// most rows have no object.
func liveSnapshot(resources []Resource) *Snapshot {
	served := []APIResource{
		{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Verbs: []string{"get", "list"}},
		{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true, Verbs: []string{"list"}},
		{Group: "autoscaling", Version: "v1", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true, Verbs: []string{"list"}},
		{Group: "flowcontrol.apiserver.k8s.io", Version: "v1beta2", Resource: "flowschemas", Kind: "FlowSchema", Verbs: []string{"list"}},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles", Kind: "ClusterRole", Verbs: []string{"list"}},
		{Version: "v1", Resource: "endpoints", Kind: "Endpoints", Namespaced: true, Verbs: []string{"list"}},
	}
	b := newBuilder(Identity{Origin: FromCluster, Server: "https://a", Version: mustVersion("v1.24.1"), UID: "u", TakenAt: testNow})
	failed := map[schema.GroupVersion]string{{Group: "metrics.k8s.io", Version: "v1beta1"}: "503"}
	b.snapshot.api = NewAPISurface(served, map[string]string{"autoscaling": "v1"}, failed)
	b.gap(Gap{Resource: API.String(), Partial: true, Reason: "metrics.k8s.io/v1beta1: 503"})

	for i := range b.snapshot.api.Resources {
		r := &b.snapshot.api.Resources[i]
		switch r.Kind {
		case "Pod":
			c := newCollector(Pods.spec, r, true, b.pool)
			for n := range 3 {
				c.add(livePod(n), position{})
			}
			b.take(Pods.String(), c)
		case "Deployment":
			c := newCollector(Deployments.spec, r, false, b.pool)
			c.add(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", UID: "d-1"}}, position{})
			b.take(Deployments.String(), c)
		case "HorizontalPodAutoscaler":
			c := newCollector(HorizontalPodAutoscalers.spec, r, true, b.pool)
			c.readAs = schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: r.Kind}
			c.add(&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}, position{})
			b.take(HorizontalPodAutoscalers.String(), c)
		default:
			c := newCollector(nil, r, true, b.pool)
			for _, o := range liveMetadata(r.Kind) {
				c.add(o, position{})
			}
			b.take(schema.GroupResource{Group: r.Group, Resource: r.Resource}.String(), c)
		}
	}
	for _, p := range partsOf(resources) {
		b.snapshot.read = append(b.snapshot.read, p.name)
	}
	return b.finish()
}

func mustVersion(text string) Version {
	v, err := ParseVersion(text)
	if err != nil {
		panic(err)
	}
	return v
}

func livePod(n int) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: fmt.Sprintf("web-%d", n), Labels: map[string]string{"app": "web"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "r-1", Controller: &yes}},
			ManagedFields:   []metav1.ManagedFieldsEntry{{Manager: "kubelet", Operation: "Update", APIVersion: "v1", Time: &metav1.Time{Time: testNow}}},
		},
		Spec: corev1.PodSpec{NodeName: fmt.Sprintf("node-%d", n), Containers: []corev1.Container{{Name: "web", Image: "web"}}},
	}
}

// liveMetadata are objects that a cluster makes by itself and ones that it does
// not, as far as metadata tell.
func liveMetadata(kind string) []Object {
	names := map[string]map[string]map[string]map[string]string{
		"FlowSchema": {
			"exempt":       {"annotations": {"apf.kubernetes.io/autoupdate-spec": "false"}}, // taken over
			"probes":       nil,                                                             // an old cluster's
			"mine":         nil,
			"by-the-label": {"annotations": {"apf.kubernetes.io/autoupdate-spec": "true"}},
		},
		"ClusterRole": {
			"view": {"labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
			"mine": {"annotations": {corev1.LastAppliedConfigAnnotation: `{"apiVersion":"rbac.authorization.k8s.io/v1beta1","kind":"ClusterRole"}`}},
		},
		"Endpoints": {"lock": {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}, "mine": nil},
	}
	var out []Object
	for name, with := range names[kind] {
		out = append(out, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: with["labels"], Annotations: with["annotations"],
		}})
	}
	return out
}

func TestSaveOfLiveSnapshot(t *testing.T) {
	all := []Resource{API, Inventory, ServerVersion, UID, Pods, Deployments, HorizontalPodAutoscalers}
	s := liveSnapshot(all)
	if _, slim := s.objects[Pods.String()][0].(*slimPod); !slim || len(s.rows) != 12 {
		t.Fatalf("%d rows, and the pods are slim: %t", len(s.rows), slim)
	}
	generated := 0
	for _, r := range s.rows {
		if r.Generated {
			generated++
		}
	}
	if generated != 4 {
		t.Errorf("%d rows of generated objects, want 4", generated)
	}
	roundTrip(t, s, all)
}
