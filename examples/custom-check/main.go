// Command custom-check is precheck with one check more: a company's own. All of
// precheck's commands, flags, formats and exit codes are there.
//
//	go run . run --source registry/testdata/registry/mixed/source --target-version v1.37
package main

import (
	"os"

	"github.com/precheck-dev/precheck/checks"
	"github.com/precheck-dev/precheck/runner"

	"example.com/custom-check/registry"
)

func main() { os.Exit(runner.Main(append(checks.All(), registry.Unreachable)...)) }
