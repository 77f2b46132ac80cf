package cluster

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// generated reports whether the object comes into being on any cluster by
// itself, so that nothing is lost when it is not moved.
func generated(o metav1.Object, r *APIResource) bool {
	labels := o.GetLabels()
	switch r.Group + "/" + r.Kind {
	case "/Endpoints":
		return generatedEndpoints(o)
	case "discovery.k8s.io/EndpointSlice":
		// KEP-752; the API server makes the slice of its own Service.
		by := labels["endpointslice.kubernetes.io/managed-by"]
		return by == "endpointslice-controller.k8s.io" || by == "endpointslicemirroring-controller.k8s.io" || ofAPIServer(o)
	case "flowcontrol.apiserver.k8s.io/FlowSchema", "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration":
		return generatedFlowControl(o)
	case "apiregistration.k8s.io/APIService":
		return labels["kube-aggregator.kubernetes.io/automanaged"] != ""
	case "rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding":
		// RBAC documentation, "Auto-reconciliation".
		return labels["kubernetes.io/bootstrapping"] == "rbac-defaults"
	case "networking.k8s.io/IPAddress":
		// KEP-1880: allocated with the clusterIP of a Service.
		return labels["ipaddress.kubernetes.io/managed-by"] == "ipallocator.k8s.io"
	case "networking.k8s.io/ServiceCIDR":
		return o.GetName() == "kubernetes"
	case "scheduling.k8s.io/PriorityClass":
		return strings.HasPrefix(o.GetName(), "system-")
	case "coordination.k8s.io/Lease", "coordination.k8s.io/LeaseCandidate", "/Node", "/ComponentStatus", "storage.k8s.io/CSINode",
		"storage.k8s.io/VolumeAttachment", "storage.k8s.io/CSIStorageCapacity", "resource.k8s.io/ResourceSlice":
		return true
	}
	return false
}

// generatedEndpoints knows Endpoints by the label that their controller gives
// them since 1.33 (k8s.io/kubernetes pkg/controller/endpoint, LabelManagedBy),
// those of the API server, and those that are nothing but a lock of client-go's
// leader election. Of an older cluster only the selector of the Service tells
// who makes the Endpoints.
func generatedEndpoints(o metav1.Object) bool {
	return o.GetLabels()["endpoints.kubernetes.io/managed-by"] == "endpoint-controller" ||
		o.GetAnnotations()["control-plane.alpha.kubernetes.io/leader"] != "" || ofAPIServer(o)
}

// ofAPIServer reports whether the API server keeps the object for its own
// Service (k8s.io/kubernetes pkg/controlplane/reconcilers).
func ofAPIServer(o metav1.Object) bool {
	return o.GetNamespace() == metav1.NamespaceDefault && o.GetName() == "kubernetes"
}

// generatedFlowControl knows the mandatory and suggested configuration of API
// Priority and Fairness by its annotation, which came with 1.22, and before by
// its names (k8s.io/apiserver pkg/apis/flowcontrol/bootstrap). An annotation
// that says false means that somebody has taken the object over.
func generatedFlowControl(o metav1.Object) bool {
	if auto, ok := o.GetAnnotations()["apf.kubernetes.io/autoupdate-spec"]; ok {
		return auto == "true"
	}
	return slices.Contains([]string{
		"exempt", "catch-all", "global-default", "system", "leader-election", "workload-high", "workload-low",
		"probes", "system-nodes", "system-leader-election", "workload-leader-election", "endpoint-controller",
		"kube-controller-manager", "kube-scheduler", "kube-system-service-accounts", "service-accounts",
	}, o.GetName())
}
