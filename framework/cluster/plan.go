package cluster

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// plan turns a request into listings. What cannot be listed becomes a gap.
func (c *client) plan(b *builder, want request) []*task {
	api := b.snapshot.api
	if why, ok := apiFailure(b); ok {
		c.nothingKnown(b, want, why)
		return nil
	}
	stored := map[string]APIResource{}
	for _, r := range api.stored() {
		stored[schema.GroupResource{Group: r.Group, Resource: r.Resource}.String()] = r
	}
	var tasks []*task
	planned := map[string]bool{}
	for name, spec := range want.kinds {
		if t := c.planKind(b, spec, stored[name], want.inventory); t != nil {
			t.name = name
			planned[name] = true
			tasks = append(tasks, t)
		}
	}
	for _, d := range want.data {
		tasks = append(tasks, c.planData(b, d))
	}
	if want.inventory {
		for name, r := range stored {
			if !planned[name] {
				tasks = append(tasks, c.planMetadata(b, name, r))
			}
		}
		for gv, why := range api.Failed {
			b.gap(Gap{Resource: Inventory.String(), Partial: true, Reason: gv.String() + ": " + why})
		}
	}
	slices.SortFunc(tasks, func(x, y *task) int {
		if x.name < y.name {
			return -1
		}
		return 1
	})
	return tasks
}

// apiFailure is why nothing can be listed: discovery as a whole went wrong.
func apiFailure(b *builder) (string, bool) {
	for _, g := range b.snapshot.gaps {
		if g.Resource == API.String() && !g.Partial {
			return g.Reason, true
		}
	}
	return "", false
}

func (c *client) nothingKnown(b *builder, want request, why string) {
	for name := range want.kinds {
		b.gap(Gap{Resource: name, Reason: why})
	}
	for _, d := range want.data {
		b.gap(Gap{Resource: d.String(), Reason: why})
	}
	if want.inventory {
		b.gap(Gap{Resource: Inventory.String(), Reason: why})
	}
}

// planKind lists a kind in its newest version that the server has. A server
// that has the resource in no version has no objects of it.
func (c *client) planKind(b *builder, spec *kindSpec, stored APIResource, inventory bool) *task {
	api := b.snapshot.api
	name := spec.gr.String()
	read, version, ok := c.choose(api, spec)
	if !ok {
		if why, failed := failedGroup(api, spec.gr.Group); failed {
			b.gap(Gap{Resource: name, Reason: why})
		} else if others := versionsOf(api, spec.gr); len(others) > 0 {
			b.gap(Gap{Resource: name, Reason: fmt.Sprintf("is served only in %v, which this version of precheck does not read", others)})
		}
		return nil
	}
	row := read
	rows := inventory && stored.Resource != ""
	if rows {
		row = stored
	}
	t := &task{path: listPath(read), version: version, accept: acceptTyped, decode: decodeTyped}
	if version > 0 || len(spec.versions) == 0 {
		t.accept, t.decode = acceptJSON, decodeUntyped
	}
	t.collector = func() *collector {
		k := newCollector(spec, &row, rows, b.pool)
		k.readAs = read.GroupVersionKind()
		return k
	}
	return t
}

// choose is the newest version of the kind that the server lists.
func (c *client) choose(api *APISurface, spec *kindSpec) (APIResource, int, bool) {
	for i, v := range spec.versions {
		r, ok := api.Lookup(v.gv.WithKind(spec.kind))
		if ok && slices.Contains(r.Verbs, "list") {
			return r, i, true
		}
	}
	if len(spec.versions) > 0 {
		return APIResource{}, 0, false
	}
	best, found := APIResource{}, false
	for _, r := range api.Resources {
		if r.Group == spec.gr.Group && r.Resource == spec.gr.Resource && slices.Contains(r.Verbs, "list") &&
			(!found || api.comparePreference(r, best) < 0) {
			best, found = r, true
		}
	}
	return best, 0, found
}

func failedGroup(api *APISurface, group string) (string, bool) {
	for gv, why := range api.Failed {
		if gv.Group == group {
			return gv.String() + ": " + why, true
		}
	}
	return "", false
}

func versionsOf(api *APISurface, gr schema.GroupResource) []string {
	var out []string
	for _, r := range api.Resources {
		if r.Group == gr.Group && r.Resource == gr.Resource {
			out = append(out, schema.GroupVersion{Group: r.Group, Version: r.Version}.String())
		}
	}
	return out
}

func (c *client) planMetadata(b *builder, name string, r APIResource) *task {
	return &task{
		name: name, path: listPath(r), accept: acceptMeta, decode: decodeMetadata,
		collector: func() *collector { return newCollector(nil, &r, true, b.pool) },
	}
}

func (c *client) planData(b *builder, d *ConfigMapData) *task {
	r := APIResource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
	return &task{
		name: d.String(), path: "/api/v1/namespaces/" + d.Namespace + "/configmaps", accept: acceptTyped, decode: decodeTyped,
		collector: func() *collector {
			k := newCollector(configMaps, &r, false, b.pool)
			k.accept = func(o Object) bool { return d.reduce(o.(*corev1.ConfigMap)) }
			return k
		},
	}
}

func listPath(r APIResource) string {
	if r.Group == "" {
		return "/api/" + r.Version + "/" + r.Resource
	}
	return "/apis/" + r.Group + "/" + r.Version + "/" + r.Resource
}
