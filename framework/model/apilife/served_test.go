package apilife_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// Source: DefaultAPIResourceConfigSource in k8s.io/kubernetes; KEP-3136 for betas
// that came with 1.24 or later.
func TestServedIn(t *testing.T) {
	for _, c := range []struct {
		kind              string
		m                 apilife.Minor
		served, servable  bool
		deprecatedOrAbove bool
	}{
		{"v1 Pod", 10, true, true, false},
		{"v1 Pod", 37, true, true, false},
		{"v1 Pod", 45, true, true, false},
		{"v1 Pod", 0, false, false, false},
		{"extensions/v1beta1 Deployment", 15, true, true, true},
		{"extensions/v1beta1 Deployment", 16, false, false, true},
		{"extensions/v1beta1 Ingress", 13, true, true, false},
		{"extensions/v1beta1 Ingress", 21, true, true, true},
		{"extensions/v1beta1 Ingress", 22, false, false, true},
		{"batch/v1 CronJob", 20, false, false, false},
		{"batch/v1 CronJob", 21, true, true, false},
		{"batch/v2alpha1 CronJob", 20, false, true, false},
		{"batch/v2alpha1 CronJob", 21, false, false, true},
		{"flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema", 26, true, true, false}, // beta after 1.24, but on: its predecessors were
		{"storage.k8s.io/v1beta1 VolumeAttributesClass", 33, false, true, false},
		{"storage.k8s.io/v1beta1 VolumeAttributesClass", 37, false, false, true},
		{"networking.k8s.io/v1beta1 IPAddress", 36, false, true, true},
		{"resource.k8s.io/v1beta1 ResourceClaim", 37, false, true, true},
		{"resource.k8s.io/v1 ResourceClaim", 33, false, false, false},
		{"resource.k8s.io/v1 ResourceClaim", 34, true, true, false},
		{"internal.apiserver.k8s.io/v1alpha1 StorageVersion", 37, false, true, false},
		{"policy/v1beta1 Eviction", 24, true, true, true},
	} {
		l := lookup(t, c.kind)
		if got := l.ServedIn(c.m); got != c.served {
			t.Errorf("%s served in %s: got %t", c.kind, c.m, got)
		}
		if got := l.ServableIn(c.m); got != c.servable {
			t.Errorf("%s servable in %s: got %t", c.kind, c.m, got)
		}
		if got := l.DeprecatedIn(c.m); got != c.deprecatedOrAbove {
			t.Errorf("%s deprecated in %s: got %t", c.kind, c.m, got)
		}
	}
}

// Source: issue 3136 of kubernetes/enhancements: new betas are off since 1.24.
// flowcontrol v1beta3 is the one exception.
func TestServedByDefaultRule(t *testing.T) {
	for l := range apilife.All() {
		v := l.GVK.Version
		want := !strings.Contains(v, "alpha") && (!strings.Contains(v, "beta") || l.Introduced < 24)
		if l.GVK.Group == "flowcontrol.apiserver.k8s.io" && v == "v1beta3" {
			want = true
		}
		if l.ServedByDefault != want {
			t.Errorf("%s: served by default is %t, want %t", name(l.GVK), l.ServedByDefault, want)
		}
	}
}

// The groups and versions of api/discovery/aggregated_v2.json in k8s.io/kubernetes
// v1.37.2, less alphas and betas, and authentication and authorization, whose
// kinds cannot be listed.
func TestServedAtNewest(t *testing.T) {
	want := []string{
		"admissionregistration.k8s.io/v1", "apiextensions.k8s.io/v1", "apiregistration.k8s.io/v1", "apps/v1",
		"autoscaling/v1", "autoscaling/v2", "batch/v1", "certificates.k8s.io/v1", "coordination.k8s.io/v1",
		"discovery.k8s.io/v1", "events.k8s.io/v1", "flowcontrol.apiserver.k8s.io/v1", "networking.k8s.io/v1",
		"node.k8s.io/v1", "policy/v1", "rbac.authorization.k8s.io/v1", "resource.k8s.io/v1", "scheduling.k8s.io/v1",
		"storage.k8s.io/v1", "storagemigration.k8s.io/v1", "v1",
	}
	if diff := cmp.Diff(want, groupVersions(37)); diff != "" {
		t.Errorf("1.37 (-want +got):\n%s", diff)
	}
}

// The lists of pkg/controlplane/instance.go in k8s.io/kubernetes v1.20.15, less
// what cannot be listed; and apiextensions and apiregistration.
func TestServedAt20(t *testing.T) {
	want := []string{
		"admissionregistration.k8s.io/v1", "admissionregistration.k8s.io/v1beta1",
		"apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1",
		"apiregistration.k8s.io/v1", "apiregistration.k8s.io/v1beta1", "apps/v1",
		"autoscaling/v1", "autoscaling/v2beta1", "autoscaling/v2beta2", "batch/v1", "batch/v1beta1",
		"certificates.k8s.io/v1", "certificates.k8s.io/v1beta1", "coordination.k8s.io/v1", "coordination.k8s.io/v1beta1",
		"discovery.k8s.io/v1beta1", "events.k8s.io/v1", "events.k8s.io/v1beta1", "extensions/v1beta1",
		"flowcontrol.apiserver.k8s.io/v1beta1", "networking.k8s.io/v1", "networking.k8s.io/v1beta1",
		"node.k8s.io/v1", "node.k8s.io/v1beta1", "policy/v1beta1",
		"rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1",
		"scheduling.k8s.io/v1", "scheduling.k8s.io/v1beta1", "storage.k8s.io/v1", "storage.k8s.io/v1beta1", "v1",
	}
	if diff := cmp.Diff(want, groupVersions(20)); diff != "" {
		t.Errorf("1.20 (-want +got):\n%s", diff)
	}
}

// The core group, which has no lifecycle, is complete: every listable resource of
// api/discovery/api__v1.json in k8s.io/kubernetes v1.37.2.
func TestServedAtCore(t *testing.T) {
	want := []string{
		"componentstatuses", "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes",
		"persistentvolumes", "persistentvolumeclaims", "pods", "podtemplates", "replicationcontrollers",
		"resourcequotas", "secrets", "services", "serviceaccounts",
	}
	for _, m := range []apilife.Minor{19, 37} {
		got := map[string]bool{}
		for _, l := range apilife.ServedAt(m) {
			if l.GVK.Group == "" {
				got[l.Resource] = true
			}
		}
		for _, r := range want {
			if !got[r] {
				t.Errorf("1.%d: %s is missing", m, r)
			}
			delete(got, r)
		}
		if len(got) != 0 {
			t.Errorf("1.%d: %v is too much", m, got)
		}
	}
}

// groupVersions returns the sorted group versions that a release serves.
func groupVersions(m apilife.Minor) []string {
	seen := map[string]bool{}
	var list []string
	for _, l := range apilife.ServedAt(m) {
		if gv := l.GVK.GroupVersion().String(); !seen[gv] {
			seen[gv] = true
			list = append(list, gv)
		}
	}
	slices.Sort(list)
	return list
}
