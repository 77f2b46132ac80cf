package apilife

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

//go:embed data.json
var raw []byte

// A dataset is the data file in memory. It is shared and never changed.
type dataset struct {
	provenance Provenance
	groups     map[string]bool
	lives      []Life
	index      map[schema.GroupVersionKind]int
	// stated has the replacement that Kubernetes names, which may be removed
	// by now; a kind without one is not in it.
	stated map[schema.GroupVersionKind]schema.GroupVersionKind
	// versions has the versions of every kind, newest first.
	versions map[schema.GroupKind][]string
}

// data decodes the embedded file at its first use. The file is generated and
// tested, so that an error can only come from a broken build.
var data = sync.OnceValue(func() *dataset {
	d, err := decode(raw)
	if err != nil {
		panic(fmt.Sprintf("apilife: %v", err))
	}
	return d
})

// file is the form of data.json. Releases are minors of Kubernetes 1.
type file struct {
	Date    string   `json:"date"`
	Oldest  Minor    `json:"oldest"`
	Newest  Minor    `json:"newest"`
	Modules []Module `json:"modules"`
	Groups  []string `json:"groups"`
	Kinds   []row    `json:"kinds"`
}

type row struct {
	Group      string `json:"group"`
	Version    string `json:"version"`
	Kind       string `json:"kind"`
	Resource   string `json:"resource"`
	Namespaced bool   `json:"namespaced"`
	Listable   bool   `json:"listable"`
	Default    bool   `json:"default"`
	Introduced Minor  `json:"introduced"`
	Deprecated Minor  `json:"deprecated"`
	Removed    Minor  `json:"removed"`
	// Planned is only there where it differs from Removed.
	Planned  Minor `json:"planned"`
	LastSeen Minor `json:"lastSeen"`
	// Replacement is what Kubernetes states, as "group/version Kind".
	Replacement string `json:"replacement"`
}

// decode reads a data file strictly.
func decode(raw []byte) (*dataset, error) {
	var f file
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("decode lifecycle data: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode lifecycle data: more than one document")
	}
	d := &dataset{
		provenance: Provenance{Date: f.Date, Oldest: f.Oldest, Newest: f.Newest, Modules: f.Modules},
		groups:     map[string]bool{},
		index:      make(map[schema.GroupVersionKind]int, len(f.Kinds)),
		stated:     map[schema.GroupVersionKind]schema.GroupVersionKind{},
		versions:   map[schema.GroupKind][]string{},
	}
	for _, g := range f.Groups {
		d.groups[g] = true
	}
	if err := d.addAll(f.Kinds); err != nil {
		return nil, fmt.Errorf("decode lifecycle data: %w", err)
	}
	return d, nil
}

// addAll adds all kinds and works out their replacements.
func (d *dataset) addAll(rows []row) error {
	for _, r := range rows {
		if err := d.add(r); err != nil {
			return err
		}
	}
	for from, to := range d.stated {
		if _, ok := d.index[to]; !ok {
			return fmt.Errorf("replacement %q of %q is unknown", to, from)
		}
	}
	d.sortVersions()
	for i := range d.lives {
		d.lives[i].Replacement = d.replacement(d.lives[i])
	}
	return nil
}

// add appends one kind.
func (d *dataset) add(r row) error {
	l := Life{
		GVK:      schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind},
		Resource: r.Resource, Namespaced: r.Namespaced, Listable: r.Listable, ServedByDefault: r.Default,
		Introduced: r.Introduced, Deprecated: r.Deprecated, Removed: r.Removed, Planned: r.Planned, LastSeen: r.LastSeen,
	}
	if l.Planned == 0 && l.Deprecated != 0 {
		l.Planned = l.Removed
	}
	if _, ok := d.index[l.GVK]; ok {
		return fmt.Errorf("kind %q twice", l.GVK)
	}
	if r.Replacement != "" {
		to, err := parseGVK(r.Replacement)
		if err != nil {
			return err
		}
		d.stated[l.GVK] = to
	}
	d.index[l.GVK] = len(d.lives)
	d.lives = append(d.lives, l)
	gk := l.GVK.GroupKind()
	d.versions[gk] = append(d.versions[gk], r.Version)
	return nil
}

// parseGVK parses the form "group/version Kind".
func parseGVK(s string) (schema.GroupVersionKind, error) {
	apiVersion, kind, ok := strings.Cut(s, " ")
	gv, err := schema.ParseGroupVersion(apiVersion)
	if !ok || kind == "" || err != nil || gv.Version == "" {
		return schema.GroupVersionKind{}, fmt.Errorf("%q is not of the form group/version Kind", s)
	}
	return gv.WithKind(kind), nil
}
