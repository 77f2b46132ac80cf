package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
)

// discover reads the API surface. A group that does not answer, such as an
// aggregated API whose backend is down, is a partial gap.
func (c *client) discover(ctx context.Context, b *builder) {
	if cause := c.down.Load(); cause != nil {
		b.gap(Gap{Resource: API.String(), Reason: c.explain(*cause)})
		return
	}
	groups, lists, err := c.discovery.ServerGroupsAndResourcesWithContext(ctx)
	failed := map[schema.GroupVersion]string{}
	var partial *discovery.ErrGroupDiscoveryFailed
	switch {
	case errors.As(err, &partial):
		for gv, why := range partial.Groups {
			failed[gv] = c.explain(why)
			b.gap(Gap{Resource: API.String(), Partial: true, Reason: gv.String() + ": " + failed[gv]})
		}
	case err != nil:
		c.giveUp(ctx, err)
		b.gap(Gap{Resource: API.String(), Reason: c.explain(err)})
		return
	}
	preferred := map[string]string{}
	for _, g := range groups {
		preferred[g.Name] = g.PreferredVersion.Version
	}
	var resources []APIResource
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			b.gap(Gap{Resource: API.String(), Partial: true, Reason: err.Error()})
			continue
		}
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") {
				continue
			}
			resources = append(resources, APIResource{
				Group: gv.Group, Version: gv.Version, Resource: r.Name, Kind: r.Kind,
				Namespaced: r.Namespaced, Verbs: sortedCopy(r.Verbs),
			})
		}
	}
	b.snapshot.api = NewAPISurface(resources, preferred, failed)
}

func sortedCopy(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// aliases are resources that show the objects of another one in a second
// group: the second view has the same UIDs, so nothing is in it that is not in
// the first.
var aliases = map[schema.GroupResource]schema.GroupResource{
	{Group: "extensions", Resource: "deployments"}:         {Group: "apps", Resource: "deployments"},
	{Group: "extensions", Resource: "daemonsets"}:          {Group: "apps", Resource: "daemonsets"},
	{Group: "extensions", Resource: "replicasets"}:         {Group: "apps", Resource: "replicasets"},
	{Group: "extensions", Resource: "ingresses"}:           {Group: "networking.k8s.io", Resource: "ingresses"},
	{Group: "extensions", Resource: "networkpolicies"}:     {Group: "networking.k8s.io", Resource: "networkpolicies"},
	{Group: "extensions", Resource: "podsecuritypolicies"}: {Group: "policy", Resource: "podsecuritypolicies"},
}

// stored lists each resource that holds objects which somebody made, once, in
// the version that the server prefers for it: that is what a backup stores.
// Events pass, and resources that cannot be created (metrics, statuses) hold
// nothing that could be moved.
func (a *APISurface) stored() []APIResource {
	best := map[schema.GroupResource]APIResource{}
	for _, r := range a.Resources {
		gr := schema.GroupResource{Group: r.Group, Resource: r.Resource}
		if !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "create") || r.Kind == "Event" {
			continue
		}
		if known, ok := best[gr]; !ok || a.comparePreference(r, known) < 0 {
			best[gr] = r
		}
	}
	for alias, of := range aliases {
		if _, ok := best[of]; ok {
			delete(best, alias)
		}
	}
	out := make([]APIResource, 0, len(best))
	for _, r := range best {
		out = append(out, r)
	}
	slices.SortFunc(out, func(x, y APIResource) int {
		return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Resource, y.Resource))
	})
	return out
}

// comparePreference sorts versions of one resource: the group's preferred
// version first, then by the rules of Kubernetes version names.
func (a *APISurface) comparePreference(x, y APIResource) int {
	first := a.Preferred[x.Group]
	switch {
	case x.Version == y.Version:
		return 0
	case x.Version == first:
		return -1
	case y.Version == first:
		return 1
	}
	return -version.CompareKubeAwareVersionStrings(x.Version, y.Version)
}
