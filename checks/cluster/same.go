// Package cluster checks what the two clusters are.
package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// SameCluster reports that source and target are one cluster.
var SameCluster = &framework.Check{
	ID: "cluster/same-cluster",
	Doc: `source and target are the same cluster

Everything else in the report would be meaningless: each object finds itself on
the target, and emptying the source would empty the target. It happens with two
contexts, or two addresses (internal and external), of one cluster, and with a
kubeconfig that was copied and not changed.

A cluster is recognised by the UID of its namespace kube-system, which lasts as
long as the cluster and is never given twice; server addresses prove nothing.
OpenTelemetry takes it as k8s.cluster.uid
(https://opentelemetry.io/docs/specs/semconv/registry/attributes/k8s/).
A cluster that was cloned with its etcd data has the UID of the original.`,
	Remedy:   "Give the kubeconfig and context of another cluster for the target.",
	Severity: framework.Blocker,
	Step:     framework.Application,
	Source:   []cluster.Resource{cluster.UID},
	Target:   []cluster.Resource{cluster.UID},
	Run:      sameCluster,
}

func sameCluster(_ context.Context, p *framework.Pass) error {
	a, b := cluster.UID.Of(p.Source), cluster.UID.Of(p.Target)
	if a == "" || b == "" {
		return errors.New("a cluster has no UID (of its namespace kube-system)")
	}
	if a != b {
		return nil
	}
	kubeSystem := &framework.Ref{APIVersion: "v1", Kind: "Namespace", Name: "kube-system"}
	p.Report(framework.Finding{
		Message: fmt.Sprintf("source%s and target%s are the same cluster", at(p.Source), at(p.Target)),
		Details: map[string]string{"uid": a},
		Evidence: []framework.Evidence{
			{Type: "cluster-object", Cluster: framework.Source, Object: kubeSystem, Note: "uid " + a},
			{Type: "cluster-object", Cluster: framework.Target, Object: kubeSystem, Note: "uid " + b},
		},
	})
	return nil
}

// at is the address of the cluster in brackets, or empty when it is not known.
func at(s *cluster.Snapshot) string {
	if s.Identity.Server == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", s.Identity.Server)
}
