package scheduling

import (
	"context"
	"errors"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/placement"
)

// NodeLabels reports what asks nodes for labels or names that the target's
// nodes do not have.
//
// Details of its findings: label, operator and values of the condition (joined
// with ", "); nodes, the number of nodes of the target; sourceNodes, how many
// nodes of the source the pods fit, when that is known; successor and
// deprecatedSince of a renamed label, and successorMatches, how many nodes of
// the target satisfy the condition with it; setBy, the product that sets the
// label; conditions, where no single node satisfies several at once; claims, how
// many claims are provisioned from a storage class.
var NodeLabels = &framework.Check{
	ID: "scheduling/node-labels",
	Doc: `labels and names of nodes that no node of the target has

Reads nodeSelector, node affinity, topology spread constraints, the topology
keys of pod affinity and anti-affinity, nodeName, and the RuntimeClass of every
workload, the node affinity of persistent volumes and the allowed topologies of
storage classes, and asks the scheduler's own code (k8s.io/component-helpers)
which nodes of the target satisfy them. All nodes of the target count, also
those that are not ready, closed to new pods, or virtual; taints and resources
are not looked at.

Blocker: pods are restored but fit no node, so they stay Pending. That goes for
required node affinity and nodeSelector, for the key of a DoNotSchedule
constraint and of required pod affinity (a node without the key is filtered
out), for nodeName, and for a storage class that claims are provisioned from. A
selector that cannot be parsed is one too: the API server refuses the object.

Warning: pods run, but not as intended. Required and preferred anti-affinity and
ScheduleAnyway constraints do nothing where the key is missing. A persistent
volume that moves as it is (reclaim policy Retain, or made by hand) cannot be
used from any node; one restored from a CSI snapshot is provisioned anew, which
cannot be seen from here. A volume without a claim is only worth knowing. Of a
storage class that exists on both sides the target's counts.

Findings weigh less when the pods fit no node of the source either (for a
DaemonSet nothing changes then: Info), when there are no replicas or the job is
suspended, and in kube-system, whose add-ons often belong to the cluster. Jobs
that are finished are left out.

Only the nodes that are there now can be asked. Where nodes are added on demand
(cluster autoscaler, Karpenter), a pool that is scaled to zero has no node to show
its labels: let one node of it run, or waive the finding.

Renamed labels name their successor (beta.kubernetes.io/os and arch since 1.14;
beta.kubernetes.io/instance-type and failure-domain.beta.kubernetes.io/zone and
region since 1.17; node-role.kubernetes.io/master since 1.20, gone with kubeadm
1.24), and a patch renames them when nodes of the target satisfy the result.
Sources: https://kubernetes.io/docs/reference/labels-annotations-taints/,
pkg/api/node/util.go and the scheduler's plugins at Kubernetes v1.37.2, KEP-2067.`,
	Remedy:   "Ask for something that the target's nodes have, or add nodes that have what is asked for.",
	Severity: framework.Blocker,
	Step:     framework.Application,
	Source: []cluster.Resource{
		cluster.Workloads, cluster.RuntimeClasses, cluster.PersistentVolumes, cluster.PersistentVolumeClaims,
		cluster.StorageClasses, cluster.Optional(cluster.Nodes),
	},
	Target: []cluster.Resource{cluster.Nodes, cluster.StorageClasses, cluster.RuntimeClasses},
	Run:    nodeLabels,
}

func nodeLabels(_ context.Context, p *framework.Pass) error {
	j := &judge{pass: p, target: placement.Index(cluster.Nodes.In(p.Target)), verdicts: map[string]*verdict{}}
	if j.target.Len() == 0 {
		return errors.New("the target has no nodes, so nobody can tell which labels they will have")
	}
	if p.Source.Knows(cluster.Nodes) {
		if source := placement.Index(cluster.Nodes.In(p.Source)); source.Len() > 0 {
			j.source = source
		}
	}
	for w := range cluster.Workloads.In(p.Source) {
		j.workload(w)
	}
	j.volumes()
	j.storageClasses()
	return nil
}

// judge is one run of the check.
type judge struct {
	pass   *framework.Pass
	target *placement.Nodes
	source *placement.Nodes // nil when it is not known
	// verdicts of pod specs, by path and signature: equal ones are judged once.
	verdicts map[string]*verdict
}

// nowhere reports whether it is known that no node of the source satisfies the
// requirements: what does not run after the move did not run before.
func (j *judge) nowhere(requirements ...placement.Requirement) bool {
	return j.source != nil && j.source.MatchAll(requirements).Len() == 0
}
