package cluster

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// slimPod is a pod of a live cluster in a tenth of its memory: what it has in
// common with the other pods of its controller, and what it has alone. Nobody
// outside of this package sees one: it becomes a pod whenever it is looked at.
type slimPod struct {
	model                *corev1.Pod // of several pods, never modified
	name, node, ip, host string
	uid                  types.UID
	created              metav1.Time
	// labels differ since Kubernetes 1.35 writes the zone of the node into them.
	labels map[string]string
}

// namedObject is what sorting and finding need of an object.
type namedObject interface {
	GetNamespace() string
	GetName() string
}

// GetNamespace implements namedObject.
func (s *slimPod) GetNamespace() string { return s.model.Namespace }

// GetName implements namedObject.
func (s *slimPod) GetName() string { return s.name }

// GetObjectKind implements runtime.Object.
func (s *slimPod) GetObjectKind() schema.ObjectKind { return s.model.GetObjectKind() }

// DeepCopyObject implements runtime.Object.
func (s *slimPod) DeepCopyObject() runtime.Object { return s.pod().DeepCopy() }

// pod is the pod as it was read. Its parts are shared.
func (s *slimPod) pod() *corev1.Pod {
	p := *s.model
	p.Name, p.UID, p.CreationTimestamp, p.Labels = s.name, s.uid, s.created, s.labels
	p.Spec.NodeName, p.Status.PodIP, p.Status.HostIP = s.node, s.ip, s.host
	return &p
}

// slim takes a pod apart. Pods that a controller made one after the other share
// a model when they differ in nothing else.
func (c *collector) slim(p *corev1.Pod) *slimPod {
	s := &slimPod{
		name: p.Name, uid: p.UID, created: p.CreationTimestamp, labels: p.Labels,
		node: p.Spec.NodeName, ip: p.Status.PodIP, host: p.Status.HostIP,
	}
	p.Name, p.UID, p.CreationTimestamp, p.Labels = "", "", metav1.Time{}, nil
	p.Spec.NodeName, p.Status.PodIP, p.Status.HostIP = "", "", ""
	if c.model == nil || !reflect.DeepEqual(c.model, p) {
		c.model = p
	}
	s.model = c.model
	return s
}

// full is the object as everybody may see it.
func full(o runtime.Object) runtime.Object {
	if s, ok := o.(*slimPod); ok {
		return s.pod()
	}
	return o
}
