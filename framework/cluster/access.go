package cluster

import (
	"cmp"
	"slices"
)

// AccessRule is a permission that reading takes.
type AccessRule struct {
	Group, Resource string
	// Verb is "list" or "get".
	Verb string
	// Namespace is empty for a permission in all namespaces.
	Namespace string
	// Name is empty for a permission for all objects.
	Name string
}

// Access is the least that must be allowed to read the resources of a cluster,
// sorted. A kind that was served by other API groups in the past is allowed in
// all of them. Discovery and the server's version need no rule: the ClusterRole
// system:discovery, which every authenticated user has, allows them
// (Kubernetes documentation, "Using RBAC Authorization", API discovery roles).
func Access(resources []Resource) []AccessRule {
	var out []AccessRule
	for _, p := range partsOf(resources) {
		switch {
		case p.kind != nil:
			for _, group := range p.kind.groups() {
				out = append(out, AccessRule{Group: group, Resource: p.kind.gr.Resource, Verb: "list"})
			}
		case p.data != nil:
			out = append(out, AccessRule{Resource: "configmaps", Verb: "list", Namespace: p.data.Namespace})
		case p.name == Inventory.String():
			out = append(out, AccessRule{Group: "*", Resource: "*", Verb: "list"})
		case p.name == UID.String():
			out = append(out, AccessRule{Resource: "namespaces", Verb: "get", Name: uidNamespace})
		}
	}
	slices.SortFunc(out, func(a, b AccessRule) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.Name, b.Name))
	})
	return slices.Compact(out)
}

// uidNamespace is the namespace whose UID identifies the cluster.
const uidNamespace = "kube-system"

// groups are the API groups that serve the kind or once did.
func (s *kindSpec) groups() []string {
	out := []string{s.gr.Group}
	for _, v := range s.versions {
		out = append(out, v.gv.Group)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
