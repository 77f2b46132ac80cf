package cluster

import (
	"iter"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Workload is something that makes pods and that a person wrote: a controller
// that no other controller here stands above, or a pod without a controller.
type Workload struct {
	Object Object
	// Template of its pods; for a pod, its own metadata and spec. Shared.
	Template *corev1.PodTemplateSpec
	// Path leads to the template, with a dot at its end: "spec.template.", for a
	// CronJob "spec.jobTemplate.spec.template."; empty for a pod.
	Path string
	// Replicas wanted; 1 for a pod, -1 where it depends on nodes or time
	// (DaemonSet, Job, CronJob).
	Replicas int32
}

// Workloads are all workloads of a cluster.
//
// A ReplicaSet of a Deployment and a Job of a CronJob are not listed, because
// their owner is. A pod whose controller is of a kind that is not read here
// (an operator's own) stands for its controller's pods: the first one by name
// is listed.
var Workloads = workloads{}

type workloads struct{}

var workloadKinds = []Resource{
	Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, CronJobs, Jobs, Pods,
}

// String implements Resource.
func (workloads) String() string { return "workloads" }

func (workloads) parts() []part { return partsOf(workloadKinds) }

// Kinds are the resources that Workloads is made of.
func (workloads) Kinds() []Resource { return workloadKinds }

// In yields the workloads by kind (controllers first, pods last), namespace
// and name.
func (workloads) In(s *Snapshot) iter.Seq[Workload] {
	return func(yield func(Workload) bool) {
		seen := map[string]bool{}
		for _, r := range workloadKinds {
			for _, o := range s.objectsOf(r.String()) {
				if pod, ok := o.(*slimPod); ok && pod.known(seen) {
					continue
				}
				w, ok := workloadOf(full(o), seen)
				if ok && !yield(w) {
					return
				}
			}
		}
	}
}

// known reports whether the pod belongs to a workload that is listed already,
// without making the whole pod: there are many of them.
func (s *slimPod) known(seen map[string]bool) bool {
	owner := metav1.GetControllerOfNoCopy(s.model)
	return owner != nil && (readHere(owner) || seen[string(owner.UID)])
}

func workloadOf(o runtime.Object, seen map[string]bool) (Workload, bool) {
	object := o.(Object)
	owner := metav1.GetControllerOfNoCopy(object)
	w := Workload{Object: object, Replicas: replicasOf(o)}
	if pod, ok := o.(*corev1.Pod); ok {
		w.Template = &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels, Annotations: pod.Annotations}, Spec: pod.Spec}
		if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			return w, false
		}
		if owner == nil {
			return w, pod.Annotations[corev1.MirrorPodAnnotationKey] == ""
		}
		if readHere(owner) || owner.Kind == "Node" || seen[string(owner.UID)] {
			return w, false
		}
		seen[string(owner.UID)] = true
		return w, true
	}
	if owner != nil && readHere(owner) {
		return w, false
	}
	w.Template, w.Path = templateOf(o), "spec.template."
	if _, ok := o.(*batchv1.CronJob); ok {
		w.Path = "spec.jobTemplate.spec.template."
	}
	return w, w.Template != nil
}

// owningKinds are the kinds of workloads that can own pods or other workloads,
// in all their versions.
var owningKinds = func() map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, r := range workloadKinds {
		spec := r.parts()[0].kind
		for _, v := range spec.versions {
			out[[2]string{v.gv.String(), spec.kind}] = true
		}
	}
	return out
}()

// readHere reports whether the controller is itself among the workloads.
func readHere(owner *metav1.OwnerReference) bool {
	return owningKinds[[2]string{owner.APIVersion, owner.Kind}]
}
