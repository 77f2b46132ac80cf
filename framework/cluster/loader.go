package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	kjson "sigs.k8s.io/json"
)

// loader turns files into a snapshot.
type loader struct {
	*builder
	want       request
	resources  []Resource
	header     *header
	collectors map[string]*collector // by part name or, for rows alone, by kind
	digest     hash.Hash
	count      int
}

func newLoader(resources []Resource, now time.Time) *loader {
	return &loader{
		builder:    newBuilder(Identity{Origin: FromManifests, TakenAt: now.UTC().Truncate(time.Second)}),
		want:       newRequest(resources),
		resources:  resources,
		collectors: map[string]*collector{},
		digest:     sha256.New(),
	}
}

// head is what must be known of a document before it is decoded.
type head struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Metadata   *metav1.ObjectMeta `json:"metadata"`
	Items      []json.RawMessage  `json:"items"`
}

// file takes one file. Its documents end up as objects, gaps or notes.
func (l *loader) file(name string, data []byte) {
	_, _ = fmt.Fprintf(l.digest, "%s\x00%d\x00", name, len(data))
	_, _ = l.digest.Write(data)
	for doc := range documents(name, data) {
		if doc.err != nil {
			l.gap(Gap{Partial: true, File: name, Line: doc.line, Reason: doc.err.Error()})
			continue
		}
		l.document(doc.json, position{name, doc.line})
	}
}

func (l *loader) note(at position, format string, args ...any) {
	l.snapshot.notes = append(l.snapshot.notes, Note{File: at.file, Line: at.line, Reason: fmt.Sprintf(format, args...)})
}

func (l *loader) bad(at position, format string, args ...any) {
	l.gap(Gap{Partial: true, File: at.file, Line: at.line, Reason: fmt.Sprintf(format, args...)})
}

func (l *loader) document(data []byte, at position) {
	if len(data) == 0 || string(data) == "null" {
		return
	}
	if data[0] != '{' {
		l.note(at, "is no Kubernetes object")
		return
	}
	var h head
	if err := json.Unmarshal(data, &h); err != nil {
		l.bad(at, "is no readable object: %v", err)
		return
	}
	l.object(h, data, at)
}

func (l *loader) object(h head, data []byte, at position) {
	switch {
	case h.APIVersion == "" && h.Kind == "":
		l.note(at, "is no Kubernetes object (it has neither apiVersion nor kind)")
		return
	case h.APIVersion == headerAPIVersion && h.Kind == headerKind:
		l.readHeader(data, at)
		return
	case h.APIVersion == "" || h.Kind == "":
		l.bad(at, "has kind %q and apiVersion %q, and needs both", h.Kind, h.APIVersion)
		return
	case strings.HasSuffix(h.Kind, "List") && (h.Items != nil || h.Metadata == nil || h.Metadata.Name == ""):
		l.list(h, at)
		return
	case h.Metadata == nil || h.Metadata.Name == "":
		l.bad(at, "%s %s has no metadata.name", h.APIVersion, h.Kind)
		return
	}
	gv, err := schema.ParseGroupVersion(h.APIVersion)
	if err != nil {
		l.bad(at, "has the apiVersion %q: %v", h.APIVersion, err)
		return
	}
	if err := l.store(gv.WithKind(h.Kind), data, at); err != nil {
		l.bad(at, "%s %s %q: %v", h.APIVersion, h.Kind, h.Metadata.Name, err)
	}
}

// list takes the items of a list; those of a typed list may leave their kind out.
func (l *loader) list(h head, at position) {
	for _, item := range h.Items {
		var i head
		if err := json.Unmarshal(item, &i); err != nil {
			l.bad(at, "holds an item that is no readable object: %v", err)
			continue
		}
		if i.Kind == "" && i.APIVersion == "" && h.Kind != "List" {
			i.Kind, i.APIVersion = strings.TrimSuffix(h.Kind, "List"), h.APIVersion
		}
		l.object(i, item, at)
	}
}

// store routes one object to whoever asked for it.
func (l *loader) store(gvk schema.GroupVersionKind, data []byte, at position) error {
	l.count++
	if gvk.Group == "" && gvk.Kind == "ConfigMap" {
		if err := l.extract(data, at); err != nil {
			return err
		}
	}
	spec, version := specFor(gvk)
	c := l.collector(gvk, spec)
	if c.spec == nil {
		var m metav1.PartialObjectMetadata
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		c.add(&m, at)
		return nil
	}
	o, err := decode(c.spec, version, data)
	if err != nil {
		return err
	}
	c.add(o, at)
	return nil
}

// collector is the one for the kind, made when first needed.
func (l *loader) collector(gvk schema.GroupVersionKind, spec *kindSpec) *collector {
	if c, ok := l.collectors[gvk.String()]; ok {
		return c
	}
	guess, _ := meta.UnsafeGuessKindToResource(gvk)
	r := &APIResource{Group: gvk.Group, Version: gvk.Version, Resource: guess.Resource, Kind: gvk.Kind}
	if spec != nil {
		r.Resource, r.Namespaced = spec.gr.Resource, spec.namespaced
	}
	wanted := l.want.kinds[schema.GroupResource{Group: gvk.Group, Resource: r.Resource}.String()]
	if spec != nil {
		wanted = l.want.kinds[spec.gr.String()]
	}
	c := newCollector(wanted, r, l.want.inventory, l.pool)
	l.collectors[gvk.String()] = c
	return c
}

// specFor finds the built-in kind that a manifest is of, and its version.
func specFor(gvk schema.GroupVersionKind) (*kindSpec, int) {
	for _, s := range builtinSpecs {
		if s.kind != gvk.Kind {
			continue
		}
		for i, v := range s.versions {
			if v.gv == gvk.GroupVersion() {
				return s, i
			}
		}
	}
	return nil, 0
}

// decode reads the JSON form of one version of a kind into its Go type.
func decode(spec *kindSpec, version int, data []byte) (Object, error) {
	o := spec.new()
	if u, ok := o.(*unstructured.Unstructured); ok {
		err := utiljson.Unmarshal(data, &u.Object)
		return u, err
	}
	if upgrade := spec.versions[version].upgrade; upgrade != nil {
		var m map[string]any
		if err := utiljson.Unmarshal(data, &m); err != nil {
			return nil, err
		}
		upgrade(m)
		return o.(Object), runtime.DefaultUnstructuredConverter.FromUnstructured(m, o)
	}
	return o.(Object), kjson.UnmarshalCaseSensitivePreserveInts(data, o)
}

// extract gives a ConfigMap to every extractor; each gets a copy of its own.
func (l *loader) extract(data []byte, at position) error {
	for _, d := range l.want.data {
		var cm corev1.ConfigMap
		if err := json.Unmarshal(data, &cm); err != nil {
			return err
		}
		l.extracted(d, &cm, at)
	}
	return nil
}

func (l *loader) extracted(d *ConfigMapData, cm *corev1.ConfigMap, at position) {
	if !d.reduce(cm) {
		return
	}
	c, ok := l.collectors[d.String()]
	if !ok {
		c = newCollector(configMaps, &APIResource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}, false, l.pool)
		l.collectors[d.String()] = c
	}
	c.add(cm, at)
}

func (l *loader) finish(path string) (*Snapshot, error) {
	if l.count == 0 && len(l.snapshot.gaps) == 0 {
		return nil, fmt.Errorf("%s holds no Kubernetes object (in files that end in .yaml, .yml or .json)", path)
	}
	for key, c := range l.collectors {
		name := key
		if !strings.HasPrefix(key, "configmaps/") {
			name = schema.GroupResource{Group: c.resource.Group, Resource: c.resource.Resource}.String()
		}
		if c.spec != nil && c.spec != configMaps {
			name = c.spec.gr.String()
		}
		l.take(name, c)
	}
	_, _ = io.WriteString(l.digest, "\n")
	l.snapshot.Identity.Digest = "sha256:" + hex.EncodeToString(l.digest.Sum(nil))
	if l.header != nil {
		l.applyHeader()
	} else {
		l.manifestGaps()
	}
	return l.builder.finish(), nil
}

// manifestGaps says of plain manifests that they hold nothing of what only a
// cluster has.
func (l *loader) manifestGaps() {
	for _, f := range []Resource{API, ServerVersion, UID} {
		l.gap(Gap{Resource: f.String(), Chosen: true, Reason: "manifests were given and no cluster"})
	}
	for name, spec := range l.want.kinds {
		if spec.state && len(l.snapshot.objects[name]) == 0 {
			l.gap(Gap{Resource: name, Chosen: true, Reason: "manifests were given and no cluster"})
		}
	}
}
