package placement

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/google/go-cmp/cmp"
)

// example has everything that can ask something of nodes.
func example() *corev1.PodSpec {
	key := func(k string) corev1.PodAffinityTerm { return corev1.PodAffinityTerm{TopologyKey: k} }
	return &corev1.PodSpec{
		NodeName:     "node-1",
		NodeSelector: labels{"a/b": "1"},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
			{TopologyKey: "anyway", WhenUnsatisfiable: corev1.ScheduleAnyway},
			{TopologyKey: "must", WhenUnsatisfiable: corev1.DoNotSchedule},
		},
		Affinity: &corev1.Affinity{
			NodeAffinity: &corev1.NodeAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
					{}, {MatchExpressions: []corev1.NodeSelectorRequirement{expr("x", "Exists"), expr("y", "Exists")}, MatchFields: []corev1.NodeSelectorRequirement{expr("metadata.name", "In", "n")}},
				}},
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
					{Weight: 0, Preference: term(expr("weightless", "Exists"))}, {Weight: 1}, {Weight: 1, Preference: term(expr("p", "Exists"))},
				},
			},
			PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution:  []corev1.PodAffinityTerm{key("together")},
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{PodAffinityTerm: key("near")}},
			},
			PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution:  []corev1.PodAffinityTerm{key("apart")},
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{PodAffinityTerm: key("far")}},
			},
		},
	}
}

func TestEveryRequirementHasItsPath(t *testing.T) {
	type at struct {
		Origin        Origin
		Path, Pointer string
	}
	const must = "requiredDuringSchedulingIgnoredDuringExecution"
	const may = "preferredDuringSchedulingIgnoredDuringExecution"
	var got []at
	spec := example()
	for _, r := range append(Required(At("spec"), spec), Wished(At("spec"), spec)...) {
		pointer := r.Path.Pointer()
		if len(r.Keys) > 0 {
			pointer = r.Keys[0].Pointer()
		}
		got = append(got, at{r.Origin, r.Path.String(), pointer})
	}
	want := []at{
		{NodeName, "spec.nodeName", "/spec/nodeName"},
		{Selector, `spec.nodeSelector["a/b"]`, "/spec/nodeSelector/a~1b"},
		{Spread, "spec.topologySpreadConstraints[1].topologyKey", "/spec/topologySpreadConstraints/1/topologyKey"},
		{Affinity, "spec.affinity.nodeAffinity." + must + ".nodeSelectorTerms[1].matchExpressions[0]", "/spec/affinity/nodeAffinity/" + must + "/nodeSelectorTerms/1/matchExpressions/0/key"},
		{Affinity, "spec.affinity.nodeAffinity." + must + ".nodeSelectorTerms[1].matchExpressions[1]", "/spec/affinity/nodeAffinity/" + must + "/nodeSelectorTerms/1/matchExpressions/1/key"},
		{Affinity, "spec.affinity.nodeAffinity." + must + ".nodeSelectorTerms[1].matchFields[0]", "/spec/affinity/nodeAffinity/" + must + "/nodeSelectorTerms/1/matchFields/0"},
		{Together, "spec.affinity.podAffinity." + must + "[0].topologyKey", "/spec/affinity/podAffinity/" + must + "/0/topologyKey"},
		{SpreadAnyway, "spec.topologySpreadConstraints[0].topologyKey", "/spec/topologySpreadConstraints/0/topologyKey"},
		{Preference, "spec.affinity.nodeAffinity." + may + "[2].preference", "/spec/affinity/nodeAffinity/" + may + "/2/preference/matchExpressions/0/key"},
		{PreferTogether, "spec.affinity.podAffinity." + may + "[0].podAffinityTerm.topologyKey", "/spec/affinity/podAffinity/" + may + "/0/podAffinityTerm/topologyKey"},
		{Apart, "spec.affinity.podAntiAffinity." + must + "[0].topologyKey", "/spec/affinity/podAntiAffinity/" + must + "/0/topologyKey"},
		{PreferApart, "spec.affinity.podAntiAffinity." + may + "[0].podAffinityTerm.topologyKey", "/spec/affinity/podAntiAffinity/" + may + "/0/podAffinityTerm/topologyKey"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSuccessorLeavesTheOriginalAlone(t *testing.T) {
	selector := &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
		term(expr("beta.kubernetes.io/os", "In", "linux")), term(expr("disktype", "Exists")),
	}}
	r := FromSelector(Affinity, At("spec"), selector)[0]
	renamed, changed := r.Successor()
	if !changed || renamed.Same(r) {
		t.Fatalf("Successor changed = %v, Same = %v", changed, renamed.Same(r))
	}
	if diff := cmp.Diff([]string{"disktype", "kubernetes.io/os"}, renamed.Labels()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"beta.kubernetes.io/os", "disktype"}, r.Labels()); diff != "" {
		t.Error(diff)
	}
	if _, changed := renamed.Successor(); changed {
		t.Error("the successor has a successor")
	}
}

// TestSuccessors compares with deprecatedNodeLabels in pkg/api/node/util.go of
// Kubernetes v1.37.2, as far as it names a successor.
func TestSuccessors(t *testing.T) {
	for label, want := range map[string]string{
		"beta.kubernetes.io/arch":                  "kubernetes.io/arch",
		"beta.kubernetes.io/os":                    "kubernetes.io/os",
		"failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
		"failure-domain.beta.kubernetes.io/zone":   "topology.kubernetes.io/zone",
		"beta.kubernetes.io/instance-type":         "node.kubernetes.io/instance-type",
		"node-role.kubernetes.io/master":           "node-role.kubernetes.io/control-plane",
	} {
		if got, ok := Successor(label); !ok || got.Successor != want {
			t.Errorf("Successor(%s) = %+v, want %s", label, got, want)
		}
		if _, ok := Successor(want); ok {
			t.Errorf("%s has a successor", want)
		}
	}
}

func TestSetBy(t *testing.T) {
	for label, want := range map[string]string{
		"eks.amazonaws.com/nodegroup": "Amazon EKS",
		"topology.gke.io/zone":        "the CSI driver of Google Persistent Disk",
		"disktype":                    "",
		"topology.kubernetes.io/zone": "",
	} {
		if got := SetBy(label).Name; got != want {
			t.Errorf("SetBy(%s) = %q, want %q", label, got, want)
		}
	}
	if !SetBy("topology.gke.io/zone").AddOn || SetBy("eks.amazonaws.com/nodegroup").AddOn {
		t.Error("a CSI driver is an add-on, and a platform is none")
	}
}

func TestSortsOfLabels(t *testing.T) {
	type sorts struct{ pool, described, controlPlane bool }
	for label, want := range map[string]sorts{
		"alibabacloud.com/nodepool-id":           {pool: true},
		"doks.digitalocean.com/node-pool-id":     {pool: true},
		"cloud.google.com/gke-nodepool":          {},
		"kubernetes.io/arch":                     {described: true},
		"beta.kubernetes.io/instance-type":       {described: true},
		"failure-domain.beta.kubernetes.io/zone": {described: true},
		"kubernetes.io/hostname":                 {},
		"node-role.kubernetes.io/master":         {controlPlane: true},
		"node-role.kubernetes.io/control-plane":  {controlPlane: true},
		"node-role.kubernetes.io/worker":         {},
	} {
		if got := (sorts{PoolID(label), Described(label), ControlPlane(label)}); got != want {
			t.Errorf("%s: %+v, want %+v", label, got, want)
		}
	}
}
