package api_test

import (
	"testing"

	"github.com/precheck-dev/precheck/checks/api"
	"github.com/precheck-dev/precheck/framework/checktest"
)

func TestRemoved(t *testing.T) { checktest.Run(t, "testdata/removed", api.Removed) }

func TestDeprecated(t *testing.T) { checktest.Run(t, "testdata/deprecated", api.Deprecated) }
