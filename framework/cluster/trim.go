package cluster

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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
	dropTokenVolume(&p.Spec)
	status := &p.Status
	for _, list := range [][]corev1.ContainerStatus{status.ContainerStatuses, status.InitContainerStatuses} {
		for i, c := range list {
			list[i] = corev1.ContainerStatus{Name: c.Name, Ready: c.Ready, RestartCount: c.RestartCount, State: reducedState(c.State)}
		}
	}
	for i, c := range status.Conditions {
		status.Conditions[i] = corev1.PodCondition{Type: c.Type, Status: c.Status, Reason: c.Reason}
	}
	status.EphemeralContainerStatuses, status.HostIPs, status.StartTime = nil, nil, nil
	if len(status.PodIPs) == 1 {
		status.PodIPs = nil
	}
}

// reducedState keeps which state it is and why, not when and where.
func reducedState(s corev1.ContainerState) corev1.ContainerState {
	switch {
	case s.Waiting != nil:
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: s.Waiting.Reason}}
	case s.Terminated != nil:
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: s.Terminated.Reason, ExitCode: s.Terminated.ExitCode}}
	case s.Running != nil:
		return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	}
	return s
}

// tokenPath is where the ServiceAccount admission plugin mounts the token.
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// dropTokenVolume takes back what the ServiceAccount admission plugin adds to
// a pod: the target adds its own, and without it the containers of a pod equal
// those of its template. The volume is projected and called kube-api-access-*
// since 1.21, before that it is a secret called *-token-*.
func dropTokenVolume(spec *corev1.PodSpec) {
	injected := func(v corev1.Volume) bool {
		return v.Projected != nil && strings.HasPrefix(v.Name, "kube-api-access-") ||
			v.Secret != nil && v.Secret.SecretName == v.Name && strings.Contains(v.Name, "-token-")
	}
	gone := map[string]bool{}
	spec.Volumes = slices.DeleteFunc(spec.Volumes, func(v corev1.Volume) bool {
		gone[v.Name] = injected(v)
		return gone[v.Name]
	})
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			list[i].VolumeMounts = slices.DeleteFunc(list[i].VolumeMounts, func(m corev1.VolumeMount) bool {
				return m.MountPath == tokenPath && gone[m.Name]
			})
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

// ofDeployment reports whether a Deployment owns the ReplicaSet: what it says
// is in the Deployment, and there are many.
func ofDeployment(o runtime.Object) bool {
	c := metav1.GetControllerOfNoCopy(o.(metav1.Object))
	return c != nil && c.Kind == "Deployment"
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
