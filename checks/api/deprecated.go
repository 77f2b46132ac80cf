// Package api checks the API versions that objects are in and are written in.
package api

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// Deprecated reports objects in API versions that the target serves and a
// later release will not.
var Deprecated = &framework.Check{
	ID: "api/deprecated",
	Doc: `objects in API versions that are deprecated on the target

The target still serves the version, so the move goes well, and the next
upgrade of the target does not. A warning are versions that a manifest stands
in, or that somebody last wrote the object in (see api/removed for how that is
told), when their removal is announced; and kinds that nothing replaces. Only
worth knowing (info) is a version that nothing but the source's API server
chose, because the same object is served in the newer version as well, and a
deprecation without an announced removal: of Endpoints, which 1.33 deprecated,
those that somebody wrote for a Service without selector.

The data are those of Kubernetes' own API types. Deprecated versions of custom
resources are not covered. When the target is of a minor that the data do not
cover, the answer is unknown.

Details: apiVersion (the version in question), deprecatedIn, removedIn,
replacement (what the target serves instead), served (the versions of the kind
that it serves).

Sources: https://kubernetes.io/docs/reference/using-api/deprecation-guide/,
https://kubernetes.io/docs/reference/using-api/deprecation-policy/,
https://kubernetes.io/blog/2025/04/24/endpoints-deprecation/ (Endpoints).`,
	Remedy:   "Change the API version where the object is written from.",
	Severity: framework.Warning,
	Step:     framework.Application,
	Source:   []cluster.Resource{cluster.Inventory, cluster.Services},
	Target:   []cluster.Resource{cluster.API, cluster.ServerVersion},
	Run:      deprecated,
}

func deprecated(_ context.Context, p *framework.Pass) error {
	src, to := newSource(p.Source), newTarget(p.Target)
	for row := range src.objects() {
		if row.Resource.Kind == "Endpoints" && selected(p.Source, row) {
			continue
		}
		if f, ok := aging(src, to, row); ok {
			p.Report(f)
		}
		for _, u := range usages(row) {
			if life, ok := to.deprecates(u.gvk); ok {
				f := to.deprecation(life, row, u.text())
				f.Evidence = u.evidence
				p.Report(f)
			}
		}
	}
	data := apilife.Origin()
	if to.minor < data.Oldest || to.minor > data.Newest {
		return fmt.Errorf("the target is %s, and the API data of %s cover %s to %s: what is deprecated there is not known",
			to.version, data.Date, data.Oldest, data.Newest)
	}
	return nil
}

// aging is the finding about the version that the object is listed in.
func aging(src source, to target, row *cluster.Row) (framework.Finding, bool) {
	life, ok := to.deprecates(row.GroupVersionKind())
	if !ok || src.owned(row) {
		return framework.Finding{}, false
	}
	f := to.deprecation(life, row, name(life.GVK))
	f.Evidence = src.listing(row)
	if r, ok := to.replacement(life.GVK); ok && r.Kind == life.GVK.Kind && src.live && len(f.Evidence) == 1 {
		f.Severity = framework.Info
		f.Remedy = "Write the newer version from now on; the object itself is served in both."
	}
	return f, true
}

// deprecates finds the life of a version that the target serves as deprecated.
func (t target) deprecates(gvk schema.GroupVersionKind) (apilife.Life, bool) {
	life, ok := apilife.Lookup(gvk)
	return life, ok && life.DeprecatedIn(t.minor) && t.asked(gvk) == served
}

// deprecation is what there is to say about a deprecated version of an object.
// The subject names the version and says how the object comes to have it.
func (t target) deprecation(life apilife.Life, row *cluster.Row, subject string) framework.Finding {
	f := framework.Finding{Object: row.Ref(), Details: t.details(life.GVK)}
	f.Message = subject + " is deprecated"
	if life.Deprecated != 0 {
		f.Message += fmt.Sprintf(" since %s", life.Deprecated)
	}
	if life.Removed != 0 {
		f.Message += fmt.Sprintf(" and removed in %s", life.Removed)
	} else {
		f.Severity = framework.Info
	}
	r, replaced := t.replacement(life.GVK)
	switch {
	case replaced && r.Kind != life.GVK.Kind:
		f.Remedy = fmt.Sprintf("Write it as %s instead.", r.Kind)
		fallthrough
	case replaced:
		f.Message += "; the target serves " + name(r)
	case !life.Replacement.Empty():
		f.Message += fmt.Sprintf("; the target does not serve %s yet", name(life.Replacement))
		f.Remedy = "Plan to change the API version when the target is upgraded."
	default:
		f.Message += "; nothing replaces it"
		f.Remedy = "Plan how to do without the object before the target is upgraded."
	}
	return f
}

// selected reports whether the Endpoints are made by their controller: the
// Service of that name has a selector.
func selected(s *cluster.Snapshot, row *cluster.Row) bool {
	svc, ok := cluster.Services.Get(s, row.Namespace, row.Name)
	return ok && len(svc.Spec.Selector) > 0
}
