package cluster

import "testing"

func TestOptionalResourceIsReadAndItsGapsDoNotCount(t *testing.T) {
	s := &Snapshot{gaps: []Gap{{Resource: Nodes.String(), Reason: "forbidden"}}}
	declared := []Resource{Deployments, Optional(Nodes)}
	if gaps := s.GapsFor(declared); len(gaps) != 0 {
		t.Errorf("GapsFor = %v, want none", gaps)
	}
	if s.Knows(Optional(Nodes)) || s.Knows(Nodes) {
		t.Error("Knows(nodes) = true although they were not read")
	}
	if !s.Knows(Deployments) {
		t.Error("Knows(deployments) = false although nothing is missing")
	}
	for range Nodes.In(s.For(declared)) { // must not panic: it is declared
		t.Error("there are no nodes")
	}
	if _, ok := newRequest(declared).kinds[Nodes.String()]; !ok {
		t.Error("the optional resource is not read")
	}
}
