package framework

import (
	"slices"

	"k8s.io/apimachinery/pkg/version"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// DeriveAPI gives a snapshot of which only the version is known the API surface
// that follows from it. A snapshot that has a surface, or no version, stays as
// it is.
func DeriveAPI(s *cluster.Snapshot) *cluster.Snapshot {
	if s.HasAPI() || s.Identity.Version.IsZero() {
		return s
	}
	return s.WithAPI(DerivedAPI(s.Identity.Version))
}

// DerivedAPI is what an API server of the version serves by default: the
// listable built-in resources and nothing else. The facts and their limits are
// those of [apilife.ServedAt].
func DerivedAPI(v cluster.Version) *cluster.APISurface {
	var resources []cluster.APIResource
	preferred := map[string]string{}
	for _, l := range apilife.ServedAt(apilife.Minor(v.Minor)) {
		resources = append(resources, cluster.APIResource{
			Group: l.GVK.Group, Version: l.GVK.Version, Resource: l.Resource, Kind: l.GVK.Kind,
			Namespaced: l.Namespaced, Verbs: slices.Clone(derivedVerbs),
		})
		if best, ok := preferred[l.GVK.Group]; !ok || version.CompareKubeAwareVersionStrings(l.GVK.Version, best) > 0 {
			preferred[l.GVK.Group] = l.GVK.Version
		}
	}
	api := cluster.NewAPISurface(resources, preferred, nil)
	api.Derived = true
	return api
}

// derivedVerbs are the ones that every listable resource has.
var derivedVerbs = []string{"get", "list"}
