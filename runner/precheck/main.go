// Command precheck compares two Kubernetes clusters before a migration.
package main

import (
	"os"

	"github.com/precheck-dev/precheck/checks"
	"github.com/precheck-dev/precheck/runner"
)

func main() { os.Exit(runner.Main(checks.All()...)) }
