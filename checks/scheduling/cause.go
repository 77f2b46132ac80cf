package scheduling

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/model/placement"
)

// cause is one reason why no node of the target satisfies an object.
type cause struct {
	// parts is the requirement that no node satisfies, or several that no
	// single node satisfies together.
	parts []placement.Requirement
	// again are requirements of the object that ask the same as the only part.
	again   []placement.Requirement
	invalid error
}

// causes are the reasons why no node of the target satisfies all requirements,
// and the requirements that are invalid. When some of them fit no node on their
// own, those are the reasons; else a smallest conflict among them is.
func (j *judge) causes(requirements []placement.Requirement) []cause {
	var out []cause
	for _, r := range requirements {
		a := j.target.Match(r)
		if a.Invalid == nil && a.Len() > 0 {
			continue
		}
		out = merge(out, cause{parts: []placement.Requirement{r}, invalid: a.Invalid})
	}
	if len(out) == 0 {
		if core := j.target.Conflict(requirements); core != nil {
			out = append(out, cause{parts: core})
		}
	}
	return out
}

// merge appends the cause, or adds it to one that says the same.
func merge(all []cause, c cause) []cause {
	i := slices.IndexFunc(all, func(other cause) bool {
		return other.parts[0].Same(c.parts[0]) && weight(other.parts[0].Origin) == weight(c.parts[0].Origin)
	})
	if i < 0 {
		return append(all, c)
	}
	all[i].again = append(all[i].again, c.parts...)
	return all
}

// weight is equal for origins whose findings may stand for each other: all
// that is required, and each sort of wish.
func weight(o placement.Origin) placement.Origin {
	if o <= placement.Together {
		return placement.Selector
	}
	return o
}

// renamed are the parts with the successors of renamed labels, and how many
// nodes of the target then satisfy them; ok is false when none was renamed.
func (c cause) renamed(target *placement.Nodes) (matches int, ok bool) {
	parts := make([]placement.Requirement, len(c.parts))
	for i, r := range c.parts {
		s, changed := r.Successor()
		parts[i] = s
		ok = ok || changed
	}
	return target.MatchAll(parts).Len(), ok
}

// finding is the cause without severity, object and the message's ending. The
// path is that of what holds the requirements: the pod spec, or something else
// when the spec is nil.
func (j *judge) finding(c cause, path placement.Path, spec *corev1.PodSpec) framework.Finding {
	f := framework.Finding{Details: j.details(c), Patches: j.patches(c, path, spec)}
	f.Object.FieldPath = path.String()
	if len(c.parts) == 1 {
		f.Object.FieldPath = c.parts[0].Path.String()
	}
	switch {
	case c.invalid != nil:
		f.Message = "the node selector is invalid: " + reason(c.invalid)
		f.Severity = framework.Blocker
		f.Remedy = invalidRemedy
	case len(c.parts) > 1:
		f.Message = "no present node of the target satisfies all of: " + strings.Join(phrases(c.parts), ", ")
	default:
		f.Message = fact(c.parts[0], j.target)
	}
	if f.Remedy == "" {
		f.Remedy = j.remedy(c, f)
	}
	return f
}

func (j *judge) details(c cause) map[string]string {
	d := map[string]string{"nodes": strconv.Itoa(j.target.Len())}
	var labels []string
	for _, r := range c.parts {
		labels = append(labels, r.Labels()...)
	}
	if len(labels) > 0 {
		d["label"] = strings.Join(labels, ", ")
	}
	if len(c.parts) > 1 {
		d["conditions"] = strings.Join(phrases(c.parts), ", ")
	} else if e, ok := c.parts[0].Single(); ok {
		d["label"], d["operator"] = e.Key, string(e.Operator)
		if len(e.Values) > 0 {
			d["values"] = strings.Join(e.Values, ", ")
		}
	}
	for _, l := range labels {
		if s, ok := placement.Successor(l); ok {
			join(d, "successor", s.Successor)
			join(d, "deprecatedSince", s.Since)
			matches, _ := c.renamed(j.target)
			d["successorMatches"] = strconv.Itoa(matches)
		}
		if by := placement.SetBy(l).Name; by != "" && !strings.Contains(d["setBy"], by) {
			join(d, "setBy", by)
		}
	}
	return d
}

func join(d map[string]string, key, value string) {
	if d[key] != "" {
		value = d[key] + ", " + value
	}
	d[key] = value
}

// patches rename labels, when nodes of the target match the result. The spec
// stands at the path; it is nil for what is no pod.
func (j *judge) patches(c cause, path placement.Path, spec *corev1.PodSpec) []framework.Patch {
	if matches, ok := c.renamed(j.target); !ok || matches == 0 {
		return nil
	}
	var out []framework.Patch
	for _, r := range slices.Concat(c.parts, c.again) {
		some, ok := renames(r, path, spec)
		if !ok {
			return nil
		}
		out = append(out, some...)
	}
	return out
}

// renames are the patches of one requirement; ok is false when it cannot be
// patched, because the label stands in another object or the new one is taken.
func renames(r placement.Requirement, path placement.Path, spec *corev1.PodSpec) (out []framework.Patch, ok bool) {
	i := 0
	for _, t := range r.Terms {
		for _, e := range t.MatchExpressions {
			s, renamed := placement.Successor(e.Key)
			switch {
			case !renamed:
			case i >= len(r.Keys) || taken(r.Origin, s.Successor, e, spec):
				return nil, false
			case r.Origin != placement.Selector:
				out = append(out, framework.Patch{Op: "replace", Path: r.Keys[i].Pointer(), Value: quote(s.Successor)})
			default:
				out = append(out, framework.Patch{Op: "remove", Path: r.Keys[i].Pointer()})
				if _, there := spec.NodeSelector[s.Successor]; !there {
					added := path.Child("nodeSelector").Key(s.Successor).Pointer()
					out = append(out, framework.Patch{Op: "add", Path: added, Value: quote(e.Values[0])})
				}
			}
			i++
		}
	}
	return out, true
}

// taken reports whether the new label is there already and would clash: with
// another value in a node selector, or in a second spread constraint with the
// same action, which the API server refuses.
func taken(origin placement.Origin, label string, e corev1.NodeSelectorRequirement, spec *corev1.PodSpec) bool {
	switch origin {
	case placement.Selector:
		value, there := spec.NodeSelector[label]
		return there && value != e.Values[0]
	case placement.Spread, placement.SpreadAnyway:
		action := corev1.DoNotSchedule
		if origin == placement.SpreadAnyway {
			action = corev1.ScheduleAnyway
		}
		return slices.ContainsFunc(spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			return c.TopologyKey == label && c.WhenUnsatisfiable == action
		})
	}
	return false
}

func quote(s string) json.RawMessage {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings have a JSON form
	}
	return data
}
