package traffic

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/kubectl/pkg/util/podutils"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// placements knows where the pods of one cluster are.
type placements struct {
	version cluster.Version
	nodes   map[string]*corev1.Node
	// pods that run on a node and are not being deleted, by each label that a
	// concerned Service selects: looking through the shortest of a selector's
	// lists keeps the time linear, however many pods share a namespace.
	pods map[label][]*corev1.Pod
}

// label is a label of the pods of a namespace.
type label struct{ namespace, key, value string }

func newPlacements(s *cluster.Snapshot) *placements {
	p := &placements{version: cluster.ServerVersion.Of(s), pods: map[label][]*corev1.Pod{}, nodes: map[string]*corev1.Node{}}
	for svc := range cluster.Services.In(s) {
		if exposed(svc) {
			for key, value := range svc.Spec.Selector {
				p.pods[label{svc.Namespace, key, value}] = nil
			}
		}
	}
	for pod := range cluster.Pods.In(s) {
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if pod.Spec.NodeName == "" || pod.DeletionTimestamp != nil || ended {
			continue
		}
		for key, value := range pod.Labels {
			l := label{pod.Namespace, key, value}
			if list, wanted := p.pods[l]; wanted {
				p.pods[l] = append(list, pod)
			}
		}
	}
	for node := range cluster.Nodes.In(s) {
		p.nodes[node.Name] = node
	}
	return p
}

// candidates are pods among which all those of a Service are.
func (p *placements) candidates(svc *corev1.Service) []*corev1.Pod {
	var shortest []*corev1.Pod
	first := true
	for key, value := range svc.Spec.Selector {
		list := p.pods[label{svc.Namespace, key, value}]
		if first || len(list) < len(shortest) {
			shortest, first = list, false
		}
	}
	return shortest
}

// spread says where the ready pods of a Service are.
type spread struct {
	// ready is the number of pods that are endpoints.
	ready int
	// perNode counts the endpoints on nodes that forward to them.
	perNode map[string]int
	// excluded counts the endpoints on nodes that load balancers leave out.
	excluded int
	// preStop is true when every endpoint has a preStop hook.
	preStop bool
}

// reachable is the number of endpoints that take traffic from outside.
func (s spread) reachable() int { return s.ready - s.excluded }

// of finds the endpoints of a Service; one without a selector has none here.
func (p *placements) of(svc *corev1.Service) spread {
	out := spread{perNode: map[string]int{}, preStop: true}
	selector := labels.SelectorFromSet(svc.Spec.Selector)
	for _, pod := range p.candidates(svc) {
		if !selector.Matches(labels.Set(pod.Labels)) || !svc.Spec.PublishNotReadyAddresses && !podutils.IsPodReady(pod) {
			continue
		}
		out.ready++
		out.preStop = out.preStop && slices.ContainsFunc(pod.Spec.Containers, hasPreStop)
		switch node := p.nodes[pod.Spec.NodeName]; {
		case node == nil:
			out.perNode[pod.Spec.NodeName]++
		case svc.Spec.Type == corev1.ServiceTypeLoadBalancer && p.excluded(node):
			out.excluded++
		case !virtual(node): // on those the pod itself is the backend
			out.perNode[pod.Spec.NodeName]++
		}
	}
	return out
}

// single are the names of the nodes with one endpoint, sorted.
func (s spread) single() []string {
	var out []string
	for _, name := range sortedKeys(s.perNode) {
		if s.perNode[name] == 1 {
			out = append(out, name)
		}
	}
	return out
}

// excluded reports whether load balancers leave the node out: by the label
// that has been stable since 1.21, by its alpha form, and before 1.21 by the
// role master (KEP-1143).
func (p *placements) excluded(node *corev1.Node) bool {
	has := func(label string) bool { _, ok := node.Labels[label]; return ok }
	return has(corev1.LabelNodeExcludeBalancers) ||
		has("alpha.service-controller.kubernetes.io/exclude-balancer") ||
		!p.version.AtLeast(21) && has("node-role.kubernetes.io/master")
}

// virtual reports whether the node stands for a service that runs pods without
// machines of the cluster (the label of virtual-kubelet).
func virtual(node *corev1.Node) bool { return node.Labels["type"] == "virtual-kubelet" }

func hasPreStop(c corev1.Container) bool { return c.Lifecycle != nil && c.Lifecycle.PreStop != nil }

// exposed reports whether traffic from outside reaches the Service through
// nodes.
func exposed(svc *corev1.Service) bool {
	return svc.Spec.Type == corev1.ServiceTypeLoadBalancer || svc.Spec.Type == corev1.ServiceTypeNodePort
}

// policyOf is the externalTrafficPolicy that the API server would fill in.
func policyOf(svc *corev1.Service) corev1.ServiceExternalTrafficPolicy {
	if svc.Spec.ExternalTrafficPolicy == "" {
		return corev1.ServiceExternalTrafficPolicyCluster
	}
	return svc.Spec.ExternalTrafficPolicy
}

// directAnnotations make the pods themselves the backends of a load balancer.
var directAnnotations = [][2]string{
	{"service.beta.kubernetes.io/backend-type", "eni"},                     // Alibaba Cloud
	{"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type", "ip"}, // AWS Load Balancer Controller
	{"service.beta.kubernetes.io/aws-load-balancer-type", "nlb-ip"},        // the same, before 2.2
	{"service.cloud.tencent.com/direct-access", "true"},                    // Tencent Cloud
}

// direct reports whether the load balancer sends to pods and not to nodes, so
// that the policy decides nothing.
func direct(svc *corev1.Service) bool {
	for _, a := range directAnnotations {
		if svc.Annotations[a[0]] == a[1] {
			return true
		}
	}
	if svc.Spec.Type == corev1.ServiceTypeLoadBalancer {
		return svc.Spec.AllocateLoadBalancerNodePorts != nil && !*svc.Spec.AllocateLoadBalancerNodePorts
	}
	return networkEndpointGroup(svc)
}

// networkEndpointGroup reports whether an Ingress of GKE sends to the pods of
// the Service (container-native load balancing). GKE writes the annotation to
// Services of type LoadBalancer too, where it means nothing.
func networkEndpointGroup(svc *corev1.Service) bool {
	var neg struct {
		Ingress bool `json:"ingress"`
	}
	return json.Unmarshal([]byte(svc.Annotations["cloud.google.com/neg"]), &neg) == nil && neg.Ingress
}
