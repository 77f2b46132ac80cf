// Package apilife knows the life of every API version that Kubernetes itself
// serves: when it came, when it was deprecated, when it went, and what replaces
// it. Custom resources and aggregated APIs are not in it.
//
// The data are the union over all minors since 1.19, because each release of
// k8s.io/api forgets kinds: 40 that a 1.20 cluster may hold are not in that of
// 1.37. Per minor they come from
//
//   - the lifecycle methods of the types in k8s.io/api, k8s.io/apiextensions-apiserver
//     and k8s.io/kube-aggregator (APILifecycleIntroduced, Deprecated, Removed,
//     Replacement), which kube-apiserver itself obeys; the newest minor that has
//     the type wins;
//   - the OpenAPI document in k8s.io/kubernetes (api/openapi-spec/swagger.json),
//     written by an API server with everything switched on: what it lists is
//     served, what it lists no more is gone, whatever the methods planned;
//   - the function DefaultAPIResourceConfigSource of the three API servers, for
//     what is on by default.
//
// All of it describes releases as they were published. A cluster may switch
// versions on and off (--runtime-config), so what a live target says about
// itself always overrules this package.
package apilife

//go:generate go -C gen run . -o ../data.json

import (
	"iter"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Minor is a minor release of Kubernetes 1, such as 22 for 1.22. The zero
// value means none, or not known.
type Minor int

// String returns the release in the form "1.22", or "" for the zero value.
func (m Minor) String() string {
	if m == 0 {
		return ""
	}
	return "1." + strconv.Itoa(int(m))
}

// A Life is what is known of one kind in one API version.
type Life struct {
	GVK schema.GroupVersionKind

	// Resource is the plural under which the kind is served. A kind that is
	// only posted to another object has the form "pods/eviction".
	Resource   string
	Namespaced bool
	// Listable is false for kinds of which no object can be listed: reviews,
	// Binding, Eviction, TokenRequest. No migration meets objects of them.
	Listable bool
	// ServedByDefault is false where the API server must be told to serve the
	// version: all alphas, and betas that came with 1.24 or later. It has never
	// changed within the life of a kind.
	ServedByDefault bool

	// Introduced is the first release. Zero means 1.0, or not known but before
	// 1.19.
	Introduced Minor
	// Deprecated is zero if the version is not deprecated, or was gone before
	// it was. It may lie after Newest.
	Deprecated Minor
	// Removed is the first release that cannot serve the version any more, or
	// zero. After Newest it is a plan.
	Removed Minor
	// Planned is the removal that Kubernetes last announced. It is later than
	// Removed where the version went early, as alphas do, and zero where
	// nothing was announced.
	Planned Minor
	// LastSeen is the last release up to Newest that could serve the version.
	LastSeen Minor

	// Replacement is what to use instead as of Newest: never a removed version,
	// and one that is served by default if there is one. It is zero if the
	// version is neither deprecated nor removed, and if nothing replaces it.
	Replacement schema.GroupVersionKind
}

// ServableIn reports whether the given release can serve the version at all,
// perhaps only when told so. Beyond Newest the answer rests on plans.
func (l Life) ServableIn(m Minor) bool {
	return m > 0 && m >= l.Introduced && (l.Removed == 0 || m < l.Removed)
}

// ServedIn reports whether the given release serves the version by default. It
// speaks of final releases: pre-releases of the minor that removes a version
// still serve it (k8s.io/apiserver pkg/server/deleted_kinds.go).
func (l Life) ServedIn(m Minor) bool {
	return l.ServedByDefault && l.ServableIn(m)
}

// DeprecatedIn reports whether the given release marks the version as
// deprecated or has removed it.
func (l Life) DeprecatedIn(m Minor) bool {
	return m > 0 && (l.Deprecated != 0 && m >= l.Deprecated || l.RemovedIn(m))
}

// RemovedIn reports whether the version is gone in the given release.
func (l Life) RemovedIn(m Minor) bool {
	return l.Removed != 0 && m >= l.Removed
}

// Lookup returns the life of a kind. It is false for kinds that no release
// serves, and that includes lists, options and sub-objects.
func Lookup(gvk schema.GroupVersionKind) (Life, bool) {
	d := data()
	i, ok := d.index[gvk]
	if !ok {
		return Life{}, false
	}
	return d.lives[i], true
}

// All yields every kind, sorted by group, version and kind.
func All() iter.Seq[Life] {
	return slices.Values(data().lives)
}

// ServedAt returns the listable kinds that the given release serves by default,
// sorted by group, version and kind. It is complete from 1.19 to Newest. Before
// 1.19 it lacks what k8s.io/api had forgotten by then; after Newest it is what
// the plans leave of Newest.
func ServedAt(m Minor) []Life {
	var list []Life
	for l := range All() {
		if l.Listable && l.ServedIn(m) {
			list = append(list, l)
		}
	}
	return list
}

// GroupKnown reports whether the API group belongs to Kubernetes itself. A kind
// of such a group that Lookup does not know is an unknown version, or no
// object, and not a custom resource.
func GroupKnown(group string) bool {
	return data().groups[group]
}

// Newest returns the newest minor that the data cover.
func Newest() Minor {
	return data().provenance.Newest
}

// A Provenance says what the data were made from.
type Provenance struct {
	// Date is the day of the newest module read, in the form 2006-01-02. It
	// serves as the version of the data.
	Date           string
	Oldest, Newest Minor
	Modules        []Module // sorted by minor
}

// A Module is one published Go module. Sum is its h1 hash, as in go.sum.
type Module struct {
	Path    string
	Version string
	Sum     string
}

// Origin returns the provenance of the data.
func Origin() Provenance {
	p := data().provenance
	p.Modules = slices.Clone(p.Modules)
	return p
}
