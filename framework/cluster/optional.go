package cluster

// Optional is the resource for a check that can do without it: it is read like
// any other, but what was not read of it makes the check neither skipped nor
// unknown. Ask [Snapshot.Knows] before reading.
func Optional(r Resource) Resource { return optional{r} }

type optional struct{ Resource }

// Knows reports whether the resource was read in full, so that an object that
// is not there does not exist.
func (s *Snapshot) Knows(r Resource) bool {
	if o, ok := r.(optional); ok {
		r = o.Resource
	}
	return len(s.GapsFor([]Resource{r})) == 0
}

// needed are the resources that are not optional.
func needed(resources []Resource) []Resource {
	var out []Resource
	for _, r := range resources {
		if _, ok := r.(optional); !ok {
			out = append(out, r)
		}
	}
	return out
}
