package policy

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/precheck-dev/precheck/framework/cluster"
)

func TestSelects(t *testing.T) {
	set := &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Ordinals: &appsv1.StatefulSetOrdinals{Start: 2}}}
	for _, c := range []struct {
		kind     string
		object   cluster.Object
		selector map[string]string
		want     bool
	}{
		{"StatefulSet", set, map[string]string{"app": "db"}, true},
		{"StatefulSet", set, map[string]string{"app": "web"}, false},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-2"}, true},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-4"}, true},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-1"}, false},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-5"}, false},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-02"}, false},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "db-2"}, false},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my"}, false},
		{"StatefulSet", set, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-2", "app": "web"}, false},
		{"StatefulSet", set, map[string]string{"apps.kubernetes.io/pod-index": "3"}, true},
		{"StatefulSet", set, map[string]string{"apps.kubernetes.io/pod-index": "0"}, false},
		{"StatefulSet", set, map[string]string{"controller-revision-hash": "x", "app": "db"}, true},
		{"StatefulSet", set, map[string]string{"pod-template-hash": "x"}, false},
		{"Deployment", &appsv1.Deployment{}, map[string]string{"pod-template-hash": "x", "app": "db"}, true},
		{"Deployment", &appsv1.Deployment{}, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-2"}, false},
		{"DaemonSet", &appsv1.DaemonSet{}, map[string]string{"controller-revision-hash": "x"}, true},
		{"DaemonSet", &appsv1.DaemonSet{}, map[string]string{"pod-template-generation": "1"}, true},
		{"Job", &batchv1.Job{}, map[string]string{"job-name": "my-db"}, true},
		{"Job", &batchv1.Job{}, map[string]string{"batch.kubernetes.io/job-name": "other"}, false},
		{"CronJob", &batchv1.CronJob{}, map[string]string{"job-name": "my-db-123"}, true},
		{"Pod", &corev1.Pod{}, map[string]string{"statefulset.kubernetes.io/pod-name": "my-db-2"}, false},
	} {
		c.object.SetName("my-db")
		c.object.GetObjectKind().SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(c.kind))
		w := cluster.Workload{Object: c.object, Replicas: 3, Template: &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "db"}}}}
		if got := selects(c.selector, w); got != c.want {
			t.Errorf("a Service for %v selects pods of the %s: %t, want %t", c.selector, c.kind, got, c.want)
		}
	}
}
