package cluster

import (
	"cmp"
	"slices"
	"sort"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// APISurface is what a cluster says it serves.
type APISurface struct {
	// Derived is true when nothing was asked of a cluster and the surface was
	// computed from the version alone: it then has no custom resources, and a
	// missing group says nothing about a group that is not Kubernetes' own.
	Derived bool
	// Resources holds every served resource without subresources, sorted by
	// group, version and resource.
	Resources []APIResource
	// Preferred is the preferred version of each group.
	Preferred map[string]string
	// Failed holds the groups and versions that discovery could not ask, and
	// why. What they serve is unknown.
	Failed map[schema.GroupVersion]string

	byKind map[schema.GroupVersionKind]int
	groups map[string]bool
}

// APIResource is one resource in one version.
type APIResource struct {
	Group      string   `json:"group,omitempty"`
	Version    string   `json:"version"`
	Resource   string   `json:"resource"`
	Kind       string   `json:"kind"`
	Namespaced bool     `json:"namespaced,omitempty"`
	Verbs      []string `json:"verbs"`
}

// GroupVersionKind names the resource by its kind.
func (r APIResource) GroupVersionKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
}

// GroupVersionResource names the resource by its path.
func (r APIResource) GroupVersionResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: r.Group, Version: r.Version, Resource: r.Resource}
}

// NewAPISurface sorts and indexes the resources. It takes over its arguments.
func NewAPISurface(resources []APIResource, preferred map[string]string, failed map[schema.GroupVersion]string) *APISurface {
	slices.SortFunc(resources, func(a, b APIResource) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Resource, b.Resource))
	})
	a := &APISurface{
		Resources: resources, Preferred: preferred, Failed: failed,
		byKind: make(map[schema.GroupVersionKind]int, len(resources)), groups: map[string]bool{},
	}
	for i, r := range resources {
		a.byKind[r.GroupVersionKind()] = i
		a.groups[r.Group] = true
	}
	return a
}

// Lookup finds the resource that serves a kind. Ask FailedFor before taking
// false for "not served".
func (a *APISurface) Lookup(gvk schema.GroupVersionKind) (APIResource, bool) {
	i, ok := a.byKind[gvk]
	if !ok {
		return APIResource{}, false
	}
	return a.Resources[i], true
}

// FailedFor is the reason why nobody knows whether the group and version is
// served, or empty when it is known.
func (a *APISurface) FailedFor(gv schema.GroupVersion) string { return a.Failed[gv] }

// HasGroup reports whether any resource of the group is served.
func (a *APISurface) HasGroup(group string) bool { return a.groups[group] }

// Versions are the served versions of a kind of a group, sorted as Kubernetes
// prefers them: the preferred one first, the rest by name.
func (a *APISurface) Versions(gk schema.GroupKind) []string {
	var out []string
	for _, r := range a.Resources {
		if r.Group == gk.Group && r.Kind == gk.Kind {
			out = append(out, r.Version)
		}
	}
	first := a.Preferred[gk.Group]
	sort.SliceStable(out, func(i, j int) bool { return out[i] == first && out[j] != first })
	return out
}
