package api

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// answer says whether the target serves a kind in a version.
type answer int

const (
	// unknowable: nobody can tell.
	unknowable answer = iota
	served
	// unserved: the target knows the kind, or would if it were in this version.
	unserved
	// undefined: a kind that is not Kubernetes' own and that the target lacks.
	undefined
)

// target is what the target serves, and what is known about that.
type target struct {
	api     *cluster.APISurface
	version cluster.Version
	minor   apilife.Minor // zero when the version is no Kubernetes 1
}

func newTarget(s *cluster.Snapshot) target {
	t := target{api: cluster.API.Of(s), version: cluster.ServerVersion.Of(s)}
	if t.version.Major == 1 {
		t.minor = apilife.Minor(t.version.Minor)
	}
	return t
}

// asked answers for one kind in one version. Discovery alone decides; the
// lifecycle data only tell which groups are Kubernetes' own.
func (t target) asked(gvk schema.GroupVersionKind) answer {
	if _, ok := t.api.Lookup(gvk); ok {
		return served
	}
	life, _ := apilife.Lookup(gvk)
	switch {
	case t.api.FailedFor(gvk.GroupVersion()) != "", strings.Contains(life.Resource, "/"):
		// A surface holds no subresources, so it says nothing about an Eviction.
		return unknowable
	case apilife.GroupKnown(gvk.Group):
		return unserved
	case t.api.Derived:
		return unknowable
	case len(t.api.Versions(gvk.GroupKind())) > 0:
		return unserved
	case t.failedGroup(gvk.Group):
		return unknowable
	}
	return undefined
}

// failedGroup reports whether any version of the group could not be asked.
func (t target) failedGroup(group string) bool {
	for gv := range t.api.Failed {
		if gv.Group == group {
			return true
		}
	}
	return false
}

// why tells why a version that the target does not serve is not served; empty
// for a kind that is not Kubernetes' own.
func (t target) why(gvk schema.GroupVersionKind) []string {
	life, known := apilife.Lookup(gvk)
	reason := fmt.Sprintf("%s enables it by default, and somebody switched it off", t.minor)
	switch {
	case !apilife.GroupKnown(gvk.Group):
		return nil
	case !known:
		reason = fmt.Sprintf("no Kubernetes up to %s has it", apilife.Newest())
	case t.minor == 0:
		reason = fmt.Sprintf("its version is %s", t.version)
	case life.RemovedIn(t.minor):
		reason = fmt.Sprintf("removed in %s", life.Removed)
	case t.minor < life.Introduced:
		reason = fmt.Sprintf("it came with %s", life.Introduced)
	case !life.ServedByDefault:
		reason = fmt.Sprintf("%s has it and does not enable it by default", t.minor)
	}
	return []string{reason}
}

// switchable reports whether a target of which only the version is known serves
// the kind if somebody has told it to.
func (t target) switchable(gvk schema.GroupVersionKind) bool {
	life, ok := apilife.Lookup(gvk)
	return ok && t.api.Derived && life.ServableIn(t.minor)
}

// replacement is what the target really serves instead of the kind.
func (t target) replacement(gvk schema.GroupVersionKind) (schema.GroupVersionKind, bool) {
	for _, s := range apilife.Successors(gvk) {
		if _, ok := t.api.Lookup(s); ok {
			return s, true
		}
	}
	for _, v := range t.api.Versions(gvk.GroupKind()) {
		if v != gvk.Version {
			return gvk.GroupKind().WithVersion(v), true
		}
	}
	return schema.GroupVersionKind{}, false
}

// details are the documented details of a finding about the kind.
func (t target) details(gvk schema.GroupVersionKind) map[string]string {
	d := map[string]string{"apiVersion": gvk.GroupVersion().String()}
	if life, ok := apilife.Lookup(gvk); ok {
		put(d, "deprecatedIn", life.Deprecated.String())
		put(d, "removedIn", life.Removed.String())
	}
	if r, ok := t.replacement(gvk); ok {
		put(d, "replacement", name(r))
	}
	put(d, "served", strings.Join(slices.Sorted(slices.Values(t.api.Versions(gvk.GroupKind()))), ", "))
	return d
}

func put(d map[string]string, key, value string) {
	if value != "" {
		d[key] = value
	}
}

// name is the kind as people write it, for example "batch/v1 CronJob".
func name(gvk schema.GroupVersionKind) string {
	return gvk.GroupVersion().String() + " " + gvk.Kind
}
