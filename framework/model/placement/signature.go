package placement

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Signature is equal for pod specs that have the same requirements and wishes,
// at the same places, and the same RuntimeClass: what was found out about one
// of them holds for all.
func Signature(spec *corev1.PodSpec) string {
	var b strings.Builder
	text(&b, spec.NodeName)
	if spec.RuntimeClassName != nil {
		b.WriteByte('r')
		text(&b, *spec.RuntimeClassName)
	}
	for _, k := range sortedKeys(spec.NodeSelector) {
		b.WriteByte('s')
		text(&b, k)
		text(&b, spec.NodeSelector[k])
	}
	for _, c := range spec.TopologySpreadConstraints {
		b.WriteByte('c')
		text(&b, c.TopologyKey)
		text(&b, string(c.WhenUnsatisfiable))
	}
	if a := spec.Affinity; a != nil {
		signNodes(&b, a.NodeAffinity)
		if p := a.PodAffinity; p != nil {
			b.WriteByte('t')
			signPods(&b, p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution)
		}
		if p := a.PodAntiAffinity; p != nil {
			b.WriteByte('a')
			signPods(&b, p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution)
		}
	}
	return b.String()
}

func signNodes(b *strings.Builder, a *corev1.NodeAffinity) {
	if a == nil {
		return
	}
	if r := a.RequiredDuringSchedulingIgnoredDuringExecution; r != nil {
		b.WriteByte('n')
		for _, t := range r.NodeSelectorTerms {
			writeTerm(b, t)
		}
	}
	for _, t := range a.PreferredDuringSchedulingIgnoredDuringExecution {
		b.WriteByte('p')
		if t.Weight == 0 {
			b.WriteByte('0')
		}
		writeTerm(b, t.Preference)
	}
}

func signPods(b *strings.Builder, required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
	for _, t := range required {
		b.WriteByte('!')
		text(b, t.TopologyKey)
	}
	for _, t := range preferred {
		b.WriteByte('?')
		text(b, t.PodAffinityTerm.TopologyKey)
	}
}
