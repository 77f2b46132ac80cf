package framework

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/version"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// DeriveAPI gives a snapshot of which only the version is known the API surface
// that follows from it: what a final release of that minor serves by default.
// It never guesses beyond the data: when they do not cover the version, the
// surface stays unknown and the gap says why, so that the checks that need it
// are unknown. A snapshot that has a surface, or that somebody tried in vain to
// discover one for, stays as it is.
func DeriveAPI(s *cluster.Snapshot) *cluster.Snapshot {
	if s.Identity.Version.IsZero() || !s.Undiscovered() {
		return s
	}
	api, err := surfaceOf(s.Identity.Version)
	if err != nil {
		return s.WithoutAPI(err.Error())
	}
	return s.WithAPI(api)
}

// VersionOnly is the snapshot of a cluster of which nothing but the version is
// known, with the API surface that DeriveAPI makes of it.
func VersionOnly(v cluster.Version) *cluster.Snapshot {
	api, err := surfaceOf(v)
	if err != nil {
		return cluster.FromVersionOnly(v, cluster.NewAPISurface(nil, nil, nil)).WithoutAPI(err.Error())
	}
	return cluster.FromVersionOnly(v, api)
}

// surfaceOf is what a final release of the version serves by default, without
// subresources. An error says that the data do not cover the version.
func surfaceOf(v cluster.Version) (*cluster.APISurface, error) {
	data := apilife.Origin()
	if v.Major != 1 || v.Minor < int(data.Oldest) || v.Minor > int(data.Newest) {
		return nil, fmt.Errorf("what Kubernetes %s serves is not known: the API data of %s cover %s to %s",
			v, data.Date, data.Oldest, data.Newest)
	}
	minor := apilife.Minor(v.Minor)
	var resources []cluster.APIResource
	preferred := map[string]string{}
	for life := range apilife.All() {
		if !life.ServedIn(minor) || !isPath(life.Resource) {
			continue
		}
		gvk := life.GVK
		resources = append(resources, cluster.APIResource{
			Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind,
			Resource: life.Resource, Namespaced: life.Namespaced, Verbs: verbs(life),
		})
		if best, ok := preferred[gvk.Group]; !ok || prefers(minor, gvk.Group, gvk.Version, best) {
			preferred[gvk.Group] = gvk.Version
		}
	}
	api := cluster.NewAPISurface(resources, preferred, nil)
	api.Derived = true
	return api, nil
}

// isPath tells resources from subresources such as "pods/eviction".
func isPath(resource string) bool { return !strings.Contains(resource, "/") }

// verbs are those of a normal resource; what cannot be listed can only be posted.
func verbs(l apilife.Life) []string {
	if !l.Listable {
		return []string{"create"}
	}
	return []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
}

// firstChoices are the versions that the API server prefers although a higher
// one is served, up to a minor: scheme.SetVersionPriority in k8s.io/kubernetes
// pkg/apis/*/install, 1.19 to 1.37. Everywhere else it prefers the highest.
var firstChoices = []struct {
	group, version string
	until          apilife.Minor
}{
	{"admissionregistration.k8s.io", "v1beta1", 20},
	{"autoscaling", "v1", 26},
	{"certificates.k8s.io", "v1beta1", 20},
	{"coordination.k8s.io", "v1beta1", 20},
	{"discovery.k8s.io", "v1beta1", 24},
	{"events.k8s.io", "v1beta1", 19},
	{"flowcontrol.apiserver.k8s.io", "v1beta1", 25},
	{"flowcontrol.apiserver.k8s.io", "v1beta2", 26},
	{"node.k8s.io", "v1beta1", 20},
	{"policy", "v1beta1", 24},
}

// prefers reports whether an API server of the minor prefers version a of the
// group to version b, both being served.
func prefers(minor apilife.Minor, group, a, b string) bool {
	for _, c := range firstChoices {
		if c.group == group && minor <= c.until && a != b && (c.version == a || c.version == b) {
			return c.version == a
		}
	}
	return version.CompareKubeAwareVersionStrings(a, b) > 0
}
