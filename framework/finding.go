package framework

import (
	"encoding/json"
	"time"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// Source and Target are the values of Finding.Cluster.
const (
	Source = "source"
	Target = "target"
)

// Ref names an object and where it was read.
type Ref = cluster.Ref

// A Finding is one risk, about one object.
type Finding struct {
	Severity Severity `json:"severity"`
	Step     Step     `json:"step"`
	// Cluster is "source" or "target": where the object is.
	Cluster string `json:"cluster"`
	// Object is empty for a finding about the cluster as a whole.
	Object   Ref        `json:"object"`
	Message  string     `json:"message"`
	Remedy   string     `json:"remedy,omitempty"`
	Evidence []Evidence `json:"evidence,omitempty"`
	// Details are documented per check, for example removedIn.
	Details map[string]string `json:"details,omitempty"`
	// Patches would repair the object on its way to the target.
	Patches []Patch `json:"patches,omitempty"`
}

// Evidence tells where the fact behind a finding was seen.
type Evidence struct {
	// Type is served-object, manifest, last-applied, managed-fields,
	// cluster-object or discovery.
	Type       string `json:"type"`
	APIVersion string `json:"apiVersion,omitempty"`
	// Manager and Operation of managedFields: who wrote it, and how.
	Manager   string     `json:"manager,omitempty"`
	Operation string     `json:"operation,omitempty"`
	Time      *time.Time `json:"time,omitempty"`
	// Cluster and Object name another object that the fact was read from.
	Cluster string `json:"cluster,omitempty"`
	Object  *Ref   `json:"object,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Patch is one operation of a JSON patch (RFC 6902).
type Patch struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value,omitempty"`
}
