// Package policies holds the checks that are written in Rego, and the libraries
// in lib that policies of other people may import.
package policies

import (
	"embed"
	"io/fs"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/policy"
)

//go:embed */*.rego
var files embed.FS

// All are the embedded policies, sorted by ID. An error is a mistake in one of
// them, which the tests of this package keep out of a release.
func All() ([]*framework.Check, error) { return policy.Load(files) }

// Load reads the policies of a directory, which may import data.precheck.lib.*
// from here. See [policy.Load].
func Load(fsys fs.FS) ([]*framework.Check, error) { return policy.Load(fsys, files) }
