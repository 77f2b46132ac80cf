package api

import (
	"iter"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// source is the inventory of the source, and what must be known of the whole
// to judge one object.
type source struct {
	snapshot *cluster.Snapshot
	live     bool // a cluster, not manifests
	// groups are those that an API server may show the objects of a kind in as
	// well; empty for manifests.
	groups map[schema.GroupVersionKind][]string
	// twins are the objects of the kinds that groups leads to.
	twins map[twin]bool
	crds  map[string]bool // names of the CustomResourceDefinitions
}

type twin struct{ group, kind, namespace, name string }

func newSource(s *cluster.Snapshot) source {
	src := source{
		snapshot: s, live: s.Identity.Origin == cluster.FromCluster,
		groups: map[schema.GroupVersionKind][]string{}, twins: map[twin]bool{}, crds: map[string]bool{},
	}
	wanted := map[schema.GroupKind]bool{}
	for row := range cluster.Inventory.Of(s) {
		gvk := row.GroupVersionKind()
		if gvk.Group == "apiextensions.k8s.io" && gvk.Kind == "CustomResourceDefinition" {
			src.crds[row.Name] = true
		}
		if _, ok := src.groups[gvk]; ok || !src.live {
			continue
		}
		src.groups[gvk] = otherGroups(gvk)
		for _, g := range src.groups[gvk] {
			wanted[schema.GroupKind{Group: g, Kind: gvk.Kind}] = true
		}
	}
	for row := range cluster.Inventory.Of(s) {
		if wanted[row.GroupVersionKind().GroupKind()] {
			src.twins[twin{row.Resource.Group, row.Resource.Kind, row.Namespace, row.Name}] = true
		}
	}
	return src
}

// otherGroups are the groups that the kind moved to and kept its name, such as
// networking.k8s.io for the Ingress of extensions.
func otherGroups(gvk schema.GroupVersionKind) []string {
	var out []string
	for _, s := range apilife.Successors(gvk) {
		if s.Kind == gvk.Kind && s.Group != gvk.Group && !slices.Contains(out, s.Group) {
			out = append(out, s.Group)
		}
	}
	return out
}

// objects are the rows that somebody must bring to the target: not what the
// target or a controller makes by itself, not the second view of an object
// that is served in two groups, and nothing that cannot be created.
func (s source) objects() iter.Seq[*cluster.Row] {
	return func(yield func(*cluster.Row) bool) {
		for row := range cluster.Inventory.Of(s.snapshot) {
			if row.Generated || !creatable(row) || s.secondView(row) || s.madeAgain(row) {
				continue
			}
			if !yield(row) {
				return
			}
		}
	}
}

// creatable is false for what an aggregated API computes (PodMetrics). Verbs
// are not known of everything.
func creatable(row *cluster.Row) bool {
	return len(row.Resource.Verbs) == 0 || slices.Contains(row.Resource.Verbs, "create")
}

// secondView reports whether the cluster shows the same object in the group
// that its kind moved to: that one decides.
func (s source) secondView(row *cluster.Row) bool {
	for _, g := range s.groups[row.GroupVersionKind()] {
		if s.twins[twin{g, row.Resource.Kind, row.Namespace, row.Name}] {
			return true
		}
	}
	return false
}

// owned reports whether a controller of the cluster keeps the object. Whoever
// applies a manifest creates it, whatever owner it names.
func (s source) owned(row *cluster.Row) bool { return s.live && row.Owned }

// madeAgain reports whether a controller of Kubernetes makes the object again
// from its owner, in a version that it knows.
func (s source) madeAgain(row *cluster.Row) bool {
	if !s.owned(row) || !apilife.GroupKnown(row.Resource.Group) {
		return false
	}
	switch row.Resource.Kind {
	case "Pod", "ReplicaSet", "ControllerRevision", "Job", "EndpointSlice":
		return true
	}
	return false
}

// defines reports whether the source holds the CustomResourceDefinition of the
// row's kind. Manifests do not tell the plural, so of them the usual forms do.
func (s source) defines(row *cluster.Row) bool {
	r := row.Resource
	plurals := []string{r.Resource}
	if !s.live {
		kind := strings.ToLower(r.Kind)
		plurals = append(plurals, kind, kind+"s", kind+"es")
	}
	return slices.ContainsFunc(plurals, func(p string) bool { return s.crds[p+"."+r.Group] })
}
