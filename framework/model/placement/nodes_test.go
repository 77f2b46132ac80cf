package placement

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"
)

type labels = map[string]string

func index(nodes ...*corev1.Node) *Nodes { return Index(slices.Values(nodes)) }

func node(name string, l labels) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: l}}
}

func expr(key string, op corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: op, Values: values}
}

func term(e ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: e}
}

func fields(e ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchFields: e}
}

func affinity(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

// TestRequiredFits follows TestNodeAffinity and TestPodFitsHost of the
// scheduler's plugins NodeAffinity and NodeName, and the cases about missing
// topology keys of PodTopologySpread and InterPodAffinity (Kubernetes v1.37.2).
func TestRequiredFits(t *testing.T) {
	tests := map[string]struct {
		spec    corev1.PodSpec
		labels  labels
		fits    bool
		invalid bool
	}{
		"no selector":                        {fits: true},
		"missing label":                      {spec: corev1.PodSpec{NodeSelector: labels{"foo": "bar"}}},
		"same label":                         {spec: corev1.PodSpec{NodeSelector: labels{"foo": "bar"}}, labels: labels{"foo": "bar", "x": "y"}, fits: true},
		"other value":                        {spec: corev1.PodSpec{NodeSelector: labels{"foo": "bar"}}, labels: labels{"foo": "baz"}},
		"empty value":                        {spec: corev1.PodSpec{NodeSelector: labels{"foo": ""}}, labels: labels{"foo": ""}, fits: true},
		"empty value, missing label":         {spec: corev1.PodSpec{NodeSelector: labels{"foo": ""}}},
		"one of two entries":                 {spec: corev1.PodSpec{NodeSelector: labels{"foo": "bar", "baz": "blah"}}, labels: labels{"foo": "bar"}},
		"In":                                 {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "In", "bar", "value2")))}, labels: labels{"foo": "bar"}, fits: true},
		"In, other value":                    {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "In", "value1", "value2")))}, labels: labels{"foo": "bar"}},
		"NotIn":                              {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "NotIn", "value1")))}, labels: labels{"foo": "bar"}, fits: true},
		"NotIn without the label":            {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "NotIn", "bar")))}, fits: true},
		"NotIn, same value":                  {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "NotIn", "bar")))}, labels: labels{"foo": "bar"}},
		"Exists":                             {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "Exists")))}, labels: labels{"foo": ""}, fits: true},
		"Exists without the label":           {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "Exists")))}},
		"DoesNotExist":                       {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "DoesNotExist")))}, fits: true},
		"DoesNotExist with the label":        {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "DoesNotExist")))}, labels: labels{"foo": "bar"}},
		"Gt":                                 {spec: corev1.PodSpec{Affinity: affinity(term(expr("version", "Gt", "0204")))}, labels: labels{"version": "0206"}, fits: true},
		"Gt, equal":                          {spec: corev1.PodSpec{Affinity: affinity(term(expr("version", "Gt", "206")))}, labels: labels{"version": "206"}},
		"Gt, no number on the node":          {spec: corev1.PodSpec{Affinity: affinity(term(expr("version", "Gt", "1")))}, labels: labels{"version": "new"}},
		"Lt":                                 {spec: corev1.PodSpec{Affinity: affinity(term(expr("version", "Lt", "7")))}, labels: labels{"version": "6"}, fits: true},
		"Lt without the label":               {spec: corev1.PodSpec{Affinity: affinity(term(expr("version", "Lt", "7")))}},
		"no terms match nothing":             {spec: corev1.PodSpec{Affinity: affinity()}, labels: labels{"foo": "bar"}},
		"an empty term matches nothing":      {spec: corev1.PodSpec{Affinity: affinity(term())}, labels: labels{"foo": "bar"}},
		"an empty term beside one":           {spec: corev1.PodSpec{Affinity: affinity(term(), term(expr("foo", "Exists")))}, labels: labels{"foo": "bar"}, fits: true},
		"no required affinity":               {spec: corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}}, fits: true},
		"conditions are ANDed":               {spec: corev1.PodSpec{Affinity: affinity(term(expr("gpu", "Exists"), expr("gpu", "NotIn", "old")))}, labels: labels{"gpu": "new"}, fits: true},
		"one of two conditions":              {spec: corev1.PodSpec{Affinity: affinity(term(expr("gpu", "Exists"), expr("foo", "Exists")))}, labels: labels{"gpu": "new"}},
		"terms are ORed":                     {spec: corev1.PodSpec{Affinity: affinity(term(expr("gpu", "Exists")), term(expr("foo", "Exists")))}, labels: labels{"gpu": "new"}, fits: true},
		"no term matches":                    {spec: corev1.PodSpec{Affinity: affinity(term(expr("a", "Exists")), term(expr("b", "Exists")))}, labels: labels{"gpu": "new"}},
		"selector and affinity are ANDed":    {spec: corev1.PodSpec{NodeSelector: labels{"foo": "bar"}, Affinity: affinity(term(expr("foo", "Exists")))}, labels: labels{"foo": "bar"}, fits: true},
		"selector fits, affinity does not":   {spec: corev1.PodSpec{NodeSelector: labels{"foo": "bar"}, Affinity: affinity(term(expr("foo", "NotIn", "bar")))}, labels: labels{"foo": "bar"}},
		"affinity fits, selector does not":   {spec: corev1.PodSpec{NodeSelector: labels{"foo": "baz"}, Affinity: affinity(term(expr("foo", "Exists")))}, labels: labels{"foo": "bar"}},
		"matchFields":                        {spec: corev1.PodSpec{Affinity: affinity(fields(expr("metadata.name", "In", "node-1")))}, fits: true},
		"matchFields, other name":            {spec: corev1.PodSpec{Affinity: affinity(fields(expr("metadata.name", "In", "node-2")))}},
		"matchFields NotIn":                  {spec: corev1.PodSpec{Affinity: affinity(fields(expr("metadata.name", "NotIn", "node-2")))}, fits: true},
		"matchFields and matchExpressions":   {spec: corev1.PodSpec{Affinity: affinity(corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{expr("metadata.name", "In", "node-1")}, MatchExpressions: []corev1.NodeSelectorRequirement{expr("foo", "In", "bar")}})}},
		"nodeName":                           {spec: corev1.PodSpec{NodeName: "node-1"}, fits: true},
		"other nodeName":                     {spec: corev1.PodSpec{NodeName: "node-2"}},
		"spread over a missing key":          {spec: corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule}}}},
		"spread over a key":                  {spec: corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule}}}, labels: labels{"zone": "a"}, fits: true},
		"ScheduleAnyway over a missing key":  {spec: corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway}}}, fits: true},
		"affinity to pods, missing key":      {spec: corev1.PodSpec{Affinity: &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "zone"}}}}}},
		"anti-affinity to pods, missing key": {spec: corev1.PodSpec{Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "zone"}}}}}, fits: true},
		"unknown operator":                   {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "Equals", "bar")))}, labels: labels{"foo": "bar"}, invalid: true},
		"In without values":                  {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "In")))}, labels: labels{"foo": "bar"}, invalid: true},
		"Exists with a value":                {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "Exists", "bar")))}, labels: labels{"foo": "bar"}, invalid: true},
		"Gt without a number":                {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "Gt", "bar")))}, labels: labels{"foo": "1"}, invalid: true},
		"field with two values":              {spec: corev1.PodSpec{Affinity: affinity(fields(expr("metadata.name", "In", "node-1", "node-2")))}, invalid: true},
		"an invalid term beside a good one":  {spec: corev1.PodSpec{Affinity: affinity(term(expr("foo", "Equals", "bar")), term(expr("foo", "Exists")))}, labels: labels{"foo": "bar"}, fits: true, invalid: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			n := index(node("node-1", tc.labels))
			a := n.MatchAll(Required(At("spec"), &tc.spec))
			if got := a.Len() == 1; got != tc.fits {
				t.Errorf("fits = %v, want %v", got, tc.fits)
			}
			if got := a.Invalid != nil; got != tc.invalid {
				t.Errorf("invalid = %v, want %v", a.Invalid, tc.invalid)
			}
		})
	}
}

// TestVolume follows TestCheckVolumeNodeAffinity of component-helpers
// v0.37.2: the name of a node does not count.
func TestVolume(t *testing.T) {
	n := index(node("a", labels{"zone": "1"}), node("b", labels{"zone": "2"}), node("c", nil))
	for name, tc := range map[string]struct {
		selector corev1.NodeSelector
		want     int
	}{
		"no terms":       {corev1.NodeSelector{}, 0},
		"one zone":       {corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term(expr("zone", "In", "1"))}}, 1},
		"either":         {corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term(expr("zone", "In", "1")), term(expr("zone", "In", "2"))}}, 2},
		"no such zone":   {corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term(expr("zone", "In", "3"))}}, 0},
		"name of a node": {corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{fields(expr("metadata.name", "In", "z"))}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			if got := n.MatchAll(FromSelector(Volume, At("spec"), &tc.selector)).Len(); got != tc.want {
				t.Errorf("%d nodes, want %d", got, tc.want)
			}
		})
	}
}

// TestTopologies follows TestMatchTopologySelectorTerms of
// pkg/apis/core/v1/helper (Kubernetes v1.37.2), apart from "no terms", which
// the caller must take as "all nodes".
func TestTopologies(t *testing.T) {
	topology := func(key string, values ...string) corev1.TopologySelectorTerm {
		return corev1.TopologySelectorTerm{MatchLabelExpressions: []corev1.TopologySelectorLabelRequirement{{Key: key, Values: values}}}
	}
	n := index(node("a", labels{"zone": "1", "rack": "x"}))
	for name, tc := range map[string]struct {
		terms []corev1.TopologySelectorTerm
		want  int
	}{
		"value":        {[]corev1.TopologySelectorTerm{topology("zone", "0", "1")}, 1},
		"other value":  {[]corev1.TopologySelectorTerm{topology("zone", "0")}, 0},
		"missing key":  {[]corev1.TopologySelectorTerm{topology("row", "1")}, 0},
		"empty term":   {[]corev1.TopologySelectorTerm{{}}, 0},
		"terms ORed":   {[]corev1.TopologySelectorTerm{topology("zone", "0"), topology("rack", "x")}, 1},
		"labels ANDed": {[]corev1.TopologySelectorTerm{{MatchLabelExpressions: append(topology("zone", "1").MatchLabelExpressions, topology("rack", "y").MatchLabelExpressions...)}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := n.Match(FromTopologies(At("allowedTopologies"), tc.terms)).Len(); got != tc.want {
				t.Errorf("%d nodes, want %d", got, tc.want)
			}
		})
	}
}

func TestConflictIsSmallest(t *testing.T) {
	n := index(node("a", labels{"os": "linux", "arch": "amd64"}), node("b", labels{"os": "linux", "arch": "arm64", "disk": "ssd"}))
	required := Required(At("spec"), &corev1.PodSpec{NodeSelector: labels{"os": "linux", "arch": "amd64", "disk": "ssd"}})
	var got []string
	for _, r := range n.Conflict(required) {
		got = append(got, r.Path.String())
	}
	if diff := cmp.Diff([]string{`spec.nodeSelector["arch"]`, `spec.nodeSelector["disk"]`}, got); diff != "" {
		t.Error(diff)
	}
	if c := n.Conflict(required[:1]); c != nil {
		t.Errorf("Conflict = %v, want nil: one requirement is satisfied", c)
	}
}

func TestIndexOverManyNodes(t *testing.T) {
	var nodes []*corev1.Node
	for i := range 130 { // more than two words
		nodes = append(nodes, node(fmt.Sprint("n", i), labels{"mod": fmt.Sprint(i % 3)}))
	}
	n := index(nodes...)
	all := 0
	for _, v := range n.Values("mod") {
		all += n.MatchAll(FromLabels(RuntimeClass, At("spec"), labels{"mod": v})).Len()
	}
	if all != 130 || n.Len() != 130 || n.MatchAll(nil).Len() != 130 {
		t.Errorf("the values cover %d of %d nodes, no requirement %d", all, n.Len(), n.MatchAll(nil).Len())
	}
	if n.Values("none") != nil {
		t.Error("a label that no node has has values")
	}
}
