package cluster

import (
	"iter"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Resource is something a check can declare that it reads. The
// implementations are Kind, ConfigMapData, Workloads, API, Inventory,
// ServerVersion, UID and what Optional returns.
type Resource interface {
	// String names the resource as findings and messages do, for example
	// "ingresses.networking.k8s.io" or "inventory".
	String() string
	// parts are the single things that must be read for it.
	parts() []part
}

// A part is one thing that a reader reads and that can be missing on its own.
// Exactly one of its fields besides name is set; for the parts that need no
// listing (version, uid, api, inventory), none is.
type part struct {
	name string
	kind *kindSpec
	data *ConfigMapData
}

// Kind is one kind of object in all the versions it can be read in. T is the
// Go type of the newest one; objects read in an older version are converted.
//
// Objects lack what [Snapshot] documents as left out. They are shared: nobody
// may change them.
type Kind[T any] struct{ spec *kindSpec }

// kindSpec is the part of a Kind that does not depend on its Go type.
type kindSpec struct {
	gr         schema.GroupResource
	kind       string
	namespaced bool
	state      bool          // exists in clusters only, never in a manifest that people write
	versions   []versionSpec // newest first; the first is the version of the Go type
	new        func() runtime.Object
	trim       func(runtime.Object)      // drops and redacts; may be nil
	leaveOut   func(runtime.Object) bool // objects that only the Inventory has; may be nil
}

// versionSpec is one version a kind can be read in.
type versionSpec struct {
	gv schema.GroupVersion
	// upgrade turns the JSON form of this version into that of the first; nil
	// when the two agree in every field that exists in both.
	upgrade func(map[string]any)
}

// GroupResource names the kind as RBAC and discovery do.
func (k Kind[T]) GroupResource() schema.GroupResource { return k.spec.gr }

// String implements Resource.
func (k Kind[T]) String() string { return k.spec.gr.String() }

func (k Kind[T]) parts() []part { return []part{{name: k.spec.gr.String(), kind: k.spec}} }

// In yields the objects of the kind, sorted by namespace and name.
func (k Kind[T]) In(s *Snapshot) iter.Seq[*T] {
	objects := s.objectsOf(k.spec.gr.String())
	return func(yield func(*T) bool) {
		for _, o := range objects {
			if !yield(any(full(o)).(*T)) {
				return
			}
		}
	}
}

// InNamespace yields the objects of one namespace, sorted by name.
func (k Kind[T]) InNamespace(s *Snapshot, namespace string) iter.Seq[*T] {
	objects := s.objectsOf(k.spec.gr.String())
	first, _ := slices.BinarySearchFunc(objects, namespace, func(o runtime.Object, namespace string) int {
		return strings.Compare(o.(namedObject).GetNamespace(), namespace)
	})
	return func(yield func(*T) bool) {
		for _, o := range objects[first:] {
			if o.(namedObject).GetNamespace() != namespace || !yield(any(full(o)).(*T)) {
				return
			}
		}
	}
}

// Get finds one object; namespace is empty for kinds without namespaces.
func (k Kind[T]) Get(s *Snapshot, namespace, name string) (*T, bool) {
	o, ok := s.find(k.spec.gr.String(), namespace, name)
	if !ok {
		return nil, false
	}
	return any(o).(*T), true
}

// Len is the number of objects of the kind.
func (k Kind[T]) Len(s *Snapshot) int { return len(s.objectsOf(k.spec.gr.String())) }

// Objects is a kind of which only the resource is known, such as a custom
// resource that a policy reads. A resource that this package has a Kind for is
// read as that Kind, so it is listed once whoever asks.
func Objects(gr schema.GroupResource) Resource {
	if spec := builtin(gr); spec != nil {
		return dynamic{spec}
	}
	return dynamic{dynamicSpec(gr)}
}

func dynamicSpec(gr schema.GroupResource) *kindSpec {
	return &kindSpec{
		gr: gr, new: func() runtime.Object { return &unstructured.Unstructured{} },
		trim: func(o runtime.Object) { trimUnstructured(o.(*unstructured.Unstructured)) },
	}
}

type dynamic struct{ spec *kindSpec }

func (d dynamic) String() string { return d.spec.gr.String() }
func (d dynamic) parts() []part  { return []part{{name: d.spec.gr.String(), kind: d.spec}} }

// A fact is a resource that is not a list of objects.
type fact string

func (f fact) String() string { return string(f) }
func (f fact) parts() []part  { return []part{{name: string(f)}} }

// partsOf is the union of the parts of several resources, in the order in
// which they are first named.
func partsOf(resources []Resource) []part {
	seen := map[string]bool{}
	var out []part
	for _, r := range resources {
		for _, p := range r.parts() {
			if !seen[p.name] {
				seen[p.name] = true
				out = append(out, p)
			}
		}
	}
	return out
}
