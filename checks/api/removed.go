package api

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// Removed reports objects in API versions that the target does not serve.
var Removed = &framework.Check{
	ID: "api/removed",
	Doc: `objects in API versions that the target does not serve

An object of a live source is restored in the version that the source's API
server prefers, whatever version its manifest was written in: that is the one
Velero stores. When the target does not serve it, the object is left out
(blocker). A manifest is applied in the version that stands in it, and the
apply fails (blocker).

When the object itself goes through but somebody last wrote it in a version
that the target does not serve, that one's next write fails (warning). Who that
is stands in the annotation kubectl.kubernetes.io/last-applied-configuration
and in metadata.managedFields; the evidence has manager, operation and time.
Each writer is a finding, because each takes the version from elsewhere: a
manifest, a chart or its own code. Not counted are the components of the source
cluster, commands such as kubectl edit that take the version from the server, and
entries that the same manager has followed with a newer version.

What the target says it serves decides; the lifecycle data only tell why it
does not, and they never call a version served. Of a target of which only the
version is known, what a final release of that minor serves by default decides:
since 1.24 new beta versions are off by default, which is a warning because
somebody may have enabled them, and a version says nothing about custom
resources. Of a custom resource that the target does not have, the
CustomResourceDefinition is looked for in the source: if it moves along, all is
well; if not, the object of a cluster is lost (blocker), and of a manifest
nobody can tell where the definition will come from (warning).

Objects that the target makes by itself are passed over, and so are those that
a controller of Kubernetes makes again (the ReplicaSets of a Deployment), the
second view of an object that the source serves in two groups
(ingresses.extensions), and what an aggregated API computes. An object that a
foreign controller owns is a warning: the controller must make it again.

Details: apiVersion (the version in question), deprecatedIn, removedIn,
replacement (what the target serves instead), served (the versions of the kind
that it serves).

Sources: https://kubernetes.io/docs/reference/using-api/deprecation-guide/,
https://velero.io/docs/main/enable-api-group-versions-feature/,
https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management,
https://kep.k8s.io/3136 (beta APIs are off by default).`,
	Remedy:   "Write the object in a version that the target serves, and apply that on the target.",
	Severity: framework.Blocker,
	Step:     framework.Application,
	Source:   []cluster.Resource{cluster.Inventory},
	Target:   []cluster.Resource{cluster.API, cluster.ServerVersion},
	Run:      removed,
}

func removed(_ context.Context, p *framework.Pass) error {
	src, to := newSource(p.Source), newTarget(p.Target)
	for row := range src.objects() {
		if f, ok := lost(src, to, row); ok {
			p.Report(f)
			continue
		}
		for _, f := range unwritable(to, row) {
			p.Report(f)
		}
	}
	return nil
}

// lost is the finding about an object that the target does not take.
func lost(src source, to target, row *cluster.Row) (framework.Finding, bool) {
	gvk := row.GroupVersionKind()
	var f framework.Finding
	switch answer := to.asked(gvk); {
	case answer == unserved:
		f = refused(to, gvk)
	case answer == undefined && !src.defines(row):
		f = strange(src, gvk)
	default:
		return f, false
	}
	if src.owned(row) {
		f.Severity = framework.Warning
		f.Message += "; the controller that owns it must make it again"
		f.Remedy = "Check that the version of the controller that runs on the target writes an API version that is served there."
	}
	f.Object, f.Details, f.Evidence = row.Ref(), to.details(gvk), src.listing(row)
	for _, u := range usages(row) {
		if to.asked(u.gvk) == unserved {
			f.Evidence = append(f.Evidence, u.evidence...)
		}
	}
	return f, true
}

// refused is about a version that the target does not serve.
func refused(to target, gvk schema.GroupVersionKind) framework.Finding {
	text, remedy := unservedText(to, gvk)
	f := framework.Finding{Message: name(gvk) + " " + text, Remedy: remedy}
	if to.switchable(gvk) {
		f.Severity = framework.Warning
	}
	return f
}

// strange is about a kind that neither side defines.
func strange(src source, gvk schema.GroupVersionKind) framework.Finding {
	f := framework.Finding{
		Message: fmt.Sprintf("%s is not served by the target, and the source does not define it", name(gvk)),
		Remedy:  "Install on the target what defines the kind, before the objects come.",
	}
	if !src.live {
		f.Severity = framework.Warning
	}
	return f
}

// unservedText tells that the target does not serve a version, and why, and
// gives the remedy; an empty remedy means that of the check.
func unservedText(to target, gvk schema.GroupVersionKind) (text, remedy string) {
	reasons := to.why(gvk)
	life, known := apilife.Lookup(gvk)
	r, replaced := to.replacement(gvk)
	switch {
	case replaced:
		reasons = append(reasons, "it serves "+name(r))
	case known && life.RemovedIn(to.minor) && !life.Replacement.Empty():
		reasons = append(reasons, "nor is "+name(life.Replacement))
		remedy = "Enable the replacement on the target (kube-apiserver --runtime-config), or leave the object out of the move."
	case known && life.RemovedIn(to.minor):
		reasons = append(reasons, "nothing replaces it")
		remedy = "Do without the object on the target, and find another way to what it does."
		if gvk.Kind == "PodSecurityPolicy" {
			remedy = "Use Pod Security Admission (https://kubernetes.io/docs/tasks/configure-pod-container/migrate-from-psp/) or a policy engine on the target."
		}
	case known && life.ServableIn(to.minor):
		remedy = "Enable the API version on the target (kube-apiserver --runtime-config), or leave the object out of the move."
	default:
		remedy = "Leave the object out of the move, or move to a target that serves it."
	}
	return fmt.Sprintf("is not served by the target (%s)", strings.Join(reasons, "; ")), remedy
}

// unwritable are the findings about versions that an object which the target
// takes is written in elsewhere, and that the target does not serve.
func unwritable(to target, row *cluster.Row) []framework.Finding {
	var out []framework.Finding
	for _, u := range usages(row) {
		if to.asked(u.gvk) != unserved {
			continue
		}
		text, _ := unservedText(to, u.gvk)
		out = append(out, framework.Finding{
			Severity: framework.Warning, Object: row.Ref(), Evidence: u.evidence, Details: to.details(u.gvk),
			Message: u.text() + " " + text,
			Remedy:  u.remedy(),
		})
	}
	return out
}
