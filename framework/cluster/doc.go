// Package cluster reads a Kubernetes cluster, or files that describe one, into
// a Snapshot: the immutable, redacted, sorted state that checks look at.
//
// A check declares what it reads as a list of Resources: a Kind such as
// [Deployments], an extractor such as [ConfigMapData], or one of [API],
// [Inventory], [ServerVersion] and [UID]. A Reader (live cluster, directory of
// manifests, archive) reads the union of what all checks declare, once. What
// could not be read is recorded as a [Gap], so that no check takes a hole for
// an empty list.
package cluster
