// Package checks lists the checks that come with precheck, in Go and in Rego.
package checks

import (
	"github.com/precheck-dev/precheck/checks/api"
	"github.com/precheck-dev/precheck/checks/cluster"
	"github.com/precheck-dev/precheck/checks/scheduling"
	"github.com/precheck-dev/precheck/checks/traffic"
	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/policies"
)

// All returns every check, in the order in which a report has them: those in
// Go, then the embedded policies. The slice is the caller's own; the checks are
// shared and must not be changed.
//
// It panics when an embedded policy does not load, which a test rules out.
func All() []*framework.Check {
	fromPolicies, err := policies.All()
	if err != nil {
		panic(err)
	}
	return append([]*framework.Check{
		cluster.SameCluster,
		cluster.VersionSkew,
		api.Removed,
		api.Deprecated,
		scheduling.NodeLabels,
		traffic.ExternalTrafficPolicy,
		traffic.KubeProxyMode,
	}, fromPolicies...)
}
