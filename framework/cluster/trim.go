package cluster

import (
	"maps"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// trimMeta drops the metadata that the Inventory holds the essence of.
func trimMeta(o metav1.Object) {
	o.SetManagedFields(nil)
	o.SetSelfLink("")
	o.SetResourceVersion("")
	if a := o.GetAnnotations(); a[corev1.LastAppliedConfigAnnotation] != "" {
		delete(a, corev1.LastAppliedConfigAnnotation)
		o.SetAnnotations(a)
	}
}

// trimSpec redacts a pod spec in place: literal values of environment
// variables go, whoever wrote secrets into them.
func trimSpec(spec *corev1.PodSpec) {
	for i := range spec.InitContainers {
		redactEnv(spec.InitContainers[i].Env)
	}
	for i := range spec.Containers {
		redactEnv(spec.Containers[i].Env)
	}
	for i := range spec.EphemeralContainers {
		redactEnv(spec.EphemeralContainers[i].Env)
	}
}

func redactEnv(env []corev1.EnvVar) {
	for i := range env {
		env[i].Value = ""
	}
}

func trimPod(o runtime.Object) {
	p := o.(*corev1.Pod)
	trimSpec(&p.Spec)
	stableTokenVolume(&p.Spec)
	for _, list := range [][]corev1.ContainerStatus{p.Status.ContainerStatuses, p.Status.InitContainerStatuses} {
		for i, c := range list {
			list[i] = corev1.ContainerStatus{Name: c.Name, Ready: c.Ready, RestartCount: c.RestartCount, State: reducedState(c.State)}
		}
	}
	p.Status.EphemeralContainerStatuses = nil
}

// reducedState keeps which state it is and why, not when and where.
func reducedState(s corev1.ContainerState) corev1.ContainerState {
	switch {
	case s.Waiting != nil:
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: s.Waiting.Reason}}
	case s.Terminated != nil:
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: s.Terminated.Reason, ExitCode: s.Terminated.ExitCode}}
	case s.Running != nil:
		return corev1.ContainerState{Running: &runningSomewhen}
	}
	return s
}

var runningSomewhen corev1.ContainerStateRunning // shared: holds nothing

// stableTokenVolume drops the random suffix that the ServiceAccount admission
// plugin gives its volume (kube-api-access-x7k2p), so that pods of one owner
// have equal specs.
func stableTokenVolume(spec *corev1.PodSpec) {
	const prefix = "kube-api-access"
	for i := range spec.Volumes {
		if strings.HasPrefix(spec.Volumes[i].Name, prefix+"-") && spec.Volumes[i].Projected != nil {
			spec.Volumes[i].Name = prefix
		}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			mounts := list[i].VolumeMounts
			for j := range mounts {
				if strings.HasPrefix(mounts[j].Name, prefix+"-") {
					mounts[j].Name = prefix
				}
			}
		}
	}
}

func trimNode(o runtime.Object) {
	n := o.(*corev1.Node)
	n.Status.Images, n.Status.VolumesAttached, n.Status.VolumesInUse = nil, nil, nil
}

func trimTemplate(o runtime.Object) {
	if t := templateOf(o); t != nil {
		trimSpec(&t.Spec)
	}
}

func trimReplicaSet(o runtime.Object) {
	rs := o.(*appsv1.ReplicaSet)
	if c := metav1.GetControllerOfNoCopy(rs); c != nil && c.Kind == "Deployment" {
		rs.Spec.Template = corev1.PodTemplateSpec{}
		return
	}
	trimSpec(&rs.Spec.Template.Spec)
}

// templateOf is the pod template of a workload, or nil.
func templateOf(o runtime.Object) *corev1.PodTemplateSpec {
	switch w := o.(type) {
	case *appsv1.Deployment:
		return &w.Spec.Template
	case *appsv1.StatefulSet:
		return &w.Spec.Template
	case *appsv1.DaemonSet:
		return &w.Spec.Template
	case *appsv1.ReplicaSet:
		return &w.Spec.Template
	case *corev1.ReplicationController:
		return w.Spec.Template
	case *batchv1.Job:
		return &w.Spec.Template
	case *batchv1.CronJob:
		return &w.Spec.JobTemplate.Spec.Template
	}
	return nil
}

// sharer lets equal parts of the objects of one owner be the same memory.
type sharer struct {
	texts map[string]string
	last  map[types.UID]*corev1.Pod
}

// text is the string, the same memory for equal strings.
func (s *sharer) text(t string) string {
	if known, ok := s.texts[t]; ok {
		return known
	}
	if s.texts == nil {
		s.texts, s.last = map[string]string{}, map[types.UID]*corev1.Pod{}
	}
	s.texts[t] = t
	return t
}

// object shares what a pod has in common with the last pod of its controller.
func (s *sharer) object(o runtime.Object) {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	owner := metav1.GetControllerOfNoCopy(p)
	if owner == nil {
		return
	}
	prev, ok := s.last[owner.UID]
	s.last[owner.UID] = p
	if !ok {
		return
	}
	sharePod(p, prev)
}

func sharePod(p, prev *corev1.Pod) {
	if maps.Equal(p.Labels, prev.Labels) {
		p.Labels = prev.Labels
	}
	if maps.Equal(p.Annotations, prev.Annotations) {
		p.Annotations = prev.Annotations
	}
	if maps.Equal(p.Spec.NodeSelector, prev.Spec.NodeSelector) {
		p.Spec.NodeSelector = prev.Spec.NodeSelector
	}
	shareValue(&p.OwnerReferences, prev.OwnerReferences)
	shareValue(&p.Spec.InitContainers, prev.Spec.InitContainers)
	shareValue(&p.Spec.Containers, prev.Spec.Containers)
	shareValue(&p.Spec.Volumes, prev.Spec.Volumes)
	shareValue(&p.Spec.Tolerations, prev.Spec.Tolerations)
	shareValue(&p.Spec.Affinity, prev.Spec.Affinity)
	shareValue(&p.Spec.TopologySpreadConstraints, prev.Spec.TopologySpreadConstraints)
	shareValue(&p.Spec.SecurityContext, prev.Spec.SecurityContext)
	shareValue(&p.Spec.ImagePullSecrets, prev.Spec.ImagePullSecrets)
	shareValue(&p.Status.ContainerStatuses, prev.Status.ContainerStatuses)
	shareValue(&p.Status.InitContainerStatuses, prev.Status.InitContainerStatuses)
}

func shareValue[T any](v *T, prev T) {
	if reflect.DeepEqual(*v, prev) {
		*v = prev
	}
}
