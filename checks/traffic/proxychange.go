package traffic

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/kubeproxy"
)

// reportChange reports what a change of the mode means: for each Service that
// uses it, or once where every Service does. It returns false when there was
// nothing to report.
func reportChange(p *framework.Pass, c kubeproxy.Change, from, to proxy) bool {
	switch c {
	case kubeproxy.NodePortAddresses:
		return reportServices(p, opensNodePort, framework.Finding{
			Message: fmt.Sprintf("the node port answers on %s of a node of the source, and on %s of a node of the target",
				addresses(from.forwarding), addresses(to.forwarding)),
			Remedy: "Send clients to the primary address of a node, or set nodePortAddresses of the target's kube-proxy to what the source has.",
		})
	case kubeproxy.LoopbackNodePorts:
		return reportServices(p, opensNodePort, framework.Finding{
			Severity: framework.Info,
			Message:  "the node port answers on 127.0.0.1 on the source and not on the target",
			Remedy:   "Let programs on the nodes call the node's own address instead of 127.0.0.1.",
		})
	case kubeproxy.BoundAddresses:
		return reportBound(p)
	case kubeproxy.RefusedLocal:
		return reportServices(p, isLocalBalanced, framework.Finding{
			Message: "pods on nodes without a pod of the Service cannot call its load balancer's address on the target (ipvs before 1.24, externalTrafficPolicy Local)",
			Remedy:  "Let pods of the cluster call the Service by its name, or use externalTrafficPolicy Cluster.",
		})
	case kubeproxy.LostScheduler:
		reportScheduler(p, from, to)
	case kubeproxy.ShorterIdle:
		p.Report(framework.Finding{
			Cluster: framework.Target, Object: to.where,
			Message: fmt.Sprintf("a connection to a Service is forgotten after %s without traffic, and after %s on the source",
				to.forwarding.IdleTCP, from.forwarding.IdleTCP),
			Remedy:  "Let clients send TCP keepalives more often than that, or set ipvs.tcpTimeout of the target's kube-proxy.",
			Details: map[string]string{"idle": to.forwarding.IdleTCP.String()},
		})
	}
	return true
}

// reportServices reports the finding for every Service of the source that the
// change touches, and returns whether there is one.
func reportServices(p *framework.Pass, touches func(*corev1.Service) bool, f framework.Finding) bool {
	found := false
	for svc := range cluster.Services.In(p.Source) {
		if touches(svc) {
			f.Object = p.Source.Ref(svc)
			p.Report(f)
			found = true
		}
	}
	return found
}

// addresses puts the addresses that node ports answer on into words.
func addresses(f kubeproxy.Forwarding) string {
	switch f.NodePorts {
	case "all":
		return "all addresses"
	case "primary":
		return "the primary address"
	}
	return "the addresses " + f.NodePorts
}

// reportBound reports the Services whose addresses ipvs binds to the nodes, and
// returns whether there is one.
func reportBound(p *framework.Pass) bool {
	found := false
	nodes := nodeAddresses(p)
	for svc := range cluster.Services.In(p.Source) {
		bound := slices.Concat(balancerAddresses(svc), svc.Spec.ExternalIPs)
		if len(bound) == 0 || slices.ContainsFunc(svc.Spec.ExternalIPs, nodes.Has) {
			continue
		}
		p.Report(framework.Finding{
			Object:  p.Source.Ref(svc),
			Message: "every node of the target answers for all ports of the Service's external address (kube-ipvs0), also for ports that belong to others",
			Remedy:  "Let pods and nodes of the target call nothing else on this address, or do not run ipvs mode there.",
			Details: map[string]string{"addresses": strings.Join(bound, ",")},
		})
		found = true
	}
	return found
}

// reportCutOff reports the Services whose externalIP is a node of the target,
// which ipvs mode hides from the other nodes as soon as the Service is created.
func reportCutOff(p *framework.Pass) {
	nodes := nodeAddresses(p)
	for svc := range cluster.Services.In(p.Source) {
		i := slices.IndexFunc(svc.Spec.ExternalIPs, nodes.Has)
		if i < 0 {
			continue
		}
		ref := p.Source.Ref(svc)
		ref.FieldPath = "spec.externalIPs"
		p.Report(framework.Finding{
			Severity: framework.Blocker, Step: framework.Application, Object: ref,
			Message: "an externalIP of the Service is the address of a node of the target: ipvs mode binds it to the other nodes, which then cannot reach that node",
			Remedy:  "Take the address out of externalIPs before the Service is created on the target.",
			Details: map[string]string{"addresses": svc.Spec.ExternalIPs[i]},
		})
	}
}

// nodeAddresses are the addresses of the target's nodes.
func nodeAddresses(p *framework.Pass) sets.Set[string] {
	out := sets.New[string]()
	for node := range cluster.Nodes.In(p.Target) {
		for _, a := range node.Status.Addresses {
			out.Insert(a.Address)
		}
	}
	return out
}

// reportScheduler reports a scheduler that somebody chose and that is gone.
// Those that hash keep a client at its pod, which is more than balance.
func reportScheduler(p *framework.Pass, from, to proxy) {
	picks := "at random"
	if to.forwarding.Mode == kubeproxy.IPVS {
		picks = "with " + to.forwarding.Scheduler
	}
	f := framework.Finding{
		Severity: framework.Info, Object: from.where,
		Message: fmt.Sprintf("the source picks pods with the ipvs scheduler %s, and the target %s", from.forwarding.Scheduler, picks),
		Remedy:  "Do not count on the scheduler: set sessionAffinity ClientIP on Services that need a client to stay at its pod.",
		Details: map[string]string{"scheduler": from.forwarding.Scheduler},
	}
	if slices.Contains([]string{"sh", "dh", "mh"}, from.forwarding.Scheduler) {
		f.Severity = framework.Warning
	}
	p.Report(f)
}

// opensNodePort reports whether people reach the Service by a node's address.
// The node ports of type LoadBalancer are for the balancer, which takes the
// primary address.
func opensNodePort(svc *corev1.Service) bool { return svc.Spec.Type == corev1.ServiceTypeNodePort }

// isLocalBalanced reports whether nodes know the load balancer's address of
// the Service and its policy is Local.
func isLocalBalanced(svc *corev1.Service) bool {
	return svc.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal && len(balancerAddresses(svc)) > 0
}

// balancerAddresses are the addresses that kube-proxy serves in the balancer's
// place: not a hostname, and not an address with ipMode Proxy (alpha 1.29, on
// since 1.30).
func balancerAddresses(svc *corev1.Service) []string {
	var out []string
	for _, in := range svc.Status.LoadBalancer.Ingress {
		if in.IP != "" && (in.IPMode == nil || *in.IPMode == corev1.LoadBalancerIPModeVIP) {
			out = append(out, in.IP)
		}
	}
	return out
}
