package placement

import corev1 "k8s.io/api/core/v1"

// Required is all that a node must satisfy for a pod of this spec, which
// stands at the path, to land on it. A RuntimeClass adds to it.
func Required(path Path, spec *corev1.PodSpec) []Requirement {
	var out []Requirement
	if spec.NodeName != "" {
		out = append(out, named(path.Child("nodeName"), spec.NodeName))
	}
	for _, r := range FromLabels(Selector, path.Child("nodeSelector"), spec.NodeSelector) {
		r.Path = r.Path.Key(r.Terms[0].MatchExpressions[0].Key)
		r.Keys = []Path{r.Path}
		out = append(out, r)
	}
	out = append(out, spread(Spread, corev1.DoNotSchedule, path, spec)...)
	a := spec.Affinity
	if a == nil {
		return out
	}
	path = path.Child("affinity")
	if n := a.NodeAffinity; n != nil && n.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		out = append(out, FromSelector(Affinity, path.Child("nodeAffinity", required), n.RequiredDuringSchedulingIgnoredDuringExecution)...)
	}
	if p := a.PodAffinity; p != nil {
		out = append(out, keys(Together, path.Child("podAffinity", required), p.RequiredDuringSchedulingIgnoredDuringExecution)...)
	}
	return out
}

// Wished is what a pod of this spec asks of nodes without needing it: what it
// prefers, and the topology that keeps its pods apart.
func Wished(path Path, spec *corev1.PodSpec) []Requirement {
	out := spread(SpreadAnyway, corev1.ScheduleAnyway, path, spec)
	a := spec.Affinity
	if a == nil {
		return out
	}
	path = path.Child("affinity")
	if n := a.NodeAffinity; n != nil {
		out = append(out, preferences(path.Child("nodeAffinity", preferred), n.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	if p := a.PodAffinity; p != nil {
		out = append(out, weighted(PreferTogether, path.Child("podAffinity", preferred), p.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	if p := a.PodAntiAffinity; p != nil {
		path = path.Child("podAntiAffinity")
		out = append(out, keys(Apart, path.Child(required), p.RequiredDuringSchedulingIgnoredDuringExecution)...)
		out = append(out, weighted(PreferApart, path.Child(preferred), p.PreferredDuringSchedulingIgnoredDuringExecution)...)
	}
	return out
}

const (
	required  = "requiredDuringSchedulingIgnoredDuringExecution"
	preferred = "preferredDuringSchedulingIgnoredDuringExecution"
)

func spread(origin Origin, action corev1.UnsatisfiableConstraintAction, path Path, spec *corev1.PodSpec) []Requirement {
	var out []Requirement
	for i, c := range spec.TopologySpreadConstraints {
		if c.WhenUnsatisfiable == action {
			out = append(out, exists(origin, path.Child("topologySpreadConstraints").Index(i).Child("topologyKey"), c.TopologyKey))
		}
	}
	return out
}

func keys(origin Origin, path Path, terms []corev1.PodAffinityTerm) []Requirement {
	var out []Requirement
	for i, t := range terms {
		out = append(out, exists(origin, path.Index(i).Child("topologyKey"), t.TopologyKey))
	}
	return out
}

func weighted(origin Origin, path Path, terms []corev1.WeightedPodAffinityTerm) []Requirement {
	var out []Requirement
	for i, t := range terms {
		out = append(out, exists(origin, path.Index(i).Child("podAffinityTerm", "topologyKey"), t.PodAffinityTerm.TopologyKey))
	}
	return out
}

// preferences leaves out what the scheduler leaves out: terms without weight
// or conditions.
func preferences(path Path, terms []corev1.PreferredSchedulingTerm) []Requirement {
	var out []Requirement
	for i, t := range terms {
		if t.Weight == 0 || len(t.Preference.MatchExpressions)+len(t.Preference.MatchFields) == 0 {
			continue
		}
		at := path.Index(i).Child("preference")
		r := Requirement{Origin: Preference, Path: at, Terms: []corev1.NodeSelectorTerm{t.Preference}}
		for j := range t.Preference.MatchExpressions {
			r.Keys = append(r.Keys, at.Child("matchExpressions").Index(j).Child("key"))
		}
		out = append(out, r)
	}
	return out
}
