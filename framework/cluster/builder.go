package cluster

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// request is the union of what is asked of one cluster.
type request struct {
	kinds     map[string]*kindSpec // by part name
	data      []*ConfigMapData
	inventory bool
}

func newRequest(resources []Resource) request {
	r := request{kinds: map[string]*kindSpec{}}
	for _, p := range partsOf(resources) {
		switch {
		case p.kind != nil:
			r.kinds[p.name] = p.kind
		case p.data != nil:
			r.data = append(r.data, p.data)
		case p.name == Inventory.String():
			r.inventory = true
		}
	}
	return r
}

// collector takes the objects of one listing. It is not safe for concurrent use.
type collector struct {
	spec     *kindSpec               // nil: only rows are wanted
	resource *APIResource            // of the rows
	readAs   schema.GroupVersionKind // of the objects
	rows     bool
	accept   func(Object) bool // nil: all

	objects []runtime.Object
	where   []position // parallel to objects; empty for live clusters
	listed  []Row
	count   int
	digest  hash.Hash
	writers map[Writer]*Writer
	owners  map[owner]*owner
	pool    *pool
	model   *corev1.Pod    // of the pod before
	pending *podContainers // of the pod that is added next; nil: it has them itself
}

func newCollector(spec *kindSpec, resource *APIResource, rows bool, p *pool) *collector {
	return &collector{
		spec: spec, resource: resource, readAs: resource.GroupVersionKind(), rows: rows,
		digest: sha256.New(), writers: map[Writer]*Writer{}, owners: map[owner]*owner{}, pool: p,
	}
}

// add takes over the object. The version of the object is that of the resource.
func (c *collector) add(o Object, at position) {
	if c.accept != nil && !c.accept(o) {
		return
	}
	c.count++
	row := Row{
		Resource: c.resource, Namespace: c.pool.text(o.GetNamespace()), Name: o.GetName(),
		Generated: generated(o, c.resource),
		File:      at.file, Line: at.line,
	}
	if by := metav1.GetControllerOfNoCopy(o); by != nil {
		row.Owned, row.owner = true, c.owner(by)
	}
	if !row.Generated {
		for _, s := range []string{row.Namespace, row.Name, string(o.GetUID()), o.GetResourceVersion(), "\n"} {
			_, _ = io.WriteString(c.digest, s+"\x00")
		}
	}
	if c.rows {
		row.Writes = c.writes(o)
		c.listed = append(c.listed, row)
	}
	if c.spec == nil || c.spec.leaveOut != nil && c.spec.leaveOut(o) {
		return
	}
	o.GetObjectKind().SetGroupVersionKind(c.readAs)
	o.SetNamespace(row.Namespace)
	trimMeta(o)
	if c.spec.trim != nil {
		c.spec.trim(o)
	}
	c.pool.object(o)
	if pod, ok := o.(*corev1.Pod); ok && c.pending != nil {
		c.pool.containers(c.pending)
		pod.Spec.InitContainers, pod.Spec.Containers = c.pending.init, c.pending.regular
		c.pending = nil
	}
	if at.file != "" {
		c.where = append(c.where, make([]position, len(c.objects)-len(c.where))...)
		c.where = append(c.where, at)
	} else if pod, ok := o.(*corev1.Pod); ok {
		c.objects = append(c.objects, c.slim(pod))
		return
	}
	c.objects = append(c.objects, o)
}

// owner is shared between the rows of one controller.
func (c *collector) owner(by *metav1.OwnerReference) *owner {
	o := owner{by.APIVersion, by.Kind, by.Name, string(by.UID)}
	if known, ok := c.owners[o]; ok {
		return known
	}
	c.owners[o] = &o
	return &o
}

// builder puts listings together to a snapshot.
type builder struct {
	snapshot *Snapshot
	digests  []string
	pool     *pool
	rows     [][]Row
}

func newBuilder(id Identity) *builder {
	return &builder{pool: newPool(), snapshot: &Snapshot{
		Identity: id, objects: map[string][]runtime.Object{},
		where: map[runtime.Object]position{}, counts: map[string]int{},
		api: NewAPISurface(nil, nil, nil),
	}}
}

func (b *builder) gap(g Gap) { b.snapshot.gaps = append(b.snapshot.gaps, g) }

// take merges a listing under the name of a part.
func (b *builder) take(name string, c *collector) {
	s := b.snapshot
	if c.spec != configMaps { // an extractor reads what is counted elsewhere
		s.counts[name] += c.count
	}
	b.rows = append(b.rows, c.listed)
	if c.spec != nil && len(c.objects) > 0 {
		if s.objects[name] == nil {
			s.objects[name] = c.objects
		} else {
			s.objects[name] = append(s.objects[name], c.objects...)
		}
		for i, at := range c.where {
			if at.file != "" {
				s.where[c.objects[i]] = at
			}
		}
	}
	b.digests = append(b.digests, name+" "+hex.EncodeToString(c.digest.Sum(nil)))
}

// finish sorts everything; the builder must not be used afterwards.
func (b *builder) finish() *Snapshot {
	s := b.snapshot
	total := 0
	for _, list := range b.rows {
		total += len(list)
	}
	s.rows = make([]Row, 0, total)
	for i, list := range b.rows {
		s.rows = append(s.rows, list...)
		b.rows[i] = nil // one list at a time is there twice
	}
	b.rows, b.pool = nil, nil
	for _, list := range s.objects {
		slices.SortStableFunc(list, s.compareObjects)
	}
	slices.SortStableFunc(s.rows, func(x, y Row) int {
		return cmp.Or(
			cmp.Compare(x.Resource.Group, y.Resource.Group), cmp.Compare(x.Resource.Resource, y.Resource.Resource),
			cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
	slices.SortFunc(s.gaps, func(x, y Gap) int {
		return cmp.Or(cmp.Compare(x.Resource, y.Resource), cmp.Compare(x.File, y.File),
			cmp.Compare(x.Line, y.Line), cmp.Compare(x.Reason, y.Reason))
	})
	s.gaps = slices.Compact(s.gaps)
	slices.SortFunc(s.notes, func(x, y Note) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
	if s.Identity.Digest == "" {
		slices.Sort(b.digests)
		sum := sha256.New()
		for _, d := range b.digests {
			_, _ = io.WriteString(sum, d+"\n")
		}
		s.Identity.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	}
	return s
}

func (s *Snapshot) compareObjects(x, y runtime.Object) int {
	a, b := x.(namedObject), y.(namedObject)
	if d := cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName())); d != 0 {
		return d
	}
	p, q := s.where[x], s.where[y]
	return cmp.Or(cmp.Compare(p.file, q.file), cmp.Compare(p.line, q.line))
}
