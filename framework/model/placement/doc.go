// Package placement tells which nodes a pod may land on, as far as labels and
// names of nodes decide it.
//
// Everything that a pod demands of a node is brought into the form of a node
// selector ([Requirement]) and judged by the code that the scheduler uses
// (k8s.io/component-helpers/scheduling/corev1/nodeaffinity): nodeSelector, node
// affinity and matchFields as they are, a topology key as "Exists", the allowed
// topologies of a storage class as "In". A pod fits a node when the node
// satisfies all of its requirements.
//
// Sources, all at Kubernetes v1.37.2: the scheduler's plugins NodeAffinity,
// NodeName, PodTopologySpread (a node without the key of a DoNotSchedule
// constraint is filtered out), InterPodAffinity (so is a node without the key
// of a required affinity, "also in case of self-affinity"; for a required
// anti-affinity such a node satisfies it) and VolumeBinding, and the DaemonSet
// controller, which asks the same code. Taints, resources and the conditions of
// nodes are not looked at: a node that is not ready still has its labels.
package placement
