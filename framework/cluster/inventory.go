package cluster

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Ref names an object, or a field of it, and where it was read.
type Ref struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name,omitempty"`
	FieldPath  string `json:"fieldPath,omitempty"`
	// File is relative to the directory or archive that was read; empty for an
	// object of a live cluster.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// Row is one object of the inventory.
type Row struct {
	// Resource is shared by all objects of one resource. Its group and version
	// are those in which the object was listed or written down.
	Resource        *APIResource
	Namespace, Name string
	// Generated says that the target makes the object again by itself: an
	// EndpointSlice of the controller, a default FlowSchema, a bootstrap role.
	Generated bool
	// Owned says that another object is the controller of this one.
	Owned bool
	owner *owner
	// Writes are the API versions that the object was written in, sorted.
	Writes []Write
	// File and Line tell where a manifest stands.
	File string
	Line int
}

// owner is the controller of an object, as its ownerReferences name it.
type owner struct{ apiVersion, kind, name, uid string }

// Ref names the object.
func (r *Row) Ref() Ref {
	gv := schema.GroupVersion{Group: r.Resource.Group, Version: r.Resource.Version}
	return Ref{APIVersion: gv.String(), Kind: r.Resource.Kind, Namespace: r.Namespace, Name: r.Name, File: r.File, Line: r.Line}
}

// GroupVersionKind is what the object was listed or written down as.
func (r *Row) GroupVersionKind() schema.GroupVersionKind { return r.Resource.GroupVersionKind() }

// Origin tells where the API version of a Write was seen.
type Origin string

const (
	// LastApplied is the annotation kubectl.kubernetes.io/last-applied-configuration.
	LastApplied Origin = "last-applied"
	// ManagedFields is an entry of metadata.managedFields.
	ManagedFields Origin = "managed-fields"
)

// Write says that somebody wrote the object in an API version.
type Write struct {
	*Writer
	unix int64
}

// Writer is what many writes have in common; it is shared between rows.
type Writer struct {
	Origin Origin
	// APIVersion that was written, for example "extensions/v1beta1".
	APIVersion string
	// Kind that was written; empty for managedFields, which do not tell.
	Kind string
	// Manager and Operation as managedFields give them.
	Manager, Operation string
}

// Time of the write, in seconds and UTC; zero when unknown.
func (w Write) Time() time.Time {
	if w.unix == 0 {
		return time.Time{}
	}
	return time.Unix(w.unix, 0).UTC()
}
