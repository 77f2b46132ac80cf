package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A history is what all scans together say about one kind.
type history struct {
	kind      gvk
	types     []int // minors with the Go type
	served    []int // minors whose OpenAPI document has the resource
	enabled   []int // those of served in which it is on by default
	listType  bool
	resource  resource
	statement statement // of the newest minor that has one
}

// A row is one kind in the data file.
type row struct {
	Group       string `json:"group"`
	Version     string `json:"version"`
	Kind        string `json:"kind"`
	Resource    string `json:"resource"`
	Namespaced  bool   `json:"namespaced,omitempty"`
	Listable    bool   `json:"listable,omitempty"`
	Default     bool   `json:"default,omitempty"`
	Introduced  int    `json:"introduced,omitempty"`
	Deprecated  int    `json:"deprecated,omitempty"`
	Removed     int    `json:"removed,omitempty"`
	Planned     int    `json:"planned,omitempty"`
	LastSeen    int    `json:"lastSeen,omitempty"`
	Replacement string `json:"replacement,omitempty"`
}

// merge computes one row per kind, sorted by group, version and kind.
func merge(scans []*scan) ([]row, error) {
	all := histories(scans)
	objects := map[gvk]*history{}
	groups := servedGroups(all)
	for k, h := range all {
		if len(h.served) > 0 || (h.listType && groups[k.group]) {
			objects[k] = h
		}
	}
	oldest, newest := scans[0].minor, scans[len(scans)-1].minor
	var rows []row
	for _, k := range slices.SortedFunc(maps.Keys(objects), compareKinds) {
		h := objects[k]
		if err := h.complete(objects); err != nil {
			return nil, fmt.Errorf("%v: %w", k, err)
		}
		r, err := h.row(oldest, newest)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", k, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// histories collects what every scan has about every kind, oldest scan first.
func histories(scans []*scan) map[gvk]*history {
	all := map[gvk]*history{}
	get := func(k gvk) *history {
		if all[k] == nil {
			all[k] = &history{kind: k}
		}
		return all[k]
	}
	for _, s := range scans {
		for k := range s.types {
			h := get(k)
			h.types = append(h.types, s.minor)
			h.listType = h.listType || s.hasList[k]
			if st, ok := s.stated[k]; ok {
				h.statement = st
			}
		}
		for k, r := range s.served {
			h := get(k)
			h.served = append(h.served, s.minor)
			h.resource = r
			if s.defaults.has(k, r.name) {
				h.enabled = append(h.enabled, s.minor)
			}
		}
	}
	return all
}

// servedGroups returns the groups of which anything was ever served. The types
// of the others are only sent, as AdmissionReview, or wrap discovery.
func servedGroups(all map[gvk]*history) map[string]bool {
	groups := map[string]bool{}
	for k, h := range all {
		if len(h.served) > 0 {
			groups[k.group] = true
		}
	}
	return groups
}

// complete corrects the stated replacement and finds the resource of a kind that
// no scanned minor served: it is that of the same kind in another version or in
// the group that replaces it.
func (h *history) complete(objects map[gvk]*history) error {
	to := &h.statement.replacement
	if objects[*to] == nil {
		// networking.k8s.io/v1beta1 IngressClass names IngressClassList.
		to.kind = strings.TrimSuffix(to.kind, "List")
	}
	if objects[*to] == nil {
		*to = gvk{}
	}
	if h.resource.name != "" {
		return nil
	}
	for k, o := range objects {
		if k.kind == h.kind.kind && o.resource.name != "" && (k.group == h.kind.group || k.group == to.group) {
			h.resource = o.resource
			return nil
		}
	}
	return fmt.Errorf("no resource name")
}

// row computes the effective lifecycle.
func (h *history) row(oldest, newest int) (row, error) {
	if len(h.types) == 0 {
		return row{}, fmt.Errorf("served without a type")
	}
	r := row{
		Group: h.kind.group, Version: h.kind.version, Kind: h.kind.kind,
		Resource: h.resource.name, Namespaced: h.resource.namespaced, Listable: h.resource.listable,
		Introduced: h.introduced(oldest), Deprecated: h.statement.deprecated,
		LastSeen: h.lastSeen(),
	}
	r.Removed = removal(h.statement.removed, r.LastSeen, newest)
	if r.Removed != h.statement.removed {
		r.Planned = h.statement.removed
	}
	if r.Removed != 0 && r.Deprecated >= r.Removed {
		r.Deprecated = 0 // gone before the date by rule
	}
	if r.Removed != 0 && r.LastSeen >= r.Removed {
		r.LastSeen = r.Removed - 1 // the type outlives the storage
	}
	if h.statement.replacement != (gvk{}) {
		r.Replacement = h.statement.replacement.String()
	}
	on, err := h.onByDefault()
	r.Default = on
	return r, err
}

// introduced returns the stated minor, but not one before the type existed: some
// types state when their feature was planned. Zero means not known, before 1.19.
func (h *history) introduced(oldest int) int {
	if first := h.types[0]; first > oldest {
		return max(first, h.statement.introduced)
	}
	return h.statement.introduced
}

// lastSeen returns the last minor that can serve the kind, if nothing is stated.
// The OpenAPI document decides. It does not list versions that must be named in
// --runtime-config (discovery.k8s.io/v1alpha1) nor, of kinds that are posted to a
// subresource, all that are accepted (policy/v1beta1 Eviction): there the type
// decides.
func (h *history) lastSeen() int {
	if len(h.served) == 0 || strings.Contains(h.resource.name, "/") {
		return h.types[len(h.types)-1]
	}
	return h.served[len(h.served)-1]
}

// removal returns the first minor that does not serve a kind any more: what is
// stated or what is seen, whichever is earlier. Zero means none is known.
func removal(stated, lastSeen, newest int) int {
	if lastSeen < newest && (stated == 0 || lastSeen+1 < stated) {
		return lastSeen + 1
	}
	return stated
}

// onByDefault reports whether the kind is served without --runtime-config. It is
// one answer for the whole life of every kind so far; a kind with two is an error
// here, because the data could not express it. Betas that were gone before the
// first scan were on: the rule that they are off came with 1.24.
func (h *history) onByDefault() (bool, error) {
	if len(h.served) == 0 {
		return !strings.Contains(h.kind.version, "alpha"), nil
	}
	if len(h.enabled) != 0 && len(h.enabled) != len(h.served) {
		return false, fmt.Errorf("on by default in %v of %v", h.enabled, h.served)
	}
	return len(h.enabled) != 0, nil
}

func compareKinds(a, b gvk) int {
	if c := strings.Compare(a.group, b.group); c != 0 {
		return c
	}
	if c := strings.Compare(a.version, b.version); c != 0 {
		return c
	}
	return strings.Compare(a.kind, b.kind)
}
