// Package custom tests the policy of the example, as its owner would.
package custom

import (
	"os"
	"testing"

	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/policies"
)

func TestUntagged(t *testing.T) {
	checks, err := policies.Load(os.DirFS("policies"))
	if err != nil {
		t.Fatal(err)
	}
	checktest.Run(t, "testdata/untagged", checks[0])
}
