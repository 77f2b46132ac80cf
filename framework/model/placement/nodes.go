package placement

import (
	"iter"
	"maps"
	"math/bits"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// Nodes answers which nodes of a cluster satisfy a requirement, and remembers
// the answers: a cluster has thousands of workloads and a handful of distinct
// requirements. It is not safe for concurrent use and changes no node.
type Nodes struct {
	all     []*corev1.Node
	labels  map[string]map[string]int
	answers map[string]Answer
}

// Index takes the nodes. All of them count: one that is not ready or closed to
// new pods has its labels, and so has a virtual one.
func Index(nodes iter.Seq[*corev1.Node]) *Nodes {
	n := &Nodes{all: slices.Collect(nodes), labels: map[string]map[string]int{}, answers: map[string]Answer{}}
	for _, node := range n.all {
		for key, value := range node.Labels {
			if n.labels[key] == nil {
				n.labels[key] = map[string]int{}
			}
			n.labels[key][value]++
		}
	}
	return n
}

// Len is the number of nodes.
func (n *Nodes) Len() int { return len(n.all) }

// Values are the values of the label on the nodes, sorted; empty when no node
// has it.
func (n *Nodes) Values(label string) []string { return slices.Sorted(maps.Keys(n.labels[label])) }

// Answer is which nodes satisfy a requirement.
type Answer struct {
	Set
	// Invalid tells why the requirement, or one of its terms, cannot be parsed.
	// An API server refuses such an object; the scheduler lets the term match
	// nothing, and so does the set.
	Invalid error
}

// Match finds the nodes that satisfy the requirement.
func (n *Nodes) Match(r Requirement) Answer {
	key := r.key()
	if a, ok := n.answers[key]; ok {
		return a
	}
	a := n.match(r)
	n.answers[key] = a
	return a
}

func (n *Nodes) match(r Requirement) Answer {
	given := &corev1.NodeSelector{NodeSelectorTerms: r.Terms}
	_, err := nodeaffinity.NewNodeSelector(given)
	a := Answer{Set: n.none(), Invalid: err}
	selector := nodeaffinity.NewLazyErrorNodeSelector(given)
	for i, node := range n.all {
		if r.Origin == Volume {
			// As CheckNodeAffinity of component-helpers/storage/volume does:
			// the labels count and nothing else.
			node = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: node.Labels}}
		}
		if ok, _ := selector.Match(node); ok { // the error is in a.Invalid
			a.words[i/64] |= 1 << (i % 64)
		}
	}
	return a
}

// MatchAll finds the nodes that satisfy every requirement; without any, all do.
// It is invalid when one of them is.
func (n *Nodes) MatchAll(requirements []Requirement) Answer {
	all := Answer{Set: n.none()}
	for i := range n.all {
		all.words[i/64] |= 1 << (i % 64)
	}
	for _, r := range requirements {
		a := n.Match(r)
		for i := range all.words {
			all.words[i] &= a.words[i]
		}
		if all.Invalid == nil {
			all.Invalid = a.Invalid
		}
	}
	return all
}

// Conflict is a smallest part of the requirements that no single node
// satisfies together, in their order; nil when some node satisfies all.
func (n *Nodes) Conflict(requirements []Requirement) []Requirement {
	if n.MatchAll(requirements).Len() > 0 {
		return nil
	}
	core := slices.Clone(requirements)
	for i := 0; i < len(core); {
		without := slices.Delete(slices.Clone(core), i, i+1)
		if n.MatchAll(without).Len() == 0 {
			core = without
			continue
		}
		i++
	}
	return core
}

func (n *Nodes) none() Set { return Set{make([]uint64, (len(n.all)+63)/64)} }

// Set is a set of the nodes of one index.
type Set struct{ words []uint64 }

// Len is the number of nodes in the set.
func (s Set) Len() int {
	sum := 0
	for _, w := range s.words {
		sum += bits.OnesCount64(w)
	}
	return sum
}

// Meets reports whether some node is in both sets, which are of one index.
func (s Set) Meets(t Set) bool {
	for i := range s.words {
		if s.words[i]&t.words[i] != 0 {
			return true
		}
	}
	return false
}
