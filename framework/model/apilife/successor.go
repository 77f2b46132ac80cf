package apilife

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// Successors returns what may be used instead of a kind, best first: where the
// kind moved to another group (Ingress from extensions to networking.k8s.io) all
// versions there, then the versions of its own group that rank higher, general
// availability before beta before alpha. It includes removed versions and such
// that are off by default, because an older target may serve them: the caller
// takes the first that the target really serves. Versions of a known kind that
// are not in the data have successors too.
func Successors(gvk schema.GroupVersionKind) []schema.GroupVersionKind {
	return data().successors(gvk)
}

func (d *dataset) successors(gvk schema.GroupVersionKind) []schema.GroupVersionKind {
	gk := gvk.GroupKind()
	list := d.moved(gk, map[schema.GroupKind]bool{gk: true})
	for _, v := range d.versions[gk] {
		if version.CompareKubeAwareVersionStrings(v, gvk.Version) > 0 {
			list = append(list, gk.WithVersion(v))
		}
	}
	return list
}

// moved returns all versions of the kinds that replace a kind under another
// group or name, the last move first. seen ends a circle of replacements.
func (d *dataset) moved(gk schema.GroupKind, seen map[schema.GroupKind]bool) []schema.GroupVersionKind {
	var list []schema.GroupVersionKind
	for _, v := range d.versions[gk] {
		to := d.stated[gk.WithVersion(v)].GroupKind()
		if to.Empty() || seen[to] {
			continue
		}
		seen[to] = true
		list = append(list, d.moved(to, seen)...)
		for _, v := range d.versions[to] {
			list = append(list, to.WithVersion(v))
		}
	}
	return list
}

// replacement returns what to use instead of a deprecated or removed kind in the
// newest release, or the zero value.
func (d *dataset) replacement(l Life) schema.GroupVersionKind {
	if l.Deprecated == 0 && l.Removed == 0 {
		return schema.GroupVersionKind{}
	}
	var alive []Life
	for _, s := range d.successors(l.GVK) {
		if c := d.lives[d.index[s]]; !c.RemovedIn(d.provenance.Newest) {
			alive = append(alive, c)
		}
	}
	if i := slices.IndexFunc(alive, func(c Life) bool { return c.ServedByDefault }); i >= 0 {
		return alive[i].GVK
	}
	if len(alive) > 0 {
		return alive[0].GVK
	}
	return schema.GroupVersionKind{}
}

// sortVersions orders the versions of every kind, best first.
func (d *dataset) sortVersions() {
	for _, list := range d.versions {
		slices.SortFunc(list, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	}
}
