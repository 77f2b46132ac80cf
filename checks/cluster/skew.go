package cluster

import (
	"context"
	"fmt"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// VersionSkew reports what follows from the Kubernetes versions of the two
// clusters alone.
var VersionSkew = &framework.Check{
	ID: "cluster/version-skew",
	Doc: `versions of Kubernetes between which a move is not supported

A target of an older minor than the source is a blocker: Velero does not
support restoring into a lower Kubernetes version than that of the backup
(https://velero.io/docs/main/migration-case/), and fields that the older API
server does not know are dropped without a word. Within a minor, patch releases
do not matter.

A newer target is the purpose of a migration, whatever the number of minors
between; which objects suffer from it, the other checks tell. A target that is
newer than the lifecycle data of this precheck is a warning, because what the
releases after that changed is not in its checks. A target of a minor that
Kubernetes had stopped patching when the data were made is worth knowing
(info): the project maintains the three newest minors
(https://kubernetes.io/releases/), while some providers patch older ones.

Details: source, target (their versions); newestKnown where it matters.`,
	Remedy:   "Move to a target whose Kubernetes is not older than that of the source.",
	Severity: framework.Blocker,
	Step:     framework.Application,
	Source:   []cluster.Resource{cluster.ServerVersion},
	Target:   []cluster.Resource{cluster.ServerVersion},
	Run:      versionSkew,
}

// maintained is how many minors Kubernetes patches: https://kubernetes.io/releases/.
const maintained = 3

func versionSkew(_ context.Context, p *framework.Pass) error {
	from, to := cluster.ServerVersion.Of(p.Source), cluster.ServerVersion.Of(p.Target)
	for _, v := range []cluster.Version{from, to} {
		if v.Major != 1 {
			return fmt.Errorf("%q is no version of Kubernetes 1, the only one that is known", v)
		}
	}
	data := apilife.Origin()
	minor := apilife.Minor(to.Minor)
	details := map[string]string{"source": from.String(), "target": to.String()}
	if to.Minor < from.Minor {
		p.Report(framework.Finding{
			Details: details,
			Message: fmt.Sprintf("the target (%s) is older than the source (%s)", to, from),
		})
	}
	details = map[string]string{"source": from.String(), "target": to.String(), "newestKnown": data.Newest.String()}
	switch {
	case minor > data.Newest:
		p.Report(framework.Finding{
			Severity: framework.Warning, Cluster: framework.Target, Details: details,
			Message: fmt.Sprintf("the target (%s) is newer than %s, the last release that this precheck knows", to, data.Newest),
			Remedy:  "Use a newer precheck, or read the release notes of the minors that it does not know.",
		})
	case minor <= data.Newest-maintained:
		p.Report(framework.Finding{
			Severity: framework.Info, Cluster: framework.Target, Details: details,
			Message: fmt.Sprintf("Kubernetes no longer patches the version of the target (%s): on %s the maintained minors were %s to %s",
				to, data.Date, data.Newest-maintained+1, data.Newest),
			Remedy: "Move to a maintained version, or make sure that the provider of the cluster patches this one.",
		})
	}
	return nil
}
