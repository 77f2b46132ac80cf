package cluster_test

import (
	"testing"

	"github.com/precheck-dev/precheck/checks/cluster"
	"github.com/precheck-dev/precheck/framework/checktest"
)

func TestSameCluster(t *testing.T) {
	checktest.Run(t, "testdata/same-cluster", cluster.SameCluster)
}

func TestVersionSkew(t *testing.T) {
	checktest.Run(t, "testdata/version-skew", cluster.VersionSkew)
}
