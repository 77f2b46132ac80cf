package placement

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestSignatureTellsApart changes everything in a spec that Required and Wished
// read, and compares all pairs.
func TestSignatureTellsApart(t *testing.T) {
	specs := []*corev1.PodSpec{example(), {}}
	class := "gvisor"
	for _, change := range []func(*corev1.PodSpec){
		func(s *corev1.PodSpec) { s.NodeName = "node-2" },
		func(s *corev1.PodSpec) { s.RuntimeClassName = &class },
		func(s *corev1.PodSpec) { s.NodeSelector["a/b"] = "2" },
		func(s *corev1.PodSpec) { s.NodeSelector["c"] = "2" },
		func(s *corev1.PodSpec) { s.NodeSelector = nil },
		func(s *corev1.PodSpec) { s.TopologySpreadConstraints[0].TopologyKey = "other" },
		func(s *corev1.PodSpec) { s.TopologySpreadConstraints[0].WhenUnsatisfiable = corev1.DoNotSchedule },
		func(s *corev1.PodSpec) { s.TopologySpreadConstraints = s.TopologySpreadConstraints[:1] },
		func(s *corev1.PodSpec) { s.Affinity = nil },
		func(s *corev1.PodSpec) { s.Affinity.NodeAffinity = nil },
		func(s *corev1.PodSpec) {
			s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
		},
		func(s *corev1.PodSpec) { terms(s)[1].MatchExpressions[0].Key = "z" },
		func(s *corev1.PodSpec) { terms(s)[1].MatchExpressions[0].Operator = corev1.NodeSelectorOpDoesNotExist },
		func(s *corev1.PodSpec) { terms(s)[1].MatchExpressions[0].Values = []string{"v"} },
		func(s *corev1.PodSpec) { terms(s)[1].MatchFields = nil },
		func(s *corev1.PodSpec) { terms(s)[0] = term(expr("x", "Exists")) },
		func(s *corev1.PodSpec) { preferredTerms(s)[0].Weight = 1 },
		func(s *corev1.PodSpec) { preferredTerms(s)[2].Preference = term(expr("q", "Exists")) },
		func(s *corev1.PodSpec) { s.Affinity.PodAffinity, s.Affinity.PodAntiAffinity = nil, nil },
		func(s *corev1.PodSpec) { s.Affinity.PodAffinity = (*corev1.PodAffinity)(s.Affinity.PodAntiAffinity) },
		func(s *corev1.PodSpec) {
			s.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].TopologyKey = "k"
		},
		func(s *corev1.PodSpec) {
			s.Affinity.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.TopologyKey = "k"
		},
		func(s *corev1.PodSpec) {
			s.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].TopologyKey = "k"
		},
		func(s *corev1.PodSpec) {
			s.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.TopologyKey = "k"
		},
	} {
		s := example()
		change(s)
		specs = append(specs, s)
	}
	for i, a := range specs {
		for j, b := range specs {
			same := Signature(a) == Signature(b)
			if same && !reflect.DeepEqual(asked(a), asked(b)) {
				t.Errorf("specs %d and %d have one signature and ask for different things", i, j)
			}
			if same != (i == j) {
				t.Errorf("specs %d and %d: same signature = %v", i, j, same)
			}
		}
	}
	if one, other := Signature(example()), Signature(example()); one != other {
		t.Error("equal specs have different signatures")
	}
}

func asked(s *corev1.PodSpec) []Requirement {
	return append(Required(Path{}, s), Wished(Path{}, s)...)
}

func terms(s *corev1.PodSpec) []corev1.NodeSelectorTerm {
	return s.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
}

func preferredTerms(s *corev1.PodSpec) []corev1.PreferredSchedulingTerm {
	return s.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
}
