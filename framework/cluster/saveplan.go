package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// savePlan says which objects go into which file.
type savePlan struct {
	snapshot *Snapshot
	files    []savedFile
}

type savedFile struct {
	name      string
	gr        schema.GroupResource
	extractor string
	entries   []entry
}

// entry is one line of a file: an object, a row, both, or the header.
type entry struct {
	object runtime.Object
	row    *Row
	header *header
}

// partName is what a resource may be called, so that it can name a file.
var partName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

func (s *Snapshot) plan() (*savePlan, error) {
	p := &savePlan{snapshot: s}
	taken := make([]bool, len(s.rows))
	files := map[string]*savedFile{}
	for part, list := range s.objects {
		f := &savedFile{name: part + ".json", gr: schema.ParseGroupResource(part)}
		if d, ok := strings.CutPrefix(part, "configmaps/"); ok {
			f.name, f.gr, f.extractor = "configmaps-"+d+".json", schema.GroupResource{Resource: "configmaps"}, d
		}
		for _, o := range list {
			f.entries = append(f.entries, entry{object: o, row: s.rowOf(o, f, taken)})
		}
		files[f.name] = f
	}
	for i := range s.rows {
		if taken[i] {
			continue
		}
		r := &s.rows[i]
		gr := schema.GroupResource{Group: r.Resource.Group, Resource: r.Resource.Resource}
		f, ok := files[gr.String()+".json"]
		if !ok {
			f = &savedFile{name: gr.String() + ".json", gr: gr}
			files[f.name] = f
		}
		f.entries = append(f.entries, entry{row: r})
	}
	for _, f := range files {
		if !partName.MatchString(strings.TrimSuffix(f.name, ".json")) {
			return nil, fmt.Errorf("%q is no name of a resource", f.name)
		}
		if len(f.entries) > 0 {
			p.files = append(p.files, *f)
		}
	}
	slices.SortFunc(p.files, func(x, y savedFile) int { return cmp.Compare(x.name, y.name) })
	p.files = slices.Insert(p.files, 0, savedFile{name: headerFile, entries: []entry{{header: p.head()}}})
	return p, nil
}

// rowOf is the row of the object, marked as taken; nil when it has none or one
// that names another kind.
func (s *Snapshot) rowOf(o runtime.Object, f *savedFile, taken []bool) *Row {
	if f.extractor != "" {
		return nil
	}
	gvk, m := o.GetObjectKind().GroupVersionKind(), o.(namedObject)
	at := s.where[o]
	i, _ := slices.BinarySearchFunc(s.rows, o, func(r Row, _ runtime.Object) int {
		return cmp.Or(cmp.Compare(r.Resource.Group, gvk.Group), cmp.Compare(r.Resource.Resource, f.gr.Resource),
			cmp.Compare(r.Namespace, m.GetNamespace()), cmp.Compare(r.Name, m.GetName()),
			cmp.Compare(r.File, at.file), cmp.Compare(r.Line, at.line))
	})
	for ; i < len(s.rows); i++ {
		r := &s.rows[i]
		same := r.Resource.Group == gvk.Group && r.Resource.Resource == f.gr.Resource && r.Resource.Kind == gvk.Kind &&
			r.Namespace == m.GetNamespace() && r.Name == m.GetName() && r.File == at.file && r.Line == at.line
		if !same {
			return nil
		}
		if !taken[i] {
			taken[i] = true
			return r
		}
	}
	return nil
}

// head is the header of the snapshot.
func (p *savePlan) head() *header {
	s := p.snapshot
	h := &header{
		APIVersion: headerAPIVersion, Kind: headerKind, Saved: true,
		Identity: s.Identity, Gaps: s.gaps, Notes: s.notes,
		Read: append([]string{}, s.read...), Counts: make(map[string]int, len(p.files)),
	}
	slices.Sort(h.Read)
	if s.HasAPI() {
		h.API = &savedAPI{Derived: s.api.Derived, Resources: s.api.Resources, Preferred: s.api.Preferred}
		if len(s.api.Failed) > 0 {
			h.API.Failed = make(map[string]string, len(s.api.Failed))
		}
		for gv, why := range s.api.Failed {
			h.API.Failed[gv.String()] = why
		}
	}
	seen := map[*APIResource]bool{}
	for _, f := range p.files {
		h.Counts[f.name] = len(f.entries)
		for _, e := range f.entries {
			if e.row != nil && !seen[e.row.Resource] {
				seen[e.row.Resource] = true
				h.add(*e.row.Resource, s.api)
			}
		}
	}
	return h
}

// add notes a resource that the surface does not have, or not like this.
func (h *header) add(r APIResource, api *APISurface) {
	known, ok := api.Lookup(r.GroupVersionKind())
	if ok && reflect.DeepEqual(known, r) || slices.ContainsFunc(h.Resources, func(o APIResource) bool { return reflect.DeepEqual(o, r) }) {
		return
	}
	h.Resources = append(h.Resources, r)
}

// manifest is the entry as Kubernetes would write it.
func (p *savePlan) manifest(f savedFile, e entry) (Object, error) {
	var o Object
	notes := map[string]string{}
	if e.object == nil {
		o = rowManifest(e.row)
		notes[markOnly] = "true"
	} else {
		o = e.object.DeepCopyObject().(Object)
		p.annotate(f, e, o, notes)
	}
	at := p.snapshot.where[e.object]
	if e.row != nil {
		at = position{e.row.File, e.row.Line}
		if generated(o, e.row.Resource) != e.row.Generated {
			notes[markGenerated] = strconv.FormatBool(e.row.Generated)
		}
		if err := setWrites(o, e.row.Writes, notes); err != nil {
			return nil, err
		}
	}
	if at.file != "" {
		notes[markPosition] = at.String()
	}
	if len(notes) > 0 {
		all := o.GetAnnotations()
		if all == nil {
			all = map[string]string{}
		}
		for key, value := range notes {
			all[key] = value
		}
		o.SetAnnotations(all)
	}
	return o, nil
}

// annotate tells of an object what the version that it is written in does not.
func (p *savePlan) annotate(f savedFile, e entry, o Object, notes map[string]string) {
	read := o.GetObjectKind().GroupVersionKind()
	if f.extractor != "" {
		notes[markExtractor] = f.extractor
	} else if e.row == nil && slices.Contains(p.snapshot.read, Inventory.String()) {
		notes[markNoRow] = "true"
	}
	if e.row != nil && e.row.Resource.Version != read.Version {
		notes[markListedAs] = e.row.GroupVersionKind().GroupVersion().String()
	}
	spec := builtin(f.gr)
	if _, untyped := o.(*unstructured.Unstructured); untyped || spec == nil {
		return
	}
	if newest := spec.versions[0].gv; newest != read.GroupVersion() {
		notes[markReadAs] = read.GroupVersion().String()
		o.GetObjectKind().SetGroupVersionKind(newest.WithKind(read.Kind))
	}
}

// rowManifest is an object of which only the row is known.
func rowManifest(r *Row) Object {
	o := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: r.Name}}
	o.SetGroupVersionKind(r.GroupVersionKind())
	if r.owner != nil {
		yes := true
		o.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: r.owner.apiVersion, Kind: r.owner.kind, Name: r.owner.name, UID: types.UID(r.owner.uid), Controller: &yes,
		}}
	}
	return o
}

// setWrites puts the writes back to where Kubernetes keeps them.
func setWrites(o Object, writes []Write, notes map[string]string) error {
	var fields []metav1.ManagedFieldsEntry
	for _, w := range writes {
		if w.Origin == LastApplied {
			data, err := json.Marshal(metav1.TypeMeta{APIVersion: w.APIVersion, Kind: w.Kind})
			if err != nil {
				return err
			}
			notes[corev1.LastAppliedConfigAnnotation] = string(data)
			continue
		}
		f := metav1.ManagedFieldsEntry{APIVersion: w.APIVersion, Manager: w.Manager, Operation: metav1.ManagedFieldsOperationType(w.Operation)}
		if w.unix != 0 {
			f.Time = &metav1.Time{Time: time.Unix(w.unix, 0).UTC()}
		}
		fields = append(fields, f)
	}
	o.SetManagedFields(fields)
	return nil
}
