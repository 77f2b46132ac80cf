package placement

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Renamed tells what became of a label.
type Renamed struct {
	// Successor is the label that carries the same values.
	Successor string
	// Since is the Kubernetes version that deprecated the old name.
	Since string
}

// Successor looks a label up among those that Kubernetes renamed.
//
// Being renamed is not being gone: at v1.37.2 the kubelet still sets
// beta.kubernetes.io/os and arch (pkg/kubelet/kubelet_node_status.go), and the
// cloud node controller still sets the old zone, region and instance type
// (cloud-provider/controllers/node/node_controller.go), on nodes that have a
// cloud provider which reports them. Only the target's nodes tell.
//
// Sources: deprecatedNodeLabels in pkg/api/node/util.go of Kubernetes v1.37.2;
// for node-role.kubernetes.io/master KEP-2067 (deprecated in 1.20, kubeadm
// stopped setting it and removes it on upgrade in 1.24); for the labels ending
// in -ready the urgent upgrade notes of Kubernetes 1.16 ("no longer added on
// new nodes"); for exclude-balancer pkg/controller/service of Kubernetes 1.16.
func Successor(label string) (Renamed, bool) {
	switch label {
	case "beta.kubernetes.io/arch":
		return Renamed{"kubernetes.io/arch", "1.14"}, true
	case "beta.kubernetes.io/os":
		return Renamed{"kubernetes.io/os", "1.14"}, true
	case "beta.kubernetes.io/instance-type":
		return Renamed{"node.kubernetes.io/instance-type", "1.17"}, true
	case "failure-domain.beta.kubernetes.io/region":
		return Renamed{"topology.kubernetes.io/region", "1.17"}, true
	case "failure-domain.beta.kubernetes.io/zone":
		return Renamed{"topology.kubernetes.io/zone", "1.17"}, true
	case "node-role.kubernetes.io/master":
		return Renamed{"node-role.kubernetes.io/control-plane", "1.20"}, true
	case "beta.kubernetes.io/kube-proxy-ds-ready":
		return Renamed{"node.kubernetes.io/kube-proxy-ds-ready", "1.16"}, true
	case "beta.kubernetes.io/masq-agent-ds-ready":
		return Renamed{"node.kubernetes.io/masq-agent-ds-ready", "1.16"}, true
	case "beta.kubernetes.io/metadata-proxy-ready":
		return Renamed{"cloud.google.com/metadata-proxy-ready", "1.16"}, true
	case "alpha.service-controller.kubernetes.io/exclude-balancer":
		return Renamed{"node.kubernetes.io/exclude-from-external-load-balancers", "1.16"}, true
	}
	return Renamed{}, false
}

// Setter is a product that sets labels on the nodes it runs or drives.
type Setter struct {
	Name string
	// AddOn is true for what can be installed in a cluster of any provider, or
	// of the provider whose disks it drives; a platform cannot.
	AddOn bool
}

// setters are the prefixes of labels that a product sets on its nodes.
var setters = []struct {
	prefix string
	by     Setter
}{
	{"topology.ebs.csi.aws.com/", Setter{"the CSI driver of AWS EBS", true}},
	{"topology.disk.csi.azure.com/", Setter{"the CSI driver of Azure Disk", true}},
	{"topology.gke.io/", Setter{"the CSI driver of Google Persistent Disk", true}},
	{"topology.diskplugin.csi.alibabacloud.com/", Setter{"the CSI driver of Alibaba Cloud disks", true}},
	{"topology.cinder.csi.openstack.org/", Setter{"the CSI driver of OpenStack Cinder", true}},
	{"topology.csi.vmware.com/", Setter{"the CSI driver of vSphere", true}},
	{"topology.rook.io/", Setter{"Rook", true}},
	{"eks.amazonaws.com/", Setter{Name: "Amazon EKS"}},
	{"alpha.eksctl.io/", Setter{Name: "eksctl"}},
	{"karpenter.sh/", Setter{"Karpenter", true}},
	{"karpenter.k8s.aws/", Setter{"Karpenter", true}},
	{"cloud.google.com/", Setter{Name: "Google Kubernetes Engine"}},
	{"kubernetes.azure.com/", Setter{Name: "Azure Kubernetes Service"}},
	{"alibabacloud.com/", Setter{Name: "Alibaba Cloud Container Service"}},
	{"node.alibabacloud.com/", Setter{Name: "Alibaba Cloud Container Service"}},
	{"doks.digitalocean.com/", Setter{Name: "DigitalOcean Kubernetes"}},
	{"feature.node.kubernetes.io/", Setter{"Node Feature Discovery", true}},
	{"nvidia.com/", Setter{"the NVIDIA GPU operator", true}},
}

// SetBy finds the product that sets a label; its name is empty when none is
// known. Such a label has no counterpart that could be named here: what it
// says (a node pool, the zone of a disk driver) is said in another way, or not
// at all, where the product is not in use.
func SetBy(label string) Setter {
	for _, s := range setters {
		if strings.HasPrefix(label, s.prefix) {
			return s.by
		}
	}
	return Setter{}
}

// PoolID reports whether the label holds the ID of a node pool, which whoever
// runs the cluster makes up and which is new in every cluster
// (alibabacloud.com/nodepool-id, doks.digitalocean.com/node-pool-id).
func PoolID(label string) bool {
	return strings.HasSuffix(label, "/nodepool-id") || strings.HasSuffix(label, "/node-pool-id")
}

// Described reports whether the label, under its present or its old name, says
// what a node is, so that writing it onto a node of another sort is a lie: the
// kubelet and the cloud provider set it
// (https://kubernetes.io/docs/reference/labels-annotations-taints/).
func Described(label string) bool {
	if s, ok := Successor(label); ok {
		label = s.Successor
	}
	switch label {
	case corev1.LabelOSStable, corev1.LabelArchStable, corev1.LabelWindowsBuild, corev1.LabelInstanceTypeStable,
		corev1.LabelTopologyZone, corev1.LabelTopologyRegion:
		return true
	}
	return false
}

// ControlPlane reports whether the label marks the nodes of the control plane,
// under its present or its old name.
func ControlPlane(label string) bool {
	return label == "node-role.kubernetes.io/control-plane" || label == "node-role.kubernetes.io/master"
}
