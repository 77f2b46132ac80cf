package cluster

import "context"

// A Reader takes a snapshot of what the resources name. The implementations
// are [Live], [Directory] and [Archive].
//
// An error means that there is nothing to read at all (no such directory, not
// one object in it). Whatever goes wrong later, a cluster that is unreachable
// or stops answering included, becomes a [Gap] of the snapshot.
type Reader interface {
	Read(ctx context.Context, resources []Resource) (*Snapshot, error)
}
