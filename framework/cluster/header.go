package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	headerAPIVersion = "precheck.dev/v1alpha1"
	headerKind       = "Snapshot"
	headerFile       = "snapshot.json"
)

// header is the document that makes a tree of manifests the snapshot of a
// cluster. All but apiVersion and kind may be left out.
type header struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Identity   Identity `json:"identity"`
	// Version is short for identity.version.
	Version *Version `json:"version,omitempty"`
	// API is the discovered surface; without it nothing is known of it.
	API *savedAPI `json:"api,omitempty"`
	// Resources are those of objects that the surface does not have.
	Resources []APIResource `json:"resources,omitempty"`
	// Read names the parts that were read; when it is left out, all were.
	Read  []string `json:"read"`
	Gaps  []Gap    `json:"gaps,omitempty"`
	Notes []Note   `json:"notes,omitempty"`
	// Counts says how many objects each file holds, so that a missing or
	// shortened file is noticed. Whoever changes a saved snapshot by hand leaves
	// a file out to have it not counted.
	Counts map[string]int `json:"counts,omitempty"`
	// Saved is true when the program wrote the snapshot: the annotations in the
	// group precheck.dev then have a meaning.
	Saved bool `json:"saved,omitempty"`

	dir string // that the header stands in
}

type savedAPI struct {
	Derived   bool              `json:"derived,omitempty"`
	Resources []APIResource     `json:"resources"`
	Preferred map[string]string `json:"preferred"`
	Failed    map[string]string `json:"failed,omitempty"`
}

func (l *loader) readHeader(data []byte, at position) {
	var h header
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		l.bad(at, "is no snapshot header that this version of precheck reads: %v", err)
		return
	}
	h.dir = path.Dir(at.file)
	switch {
	case l.header != nil:
		l.bad(at, "is a second snapshot header: read one snapshot at a time")
	case h.Saved && l.count > 0:
		l.gap(Gap{File: at.file, Line: at.line, Reason: "belongs to a saved snapshot among other files: give its directory alone"})
	default:
		l.header = &h
	}
}

// saved is the resource as the snapshot that is read has it.
func (l *loader) saved(gvk schema.GroupVersionKind) (APIResource, bool) {
	if l.header == nil {
		return APIResource{}, false
	}
	for _, r := range l.header.Resources {
		if r.GroupVersionKind() == gvk {
			return r, true
		}
	}
	if l.header.API == nil {
		return APIResource{}, false
	}
	var other *APIResource
	for i, r := range l.header.API.Resources {
		if r.GroupVersionKind() == gvk {
			return r, true
		}
		if r.Group == gvk.Group && r.Kind == gvk.Kind {
			other = &l.header.API.Resources[i]
		}
	}
	if other == nil {
		return APIResource{}, false
	}
	r := *other
	r.Version, r.Verbs = gvk.Version, nil
	return r, true
}

// rows reports whether the inventory is wanted and can be had.
func (l *loader) rows() bool {
	return l.want.inventory && (l.header == nil || l.header.Read == nil || slices.Contains(l.header.Read, Inventory.String()))
}

// applyHeader gives the snapshot the identity, the surface and the gaps that
// were saved with it.
func (l *loader) applyHeader() {
	h, s := l.header, l.snapshot
	id := h.Identity
	if id.Origin == "" {
		id.Origin = FromCluster
	}
	if id.Version.IsZero() && h.Version != nil {
		id.Version = *h.Version
	}
	if id.Digest == "" {
		id.Digest = s.Identity.Digest
	}
	if id.TakenAt.IsZero() {
		id.TakenAt = s.Identity.TakenAt
	}
	s.Identity = id
	s.gaps = append(s.gaps, h.Gaps...)
	s.notes = append(s.notes, h.Notes...)
	if h.API != nil {
		s.api = h.API.surface()
	}
	l.leftOut(ServerVersion, !id.Version.IsZero())
	l.leftOut(UID, id.UID != "")
	l.leftOut(API, h.API != nil)
	l.recount()
	if h.Read == nil {
		return
	}
	for _, p := range partsOf(l.resources) {
		if !slices.Contains(h.Read, p.name) {
			l.gap(Gap{Resource: p.name, Reason: fmt.Sprintf("the snapshot was taken without %s: take it again", p.name)})
		}
	}
	s.read = h.Read
}

// leftOut is a gap for a fact that the header does not have, unless it says why.
func (l *loader) leftOut(fact Resource, said bool) {
	why := slices.ContainsFunc(l.header.Gaps, func(g Gap) bool { return g.Resource == fact.String() })
	if !said && !why {
		l.gap(Gap{Resource: fact.String(), Reason: unsaid})
	}
}

// recount compares what was read with what the header says was written.
func (l *loader) recount() {
	for file, n := range l.header.Counts {
		name := path.Join(l.header.dir, file)
		if got := l.files[name]; got != n {
			l.bad(position{file: name}, "holds %d objects and was written with %d: take the snapshot again", got, n)
		}
	}
}

func (a *savedAPI) surface() *APISurface {
	failed := map[schema.GroupVersion]string{}
	for text, why := range a.Failed {
		gv, err := schema.ParseGroupVersion(text)
		if err == nil {
			failed[gv] = why
		}
	}
	api := NewAPISurface(a.Resources, a.Preferred, failed)
	api.Derived = a.Derived
	return api
}

// relativeTo is the path that a file names, seen from the root.
func relativeTo(file, named string) string { return path.Join(path.Dir(file), named) }

// resourceOf is the resource whose file this is in a saved snapshot.
func resourceOf(file string) schema.GroupResource {
	return schema.ParseGroupResource(strings.TrimSuffix(path.Base(file), ".json"))
}
