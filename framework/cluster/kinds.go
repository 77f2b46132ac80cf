package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds that checks read in full. Which versions exist, and when they
// went: Kubernetes deprecated API migration guide.
var (
	Namespaces             = core[corev1.Namespace]("namespaces", "Namespace", clusterScoped)
	Nodes                  = core[corev1.Node]("nodes", "Node", clusterScoped, state, trimming(trimNode))
	Pods                   = core[corev1.Pod]("pods", "Pod", trimming(trimPod))
	Services               = core[corev1.Service]("services", "Service")
	ServiceAccounts        = core[corev1.ServiceAccount]("serviceaccounts", "ServiceAccount")
	PersistentVolumes      = core[corev1.PersistentVolume]("persistentvolumes", "PersistentVolume", clusterScoped)
	PersistentVolumeClaims = core[corev1.PersistentVolumeClaim]("persistentvolumeclaims", "PersistentVolumeClaim")
	ReplicationControllers = core[corev1.ReplicationController]("replicationcontrollers", "ReplicationController", trimming(trimTemplate))

	Deployments = kind[appsv1.Deployment]("apps", "v1", "deployments", "Deployment", trimming(trimTemplate),
		also("apps/v1beta2", nil), also("apps/v1beta1", defaultSelector), also("extensions/v1beta1", defaultSelector))
	StatefulSets = kind[appsv1.StatefulSet]("apps", "v1", "statefulsets", "StatefulSet", trimming(trimTemplate),
		also("apps/v1beta2", nil), also("apps/v1beta1", defaultSelector))
	DaemonSets = kind[appsv1.DaemonSet]("apps", "v1", "daemonsets", "DaemonSet", trimming(trimTemplate),
		also("apps/v1beta2", nil), also("extensions/v1beta1", defaultSelector))
	ReplicaSets = kind[appsv1.ReplicaSet]("apps", "v1", "replicasets", "ReplicaSet", trimming(trimTemplate), leavingOut(ofDeployment),
		also("apps/v1beta2", nil), also("extensions/v1beta1", defaultSelector))

	Jobs     = kind[batchv1.Job]("batch", "v1", "jobs", "Job", trimming(trimTemplate))
	CronJobs = kind[batchv1.CronJob]("batch", "v1", "cronjobs", "CronJob", trimming(trimTemplate),
		also("batch/v1beta1", nil), also("batch/v2alpha1", nil))

	PodDisruptionBudgets = kind[policyv1.PodDisruptionBudget]("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget",
		also("policy/v1beta1", upgradeDisruptionBudget))
	HorizontalPodAutoscalers = kind[autoscalingv2.HorizontalPodAutoscaler]("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler",
		also("autoscaling/v2beta2", nil), also("autoscaling/v2beta1", upgradeAutoscalerV2beta1), also("autoscaling/v1", upgradeAutoscalerV1))
	EndpointSlices = kind[discoveryv1.EndpointSlice]("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", state,
		also("discovery.k8s.io/v1beta1", upgradeEndpointSlice))

	Ingresses = kind[networkingv1.Ingress]("networking.k8s.io", "v1", "ingresses", "Ingress",
		also("networking.k8s.io/v1beta1", upgradeIngress), also("extensions/v1beta1", upgradeIngress))
	IngressClasses = kind[networkingv1.IngressClass]("networking.k8s.io", "v1", "ingressclasses", "IngressClass", clusterScoped,
		also("networking.k8s.io/v1beta1", nil))
	NetworkPolicies = kind[networkingv1.NetworkPolicy]("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy",
		also("extensions/v1beta1", nil))

	StorageClasses = kind[storagev1.StorageClass]("storage.k8s.io", "v1", "storageclasses", "StorageClass", clusterScoped,
		also("storage.k8s.io/v1beta1", nil))
	CSIDrivers = kind[storagev1.CSIDriver]("storage.k8s.io", "v1", "csidrivers", "CSIDriver", clusterScoped,
		also("storage.k8s.io/v1beta1", nil))
	PriorityClasses = kind[schedulingv1.PriorityClass]("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", clusterScoped,
		also("scheduling.k8s.io/v1beta1", nil), also("scheduling.k8s.io/v1alpha1", nil))
	RuntimeClasses = kind[nodev1.RuntimeClass]("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", clusterScoped,
		also("node.k8s.io/v1beta1", nil), also("node.k8s.io/v1alpha1", upgradeRuntimeClass))
)

// builtinSpecs are the specs of the kinds above.
var builtinSpecs = []*kindSpec{
	Namespaces.spec, Nodes.spec, Pods.spec, Services.spec, ServiceAccounts.spec, PersistentVolumes.spec,
	PersistentVolumeClaims.spec, ReplicationControllers.spec, Deployments.spec, StatefulSets.spec, DaemonSets.spec,
	ReplicaSets.spec, Jobs.spec, CronJobs.spec, PodDisruptionBudgets.spec, HorizontalPodAutoscalers.spec,
	EndpointSlices.spec, Ingresses.spec, IngressClasses.spec, NetworkPolicies.spec, StorageClasses.spec,
	CSIDrivers.spec, PriorityClasses.spec, RuntimeClasses.spec,
}

// builtin is the spec of a kind above, or nil.
func builtin(gr schema.GroupResource) *kindSpec {
	for _, s := range builtinSpecs {
		if s.gr == gr {
			return s
		}
	}
	return nil
}

type option func(*kindSpec)

func clusterScoped(s *kindSpec) { s.namespaced = false }
func state(s *kindSpec)         { s.state = true }

func trimming(trim func(runtime.Object)) option {
	return func(s *kindSpec) { s.trim = trim }
}

func leavingOut(leaveOut func(runtime.Object) bool) option {
	return func(s *kindSpec) { s.leaveOut = leaveOut }
}

func also(groupVersion string, upgrade func(map[string]any)) option {
	gv, err := schema.ParseGroupVersion(groupVersion)
	if err != nil {
		panic(err)
	}
	return func(s *kindSpec) { s.versions = append(s.versions, versionSpec{gv, upgrade}) }
}

func core[T any](resource, name string, options ...option) Kind[T] {
	return kind[T]("", "v1", resource, name, options...)
}

func kind[T any](group, version, resource, name string, options ...option) Kind[T] {
	s := &kindSpec{
		gr: schema.GroupResource{Group: group, Resource: resource}, kind: name, namespaced: true,
		versions: []versionSpec{{gv: schema.GroupVersion{Group: group, Version: version}}},
		new:      func() runtime.Object { return any(new(T)).(runtime.Object) },
	}
	for _, o := range options {
		o(s)
	}
	return Kind[T]{s}
}
