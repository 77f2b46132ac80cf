package placement

import "strings"

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

// setters are the prefixes of labels that a product sets on its nodes.
var setters = []struct{ prefix, by string }{
	{"topology.ebs.csi.aws.com/", "the CSI driver of AWS EBS"},
	{"topology.disk.csi.azure.com/", "the CSI driver of Azure Disk"},
	{"topology.gke.io/", "the CSI driver of Google Persistent Disk"},
	{"topology.diskplugin.csi.alibabacloud.com/", "the CSI driver of Alibaba Cloud disks"},
	{"topology.cinder.csi.openstack.org/", "the CSI driver of OpenStack Cinder"},
	{"topology.csi.vmware.com/", "the CSI driver of vSphere"},
	{"topology.rook.io/", "Rook"},
	{"eks.amazonaws.com/", "Amazon EKS"},
	{"alpha.eksctl.io/", "eksctl"},
	{"karpenter.sh/", "Karpenter"},
	{"karpenter.k8s.aws/", "Karpenter"},
	{"cloud.google.com/", "Google Kubernetes Engine"},
	{"kubernetes.azure.com/", "Azure Kubernetes Service"},
	{"alibabacloud.com/", "Alibaba Cloud Container Service"},
	{"node.alibabacloud.com/", "Alibaba Cloud Container Service"},
	{"doks.digitalocean.com/", "DigitalOcean Kubernetes"},
	{"feature.node.kubernetes.io/", "Node Feature Discovery"},
	{"nvidia.com/", "the NVIDIA GPU operator"},
}

// SetBy names the product that sets a label on the nodes it runs or drives, or
// is empty. Such a label has no counterpart that could be named here: what it
// says (a node pool, the zone of a disk driver) is said in another way, or not
// at all, where the product is not in use.
func SetBy(label string) string {
	for _, s := range setters {
		if strings.HasPrefix(label, s.prefix) {
			return s.by
		}
	}
	return ""
}
