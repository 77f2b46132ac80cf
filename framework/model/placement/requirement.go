package placement

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Origin is what a requirement was read from.
type Origin int

const (
	// NodeName is spec.nodeName.
	NodeName Origin = iota + 1
	// Selector is an entry of spec.nodeSelector.
	Selector
	// Affinity is required node affinity.
	Affinity
	// RuntimeClass is an entry of scheduling.nodeSelector of the pod's
	// RuntimeClass, which admission adds to the pod's nodeSelector.
	RuntimeClass
	// Spread is the key of a topology spread constraint with DoNotSchedule.
	Spread
	// Together is the key of required pod affinity.
	Together

	// Preference is a preferred node affinity.
	Preference
	// SpreadAnyway is the key of a topology spread constraint with ScheduleAnyway.
	SpreadAnyway
	// Apart is the key of required pod anti-affinity. A node without it
	// satisfies the term, so the protection is lost and the pod runs.
	Apart
	// PreferTogether is the key of preferred pod affinity.
	PreferTogether
	// PreferApart is the key of preferred pod anti-affinity.
	PreferApart

	// Volume is the node affinity of a persistent volume.
	Volume
	// Topologies are the allowed topologies of a storage class.
	Topologies
)

// Requirement is something that a node satisfies or not: one of its terms
// must hold, and all of a term.
type Requirement struct {
	Origin Origin
	// Path is where it stands in its object.
	Path Path
	// Terms are shared with the object and must not be changed.
	Terms []corev1.NodeSelectorTerm
	// Keys are the paths of the label keys, in the order of the terms and their
	// matchExpressions; empty when they stand in another object.
	Keys []Path
}

// Single is the only condition of the requirement, and whether it is on the
// label or the field of that name; ok is false when there are several.
func (r Requirement) Single() (c corev1.NodeSelectorRequirement, ok bool) {
	if len(r.Terms) != 1 || len(r.Terms[0].MatchExpressions)+len(r.Terms[0].MatchFields) != 1 {
		return c, false
	}
	if len(r.Terms[0].MatchFields) == 1 {
		return r.Terms[0].MatchFields[0], true
	}
	return r.Terms[0].MatchExpressions[0], true
}

// Labels are the label keys that the requirement names, sorted.
func (r Requirement) Labels() []string {
	var out []string
	for _, t := range r.Terms {
		for _, e := range t.MatchExpressions {
			out = append(out, e.Key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Successor is the requirement with every renamed label replaced; ok is false
// when it names none.
func (r Requirement) Successor() (Requirement, bool) {
	changed := false
	terms := make([]corev1.NodeSelectorTerm, len(r.Terms))
	for i, t := range r.Terms {
		terms[i] = t
		terms[i].MatchExpressions = slices.Clone(t.MatchExpressions)
		for j, e := range t.MatchExpressions {
			if s, ok := Successor(e.Key); ok {
				terms[i].MatchExpressions[j].Key = s.Successor
				changed = true
			}
		}
	}
	r.Terms = terms
	return r, changed
}

// Same reports whether two requirements ask for the same of a node.
func (r Requirement) Same(other Requirement) bool { return r.key() == other.key() }

// key is equal for requirements that every node answers equally.
func (r Requirement) key() string {
	var b strings.Builder
	if r.Origin == Volume {
		b.WriteString("volume")
	}
	for _, t := range r.Terms {
		writeTerm(&b, t)
	}
	return b.String()
}

// writeTerm and text give every text its length, so that no two lists look alike.
func writeTerm(b *strings.Builder, t corev1.NodeSelectorTerm) {
	b.WriteByte('|')
	for _, e := range t.MatchExpressions {
		writeCondition(b, 'l', e)
	}
	for _, e := range t.MatchFields {
		writeCondition(b, 'f', e)
	}
}

func writeCondition(b *strings.Builder, kind byte, e corev1.NodeSelectorRequirement) {
	b.WriteByte(kind)
	text(b, e.Key)
	text(b, string(e.Operator))
	for _, v := range e.Values {
		text(b, v)
	}
}

func text(b *strings.Builder, s string) {
	b.WriteString(strconv.Itoa(len(s)))
	b.WriteByte(':')
	b.WriteString(s)
}

func (r Requirement) on(e corev1.NodeSelectorRequirement) Requirement {
	r.Terms = []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{e}}}
	return r
}

func exists(origin Origin, path Path, label string) Requirement {
	return Requirement{Origin: origin, Path: path, Keys: []Path{path}}.
		on(corev1.NodeSelectorRequirement{Key: label, Operator: corev1.NodeSelectorOpExists})
}

// FromLabels are the requirements of a nodeSelector, sorted by label. The
// labels have no path of their own: they stand in another object.
func FromLabels(origin Origin, path Path, selector map[string]string) []Requirement {
	var out []Requirement
	for _, label := range sortedKeys(selector) {
		out = append(out, Requirement{Origin: origin, Path: path}.
			on(corev1.NodeSelectorRequirement{Key: label, Operator: corev1.NodeSelectorOpIn, Values: []string{selector[label]}}))
	}
	return out
}

// FromSelector are the requirements of a node selector, which stands at the
// path. A single term is split, because all of its conditions must hold;
// several are one requirement, because one of them suffices.
func FromSelector(origin Origin, path Path, selector *corev1.NodeSelector) []Requirement {
	terms := path.Child("nodeSelectorTerms")
	one := -1
	for i, t := range selector.NodeSelectorTerms {
		switch {
		case len(t.MatchExpressions)+len(t.MatchFields) == 0: // matches no node
		case one >= 0:
			return []Requirement{whole(origin, terms, selector.NodeSelectorTerms)}
		default:
			one = i
		}
	}
	if one < 0 {
		return []Requirement{whole(origin, terms, selector.NodeSelectorTerms)}
	}
	return split(origin, terms.Index(one), selector.NodeSelectorTerms[one])
}

func split(origin Origin, path Path, term corev1.NodeSelectorTerm) []Requirement {
	var out []Requirement
	for i, e := range term.MatchExpressions {
		at := path.Child("matchExpressions").Index(i)
		out = append(out, Requirement{Origin: origin, Path: at, Keys: []Path{at.Child("key")}}.on(e))
	}
	for i, f := range term.MatchFields {
		out = append(out, Requirement{
			Origin: origin, Path: path.Child("matchFields").Index(i),
			Terms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{f}}},
		})
	}
	return out
}

func whole(origin Origin, path Path, terms []corev1.NodeSelectorTerm) Requirement {
	r := Requirement{Origin: origin, Path: path, Terms: terms}
	for i, t := range terms {
		for j := range t.MatchExpressions {
			r.Keys = append(r.Keys, path.Index(i).Child("matchExpressions").Index(j).Child("key"))
		}
	}
	return r
}

// FromTopologies is the requirement of a storage class with allowed
// topologies, which a node must satisfy for a volume to be provisioned for it.
func FromTopologies(path Path, topologies []corev1.TopologySelectorTerm) Requirement {
	r := Requirement{Origin: Topologies, Path: path}
	for i, t := range topologies {
		var term corev1.NodeSelectorTerm
		for j, e := range t.MatchLabelExpressions {
			term.MatchExpressions = append(term.MatchExpressions,
				corev1.NodeSelectorRequirement{Key: e.Key, Operator: corev1.NodeSelectorOpIn, Values: e.Values})
			r.Keys = append(r.Keys, path.Index(i).Child("matchLabelExpressions").Index(j).Child("key"))
		}
		r.Terms = append(r.Terms, term)
	}
	return r
}

func named(path Path, name string) Requirement {
	return Requirement{Origin: NodeName, Path: path, Terms: []corev1.NodeSelectorTerm{{
		MatchFields: []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{name}}},
	}}}
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
