package cluster

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	kjson "sigs.k8s.io/json"
)

// sinkKey names a collector: objects that were read as one kind and listed as
// another (a saved snapshot may hold such) have rows of their own.
type sinkKey struct {
	written        schema.GroupVersionKind
	readAs, row    schema.GroupVersionKind
	resource       schema.GroupResource // of the file of a saved snapshot; else empty
	noRows, noBody bool
}

// sink is a collector and what is known of its kind.
type sink struct {
	*collector
	key     sinkKey
	builtin *kindSpec // of the kind; nil when there is none here
	version int       // of builtin
	wanted  string    // part that takes the objects; empty: known when the names of resources are
	spread  bool      // an object had a namespace
}

// store routes one object to whoever asked for it.
func (l *loader) store(h head, gvk schema.GroupVersionKind, data []byte, at position) {
	m := l.marksOf(h, gvk, at)
	if gvk.Kind == "CustomResourceDefinition" && gvk.Group == "apiextensions.k8s.io" {
		l.define(data)
	}
	if gvk.Group == "" && gvk.Kind == "ConfigMap" && !m.only {
		l.extract(h, data, m)
		if m.extractor != "" {
			return
		}
	}
	s := l.sink(gvk, m)
	if s.builtin == nil && !m.only {
		l.unknownVersion(h, gvk, at)
	}
	o, err := s.decode(data)
	if err != nil {
		l.undecodable(h, s, data, m, err)
		return
	}
	l.put(s, o, h, m)
}

func (l *loader) put(s *sink, o Object, h head, m marks) {
	if h.name == "" {
		o.SetName(h.generateName + "*")
	}
	m.drop(o)
	s.spread = s.spread || o.GetNamespace() != ""
	had := len(s.listed)
	s.add(o, m.at)
	if m.generated != nil && len(s.listed) > had {
		s.listed[had].Generated = *m.generated
	}
}

// sink is the one for the kind, made when first needed.
func (l *loader) sink(gvk schema.GroupVersionKind, m marks) *sink {
	key := sinkKey{written: gvk, readAs: m.readAs, row: m.row, resource: m.resource, noRows: m.noRow, noBody: m.only}
	if s, ok := l.sinks[key]; ok {
		return s
	}
	s := &sink{key: key}
	s.builtin, s.version = specFor(gvk)
	spec := l.body(s, gvk)
	resource := &APIResource{Group: m.row.Group, Version: m.row.Version, Kind: m.row.Kind}
	s.collector = newCollector(spec, resource, l.rows() && !m.noRow, l.pool)
	s.readAs = m.readAs
	l.sinks[key] = s
	return s
}

// body is how the objects of the kind are kept; nil when only their metadata
// is. A custom resource is kept when any resource of its group is wanted: what
// its resource is called may be said later.
func (l *loader) body(s *sink, gvk schema.GroupVersionKind) *kindSpec {
	if s.key.noBody {
		return nil
	}
	if s.builtin != nil {
		s.wanted = s.builtin.gr.String()
		if spec := l.want.kinds[s.wanted]; spec != nil {
			return spec
		}
		s.wanted = ""
	}
	if name := l.nameAtOnce(s, gvk); name != "" {
		spec := l.want.kinds[name]
		if spec != nil && len(spec.versions) == 0 {
			s.wanted = name
			return spec
		}
		return nil
	}
	for _, spec := range l.want.kinds {
		if len(spec.versions) == 0 && spec.gr.Group == gvk.Group {
			return dynamicSpec(schema.GroupResource{})
		}
	}
	return nil
}

// nameAtOnce is the name of the resource when nothing that is read later can
// change it: in a saved snapshot, and for the kinds of Kubernetes itself.
func (l *loader) nameAtOnce(s *sink, gvk schema.GroupVersionKind) string {
	if s.key.resource.Resource != "" {
		return s.key.resource.String()
	}
	if !ownGroup(gvk.Group) {
		return ""
	}
	guess, _ := meta.UnsafeGuessKindToResource(gvk)
	return guess.GroupResource().String()
}

// decode reads the object into its Go type, or as much of it as is wanted.
func (s *sink) decode(data []byte) (Object, error) {
	if s.spec != nil {
		return decode(s.spec, s.version, data)
	}
	var m metav1.PartialObjectMetadata
	return &m, kjson.UnmarshalCaseSensitivePreserveInts(data, &m)
}

// decode reads the JSON form of one version of a kind into its Go type.
func decode(spec *kindSpec, version int, data []byte) (Object, error) {
	o := spec.new()
	if u, ok := o.(*unstructured.Unstructured); ok {
		err := utiljson.Unmarshal(data, &u.Object)
		if err == nil {
			err = decodable(u.Object["metadata"])
		}
		return u, err
	}
	if upgrade := spec.versions[version].upgrade; upgrade != nil {
		var m map[string]any
		if err := utiljson.Unmarshal(data, &m); err != nil {
			return nil, err
		}
		upgrade(m)
		if runtime.DefaultUnstructuredConverter.FromUnstructured(m, o) == nil {
			return o.(Object), nil
		}
		return decodeAgain(spec, m)
	}
	return o.(Object), kjson.UnmarshalCaseSensitivePreserveInts(data, o)
}

// decodeAgain decodes an object that could not be converted, for the error of
// the JSON decoder, which names the field.
func decodeAgain(spec *kindSpec, m map[string]any) (Object, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	o := spec.new().(Object)
	return o, kjson.UnmarshalCaseSensitivePreserveInts(data, o)
}

// decodable reports what of the metadata of an object without a Go type is not
// as every object has it: its accessors would pass over it in silence.
func decodable(metadata any) error {
	m, ok := metadata.(map[string]any)
	if !ok {
		return errors.New("metadata is no object")
	}
	var typed metav1.ObjectMeta
	return runtime.DefaultUnstructuredConverter.FromUnstructured(m, &typed)
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

// unknownVersion reports a kind that is read here, in a version that is not.
func (l *loader) unknownVersion(h head, gvk schema.GroupVersionKind, at position) {
	for _, s := range builtinSpecs {
		inGroup := slices.ContainsFunc(s.versions, func(v versionSpec) bool { return v.gv.Group == gvk.Group })
		if s.kind != gvk.Kind || !inGroup || l.want.kinds[s.gr.String()] == nil {
			continue
		}
		l.gap(Gap{
			Resource: s.gr.String(), Partial: true, File: at.file, Line: at.line,
			Reason: h.title() + " is in a version that this version of precheck does not read",
		})
	}
}

// undecodable reports an object whose kind is known and whose fields are not
// as the kind has them. Its row stays when its metadata can be read.
func (l *loader) undecodable(h head, s *sink, data []byte, m marks, err error) {
	g := Gap{Partial: true, File: m.origin.file, Line: m.origin.line, Reason: h.title() + ": " + shortened(err)}
	if s.spec != nil {
		g.Resource = s.wanted
		l.gap(g)
		m.only = true
		s = l.sink(m.row, m)
	}
	o := &metav1.PartialObjectMetadata{}
	if kjson.UnmarshalCaseSensitivePreserveInts(data, o) != nil {
		o = &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: h.name, Namespace: h.namespace}}
		g.Resource = Inventory.String()
		l.gap(g)
	}
	l.put(s, o, h, m)
}

// shortened is the error without what only tells of Go.
func shortened(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field := wrong.Field
		if field == "" {
			field = "a field"
		}
		value, _, _ := strings.Cut(wrong.Value, " ") // the number itself may be secret
		return fmt.Sprintf("%s is a %s and must be %s", field, value, wrong.Type)
	}
	return err.Error()
}

// extract gives a ConfigMap to every extractor; each gets a copy of its own.
func (l *loader) extract(h head, data []byte, m marks) {
	for _, d := range l.want.data {
		if m.extractor != "" && m.extractor != d.Name || h.namespace != d.Namespace {
			continue
		}
		var cm corev1.ConfigMap
		if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &cm); err != nil {
			l.gap(Gap{
				Resource: d.String(), Partial: true, File: m.origin.file, Line: m.origin.line,
				Reason: h.title() + ": " + shortened(err),
			})
			continue
		}
		c, ok := l.extracts[d.String()]
		if !ok {
			c = newCollector(configMaps, &APIResource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}, false, l.pool)
			c.accept = func(o Object) bool { return d.reduce(o.(*corev1.ConfigMap)) }
			l.extracts[d.String()] = c
		}
		m.drop(&cm)
		c.add(&cm, m.at)
	}
}

// define notes what a CustomResourceDefinition says its resource is called.
func (l *loader) define(data []byte) {
	var crd struct {
		Spec struct {
			Group, Scope string
			Names        struct{ Kind, Plural string }
		}
	}
	if json.Unmarshal(data, &crd) != nil || crd.Spec.Names.Plural == "" {
		return
	}
	gk := schema.GroupKind{Group: crd.Spec.Group, Kind: crd.Spec.Names.Kind}
	l.crds[gk] = APIResource{Resource: crd.Spec.Names.Plural, Namespaced: crd.Spec.Scope == "Namespaced"}
}

// settle names the resources of all objects, now that everything is known, and
// hands them to the builder.
func (l *loader) settle() {
	l.passPatches()
	sinks := make([]*sink, 0, len(l.sinks))
	for _, s := range l.sinks {
		sinks = append(sinks, s)
	}
	slices.SortFunc(sinks, func(x, y *sink) int { return cmp.Compare(fmt.Sprint(x.key), fmt.Sprint(y.key)) })
	for _, s := range sinks {
		l.resolve(s)
		l.withoutPatches(s.collector)
		name := s.wanted
		if name == "" {
			gr := schema.GroupResource{Group: s.key.readAs.Group, Resource: s.resource.Resource}
			if s.key.resource.Resource != "" {
				gr = s.key.resource
			}
			if s.builtin != nil && l.want.kinds[gr.String()] == nil {
				gr = s.builtin.gr
			}
			name = gr.String()
			if l.want.kinds[name] == nil {
				s.spec = nil
			}
		}
		l.take(name, s.collector)
	}
	for name, c := range l.extracts {
		l.withoutPatches(c)
		l.take(name, c)
	}
}

// resolve finds out what the resource of the rows is called.
func (l *loader) resolve(s *sink) {
	r := s.resource
	if known, ok := l.saved(r.GroupVersionKind()); ok {
		*r = known
		return
	}
	guess, _ := meta.UnsafeGuessKindToResource(s.key.row)
	r.Resource, r.Namespaced = guess.Resource, s.spread || !clusterKinds[r.Kind] && ownGroup(r.Group)
	if crd, ok := l.crds[s.key.row.GroupKind()]; ok {
		r.Resource, r.Namespaced = crd.Resource, crd.Namespaced
	}
	if s.builtin != nil {
		r.Resource, r.Namespaced = s.builtin.gr.Resource, s.builtin.namespaced
	}
	if s.key.resource.Resource != "" {
		r.Resource = s.key.resource.Resource
	}
}

// passPatches turns the patch files of kustomizations into notes, whatever
// was wrong with them.
func (l *loader) passPatches() {
	seen := map[string]bool{}
	for file := range l.files {
		seen[file] = l.patches[file]
	}
	l.snapshot.gaps = slices.DeleteFunc(l.snapshot.gaps, func(g Gap) bool {
		seen[g.File] = l.patches[g.File]
		return l.patches[g.File]
	})
	for file, patch := range seen {
		if patch {
			l.note(position{file: file}, "is a patch of a kustomization")
		}
	}
}

// withoutPatches drops what stands in the patch files of a kustomization.
func (l *loader) withoutPatches(c *collector) {
	if len(l.patches) == 0 {
		return
	}
	where := c.where
	c.where = nil
	kept := c.objects[:0]
	for i, o := range c.objects {
		if !l.patches[where[i].file] {
			kept = append(kept, o)
			c.where = append(c.where, where[i])
		}
	}
	c.objects = kept
	c.listed = slices.DeleteFunc(c.listed, func(r Row) bool { return l.patches[r.File] })
}

func ownGroup(group string) bool {
	return plainGroups[group] || strings.HasSuffix(group, ".k8s.io") && strings.Count(group, ".") == 2 ||
		group == "rbac.authorization.k8s.io" || group == "flowcontrol.apiserver.k8s.io" || group == "internal.apiserver.k8s.io"
}

// clusterKinds are the kinds of Kubernetes itself without namespaces that have
// no Kind here (k8s.io/api, marker +genclient:nonNamespaced).
var clusterKinds = map[string]bool{
	"ComponentStatus": true, "ClusterRole": true, "ClusterRoleBinding": true, "CustomResourceDefinition": true,
	"APIService": true, "MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true,
	"MutatingAdmissionPolicy": true, "MutatingAdmissionPolicyBinding": true,
	"VolumeAttachment": true, "CSINode": true, "VolumeAttributesClass": true, "FlowSchema": true,
	"PriorityLevelConfiguration": true, "CertificateSigningRequest": true, "ClusterTrustBundle": true,
	"DeviceClass": true, "ResourceSlice": true, "DeviceTaintRule": true, "IPAddress": true, "ServiceCIDR": true,
	"PodSecurityPolicy": true, "StorageVersion": true, "StorageVersionMigration": true,
	"TokenReview": true, "SubjectAccessReview": true, "SelfSubjectAccessReview": true,
	"SelfSubjectRulesReview": true, "SelfSubjectReview": true, "ImageReview": true,
}
