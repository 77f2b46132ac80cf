package main

import "fmt"

// A release names the module versions that describe one Kubernetes minor.
type release struct {
	minor int
	patch map[string]int // module path -> patch release read
}

const (
	moduleAPI        = "k8s.io/api"
	moduleExtensions = "k8s.io/apiextensions-apiserver"
	moduleAggregator = "k8s.io/kube-aggregator"
	moduleKubernetes = "k8s.io/kubernetes"
)

// modules lists what is read of every minor, in the order of the provenance.
var modules = []string{moduleAPI, moduleExtensions, moduleAggregator, moduleKubernetes}

// releases lists the newest patch of every minor since 1.19, the first whose
// k8s.io/api carries lifecycle methods. The exceptions are patches that the
// module proxy serves but that the checksum database does not know, or does not
// serve at all: there the newest patch that can be verified is read.
func releases() []release {
	newest := []struct{ minor, patch int }{
		{19, 16}, {20, 15}, {21, 14}, {22, 17}, {23, 17}, {24, 17}, {25, 16},
		{26, 15}, {27, 16}, {28, 15}, {29, 15}, {30, 14}, {31, 14}, {32, 13},
		{33, 13}, {34, 13}, {35, 10}, {36, 6}, {37, 2},
	}
	except := map[string]map[int]int{
		moduleAggregator: {31: 10},
		moduleKubernetes: {34: 4, 35: 4, 36: 3},
	}
	var list []release
	for _, n := range newest {
		r := release{minor: n.minor, patch: map[string]int{}}
		for _, m := range modules {
			r.patch[m] = n.patch
			if p, ok := except[m][n.minor]; ok {
				r.patch[m] = p
			}
		}
		list = append(list, r)
	}
	return list
}

// version returns the module version of the release: the staging modules are
// v0.minor.patch where k8s.io/kubernetes is v1.minor.patch.
func (r release) version(module string) string {
	major := 0
	if module == moduleKubernetes {
		major = 1
	}
	return fmt.Sprintf("v%d.%d.%d", major, r.minor, r.patch[module])
}
