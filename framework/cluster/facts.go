package cluster

import "iter"

// API is what discovery says: see [APISurface].
var API = apiFact{fact("api")}

// Inventory has one [Row] for every object of every listable resource.
var Inventory = inventoryFact{fact("inventory")}

// ServerVersion is the version of the API server.
var ServerVersion = versionFact{fact("version")}

// UID is the identity of the cluster: the UID of the namespace kube-system.
var UID = uidFact{fact("uid")}

type (
	apiFact       struct{ fact }
	inventoryFact struct{ fact }
	versionFact   struct{ fact }
	uidFact       struct{ fact }
)

// Of is the API surface of the cluster, never nil.
func (f apiFact) Of(s *Snapshot) *APISurface {
	s.use(string(f.fact))
	return s.api
}

// Of yields the rows of the inventory, sorted by resource, namespace and name.
func (f inventoryFact) Of(s *Snapshot) iter.Seq[*Row] {
	s.use(string(f.fact))
	return func(yield func(*Row) bool) {
		for i := range s.rows {
			if !yield(&s.rows[i]) {
				return
			}
		}
	}
}

// Of is the version of the API server.
func (f versionFact) Of(s *Snapshot) Version {
	s.use(string(f.fact))
	return s.Identity.Version
}

// Of is the UID of the cluster.
func (f uidFact) Of(s *Snapshot) string {
	s.use(string(f.fact))
	return s.Identity.UID
}
