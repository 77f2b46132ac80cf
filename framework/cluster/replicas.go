package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func replicasOf(o runtime.Object) int32 {
	switch w := o.(type) {
	case *appsv1.Deployment:
		return orOne(w.Spec.Replicas)
	case *appsv1.StatefulSet:
		return orOne(w.Spec.Replicas)
	case *appsv1.ReplicaSet:
		return orOne(w.Spec.Replicas)
	case *corev1.ReplicationController:
		return orOne(w.Spec.Replicas)
	case *corev1.Pod:
		return 1
	}
	return -1
}

func orOne(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}
