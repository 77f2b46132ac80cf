package scheduling

import (
	"testing"

	"github.com/precheck-dev/precheck/framework/checktest"
)

func TestNodeLabels(t *testing.T) { checktest.Run(t, "testdata/node-labels", NodeLabels) }
