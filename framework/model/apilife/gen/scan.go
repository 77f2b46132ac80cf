package main

import "fmt"

// A scan is what the sources say about one minor.
type scan struct {
	minor    int
	types    map[gvk]bool      // Go types that are no lists
	hasList  map[gvk]bool      // those with a list type beside them
	stated   map[gvk]statement // lifecycle methods
	served   map[gvk]resource
	defaults defaultSet
	groups   map[string]bool
}

// scanRelease reads the modules of one release.
func scanRelease(r release, mods []module) (*scan, error) {
	s := &scan{
		minor: r.minor, types: map[gvk]bool{}, hasList: map[gvk]bool{},
		stated: map[gvk]statement{}, defaults: defaultSet{}, groups: map[string]bool{},
	}
	packages := map[string]typePackage{}
	for _, m := range mods {
		if m.Path == moduleKubernetes {
			continue
		}
		list, err := typePackages(m)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			packages[p.path] = p
			if err := s.addPackage(p); err != nil {
				return nil, err
			}
		}
	}
	for _, m := range mods {
		if m.Path == moduleAPI {
			continue
		}
		if err := s.defaults.addDefaults(m, packages); err != nil {
			return nil, err
		}
		if m.Path == moduleKubernetes {
			served, err := servedResources(m)
			if err != nil {
				return nil, err
			}
			s.served = served
		}
	}
	if !s.defaults.has(gvk{"", "v1", "Pod"}, "pods") || len(s.served) == 0 {
		return nil, fmt.Errorf("scan 1.%d: no pods", r.minor)
	}
	return s, nil
}

// addPackage adds the types of a package and what their methods say.
func (s *scan) addPackage(p typePackage) error {
	s.groups[p.group] = true
	stated, err := statements(p)
	if err != nil {
		return err
	}
	for name := range p.types {
		if p.isList(name) {
			continue
		}
		k := gvk{p.group, p.version, name}
		s.types[k] = true
		s.hasList[k] = p.types[name+"List"]
		if st, ok := stated[name]; ok {
			s.stated[k] = st
		}
	}
	return nil
}
