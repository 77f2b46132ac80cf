package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	headerAPIVersion = "precheck.dev/v1alpha1"
	headerKind       = "Snapshot"
)

// header is the document that makes a tree of manifests the snapshot of a
// cluster. All but apiVersion and kind may be left out.
type header struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Identity   Identity `json:"identity"`
	// Version is short for identity.version.
	Version Version `json:"version"`
	// API is the discovered surface; without it nothing is known of it.
	API *savedAPI `json:"api,omitempty"`
	// Read names the parts that were read; when it is left out, all were.
	Read []string `json:"read,omitempty"`
	Gaps []Gap    `json:"gaps,omitempty"`
}

type savedAPI struct {
	Resources []APIResource     `json:"resources"`
	Preferred map[string]string `json:"preferred"`
	Failed    map[string]string `json:"failed,omitempty"`
}

func (l *loader) readHeader(data []byte, at position) {
	var h header
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		l.bad(at, "is no snapshot header that this version reads: %v", err)
		return
	}
	if l.header != nil {
		l.bad(at, "is a second snapshot header")
		return
	}
	l.header = &h
}

// applyHeader gives the snapshot the identity, the surface and the gaps that
// were saved with it.
func (l *loader) applyHeader() {
	h, s := l.header, l.snapshot
	digest := s.Identity.Digest
	taken := s.Identity.TakenAt
	s.Identity = h.Identity
	s.Identity.Origin = FromCluster
	if s.Identity.Version.IsZero() {
		s.Identity.Version = h.Version
	}
	if s.Identity.Digest == "" {
		s.Identity.Digest = digest
	}
	if s.Identity.TakenAt.IsZero() {
		s.Identity.TakenAt = taken
	}
	s.gaps = append(s.gaps, h.Gaps...)
	if s.Identity.Version.IsZero() {
		l.gap(Gap{Resource: ServerVersion.String(), Reason: "the snapshot does not say"})
	}
	if s.Identity.UID == "" {
		l.gap(Gap{Resource: UID.String(), Reason: "the snapshot does not say"})
	}
	if h.API == nil {
		l.gap(Gap{Resource: API.String(), Reason: unsaid})
	} else {
		s.api = h.API.surface()
	}
	if h.Read == nil {
		return
	}
	for _, p := range partsOf(l.resources) {
		if !slices.Contains(h.Read, p.name) {
			l.gap(Gap{Resource: p.name, Reason: fmt.Sprintf("the snapshot was taken without %s: take it again", p.name)})
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
	return NewAPISurface(a.Resources, a.Preferred, failed)
}
