package registry_test

import (
	"testing"

	"github.com/precheck-dev/precheck/framework/checktest"

	"example.com/custom-check/registry"
)

func TestUnreachable(t *testing.T) {
	checktest.Run(t, "testdata/registry", registry.Unreachable)
}
