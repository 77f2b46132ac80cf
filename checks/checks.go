// Package checks lists the checks that come with precheck.
package checks

import (
	"github.com/precheck-dev/precheck/checks/api"
	"github.com/precheck-dev/precheck/checks/cluster"
	"github.com/precheck-dev/precheck/checks/scheduling"
	"github.com/precheck-dev/precheck/checks/traffic"
	"github.com/precheck-dev/precheck/framework"
)

// All returns every check, in the order in which a report has them. The slice
// is the caller's own; the checks are shared and must not be changed.
func All() []*framework.Check {
	return []*framework.Check{
		cluster.SameCluster,
		cluster.VersionSkew,
		api.Removed,
		api.Deprecated,
		scheduling.NodeLabels,
		traffic.ExternalTrafficPolicy,
		traffic.KubeProxyMode,
	}
}
