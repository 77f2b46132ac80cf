package traffic

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/kubeproxy"
)

// ExternalTrafficPolicy says what the policy does to requests on their way.
var ExternalTrafficPolicy = &framework.Check{
	ID: "traffic/external-traffic-policy",
	Doc: `externalTrafficPolicy Local drops requests

With externalTrafficPolicy Local a node forwards to its own pods alone. When
its last ready pod is deleted, by a rollout, a drain or the move itself, the
node has nothing to forward to, but the load balancer sends to it until its
controller or its health check (healthCheckNodePort) has taken the node out:
kube-proxy is faster, and the requests in between are lost.

Before Kubernetes 1.26 that is so for every node with one ready pod, and a preStop
hook does not help, because the node drops as soon as the pod is deleted: a warning.
Since 1.26 (ProxyTerminatingEndpoints, stable in 1.28) the node goes on sending
to the terminating pod while it serves, so that nothing is lost if the pod
lives long enough: an information, for pods without a preStop hook. A Service
that is not on the target yet is judged by the versions of both clusters.

It also reports a Service on the target without a ready pod that the load
balancer can reach, while the source has some: a blocker, because no node takes
its traffic. The label node.kubernetes.io/exclude-from-external-load-balancers
(before 1.21 also the role master) keeps a node out of load balancers, and its
pods receive nothing. A policy that differs between the clusters changes
whether the client's address is seen. A Service of type NodePort has no
healthCheckNodePort that would tell a balancer which nodes have a pod.

Nothing is reported where the load balancer sends to pods and not to nodes: the
ENI mode of Alibaba Cloud, ip targets of AWS, direct access of Tencent Cloud,
network endpoint groups of GKE, allocateLoadBalancerNodePorts false. Of these,
the default of a cluster cannot be seen (Terway makes ENI mode the default), only
what the Service says. Services without a selector are passed over.

Details: policy, readyPods, nodes (that have one), nodesWithOnePod, excludedPods,
sourceVersion, targetVersion; sourcePolicy and targetPolicy where they differ.

Sources: https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy,
https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1669-proxy-terminating-endpoints,
https://github.com/kubernetes/kubernetes/issues/85643,
https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-exclude-from-external-load-balancers,
https://kubernetes.io/docs/tutorials/services/source-ip/.`,
	Remedy:   "Take a node out of the load balancer before its last pod is deleted, or use externalTrafficPolicy Cluster, which hides client addresses.",
	Severity: framework.Warning,
	Step:     framework.Traffic,
	Source:   []cluster.Resource{cluster.Services, cluster.Pods, cluster.Nodes, cluster.ServerVersion},
	Target:   []cluster.Resource{cluster.Services, cluster.Pods, cluster.Nodes, cluster.ServerVersion},
	Run:      runExternalTrafficPolicy,
}

func runExternalTrafficPolicy(ctx context.Context, p *framework.Pass) error {
	source, target := newPlacements(p.Source), newPlacements(p.Target)
	for svc := range cluster.Services.In(p.Source) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if !exposed(svc) {
			continue
		}
		j := judge{pass: p, source: source, target: target, service: svc}
		if twin, ok := cluster.Services.Get(p.Target, svc.Namespace, svc.Name); ok && exposed(twin) {
			j.twin = twin
		}
		j.run()
	}
	return nil
}

// judge looks at one Service of the source and at the one of the same name on
// the target.
type judge struct {
	pass           *framework.Pass
	source, target *placements
	service, twin  *corev1.Service // twin may be nil
}

func (j judge) run() {
	j.difference()
	local, twinLocal := concerned(j.service), j.twin != nil && concerned(j.twin)
	if !local && !twinLocal {
		return
	}
	before := j.source.of(j.service)
	if local {
		j.onSource(before)
	}
	if twinLocal {
		j.onTarget(before)
	}
}

const unreached = "no ready pod of the Service can be reached: with externalTrafficPolicy Local no node takes its traffic"

func (j judge) onSource(s spread) {
	if s.reachable() == 0 {
		j.report(framework.Source, s, framework.Info, unreached, "Leave the Service out of the move, or repair it first.")
		return
	}
	j.excluded(framework.Source, s, framework.Info)
	j.nodePort(s)
	j.deletion(framework.Source, s)
}

// onTarget judges the Service of the target; before is where the pods are on
// the source.
func (j judge) onTarget(before spread) {
	s := j.target.of(j.twin)
	if s.reachable() > 0 {
		j.excluded(framework.Target, s, framework.Warning)
		j.deletion(framework.Target, s)
		return
	}
	if before.reachable() == 0 && len(j.service.Spec.Selector) > 0 {
		return // there is nothing to lose
	}
	j.report(framework.Target, s, framework.Blocker, unreached, "Start the Service's pods on nodes that load balancers may use before sending traffic there.")
}

// concerned reports whether nodes decide by the policy Local.
func concerned(svc *corev1.Service) bool {
	return policyOf(svc) == corev1.ServiceExternalTrafficPolicyLocal && !direct(svc) && len(svc.Spec.Selector) > 0
}

// difference reports a policy that is not the same in both clusters.
func (j judge) difference() {
	if j.twin == nil || direct(j.twin) || policyOf(j.service) == policyOf(j.twin) {
		return
	}
	consequence := "its nodes without a pod of the Service drop the traffic"
	if policyOf(j.twin) == corev1.ServiceExternalTrafficPolicyCluster {
		consequence = "pods see the address of a node instead of the client's"
	}
	ref := j.pass.Target.Ref(j.twin)
	ref.FieldPath = "spec.externalTrafficPolicy"
	j.pass.Report(framework.Finding{
		Cluster: framework.Target, Object: ref,
		Message: fmt.Sprintf("externalTrafficPolicy is %s on the source and %s on the target, where %s", policyOf(j.service), policyOf(j.twin), consequence),
		Remedy:  "Give the Service the same externalTrafficPolicy in both clusters.",
		Details: map[string]string{"sourcePolicy": string(policyOf(j.service)), "targetPolicy": string(policyOf(j.twin))},
	})
}

// excluded reports pods that no load balancer reaches.
func (j judge) excluded(side string, s spread, severity framework.Severity) {
	if s.excluded > 0 {
		j.report(side, s, severity, "ready pods of the Service run on nodes that load balancers leave out and receive nothing from them (externalTrafficPolicy Local)",
			"Keep the pods off nodes with the label node.kubernetes.io/exclude-from-external-load-balancers.")
	}
}

// nodePort reports that nothing tells a balancer where the pods are.
func (j judge) nodePort(s spread) {
	if j.service.Spec.Type == corev1.ServiceTypeNodePort && len(s.perNode) < len(j.source.nodes) {
		j.report(framework.Source, s, framework.Info, "nodes without a pod of the Service drop what arrives at its node port, and type NodePort has no healthCheckNodePort that tells (externalTrafficPolicy Local)",
			"Let whatever sends to the node port probe it on the target's nodes too, or use externalTrafficPolicy Cluster.")
	}
}

// deletion reports what happens when the last ready pod of a node goes.
func (j judge) deletion(side string, s spread) {
	if len(s.single()) == 0 {
		return
	}
	where := j.dropsOn(side)
	if where == "" {
		if !s.preStop {
			j.report(side, s, framework.Info, "a node with one ready pod sends to it until it has stopped, and without a preStop hook it stops before the load balancer lets go (externalTrafficPolicy Local)",
				"Give the pods a preStop hook that lasts longer than the load balancer takes to remove a node.")
		}
		return
	}
	what, remedy := "a node with one ready pod", ""
	if s.ready == 1 {
		what = "the node with the only ready pod"
		remedy = "Run a second pod, and take a node out of the load balancer before its last pod is deleted."
	}
	j.report(side, s, framework.Warning, fmt.Sprintf("%s drops what is still sent to it when the pod is deleted (externalTrafficPolicy Local, Kubernetes before 1.26 on %s)", what, where), remedy)
}

// dropsOn says which cluster drops the traffic of a node whose last pod
// terminates. A Service that is on one side only will be on both.
func (j judge) dropsOn(side string) string {
	var old []string
	if side == framework.Source && !kubeproxy.KeepsTerminating(j.source.version) {
		old = append(old, "the source")
	}
	if (side == framework.Target || j.twin == nil) && !kubeproxy.KeepsTerminating(j.target.version) {
		old = append(old, "the target")
	}
	return strings.Join(old, " and ")
}

func (j judge) report(side string, s spread, severity framework.Severity, message, remedy string) {
	snapshot, svc := j.pass.Source, j.service
	if side == framework.Target {
		snapshot, svc = j.pass.Target, j.twin
	}
	ref := snapshot.Ref(svc)
	ref.FieldPath = "spec.externalTrafficPolicy"
	details := map[string]string{
		"policy": string(policyOf(svc)), "readyPods": strconv.Itoa(s.ready), "nodes": strconv.Itoa(len(s.perNode)),
		"sourceVersion": j.source.version.String(), "targetVersion": j.target.version.String(),
	}
	if single := s.single(); len(single) > 0 {
		details["nodesWithOnePod"] = listed(single)
	}
	if s.excluded > 0 {
		details["excludedPods"] = strconv.Itoa(s.excluded)
	}
	j.pass.Report(framework.Finding{
		Severity: severity, Cluster: side, Object: ref, Message: message, Remedy: remedy, Details: details,
	})
}

// listed joins names, at most ten of them.
func listed(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
