package framework_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var apiOnly = []cluster.Resource{cluster.API}

func version(t *testing.T, s string) cluster.Version {
	t.Helper()
	v, err := cluster.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVersionOnly(t *testing.T) {
	s := framework.VersionOnly(version(t, "v1.25.3-eks-1"))
	api := cluster.API.Of(s)
	if !api.Derived || len(s.GapsFor(apiOnly)) != 0 {
		t.Fatalf("derived %t, gaps %v; want a derived surface without gaps", api.Derived, s.GapsFor(apiOnly))
	}
	for _, want := range []struct {
		group, kind string
		versions    []string
	}{
		{"policy", "PodDisruptionBudget", []string{"v1"}},
		{"policy", "PodSecurityPolicy", nil},
		{"autoscaling", "HorizontalPodAutoscaler", []string{"v1", "v2", "v2beta2"}},
		{"flowcontrol.apiserver.k8s.io", "FlowSchema", []string{"v1beta1", "v1beta2"}},
		{"authentication.k8s.io", "TokenReview", []string{"v1"}},
		{"resource.k8s.io", "ResourceClaim", nil},
	} {
		got := api.Versions(schema.GroupKind{Group: want.group, Kind: want.kind})
		if diff := cmp.Diff(want.versions, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", want.group, want.kind, diff)
		}
	}
	pdb, _ := api.Lookup(schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"})
	want := cluster.APIResource{
		Group: "policy", Version: "v1", Kind: "PodDisruptionBudget", Resource: "poddisruptionbudgets", Namespaced: true,
		Verbs: []string{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"},
	}
	if diff := cmp.Diff(want, pdb); diff != "" {
		t.Errorf("resource (-want +got):\n%s", diff)
	}
}

// Source: scheme.SetVersionPriority in k8s.io/kubernetes pkg/apis/*/install.
func TestVersionOnlyPrefers(t *testing.T) {
	for v, want := range map[string]map[string]string{
		"1.19": {"": "v1", "policy": "v1beta1", "events.k8s.io": "v1beta1", "networking.k8s.io": "v1", "extensions": "v1beta1"},
		"1.20": {"autoscaling": "v1", "node.k8s.io": "v1beta1", "events.k8s.io": "v1", "discovery.k8s.io": "v1beta1"},
		"1.24": {"autoscaling": "v1", "policy": "v1beta1", "node.k8s.io": "v1", "discovery.k8s.io": "v1beta1", "flowcontrol.apiserver.k8s.io": "v1beta1"},
		"1.26": {"autoscaling": "v1", "policy": "v1", "discovery.k8s.io": "v1", "flowcontrol.apiserver.k8s.io": "v1beta2"},
		"1.37": {"autoscaling": "v2", "policy": "v1", "flowcontrol.apiserver.k8s.io": "v1", "resource.k8s.io": "v1"},
	} {
		preferred := cluster.API.Of(framework.VersionOnly(version(t, v))).Preferred
		for group, w := range want {
			if preferred[group] != w {
				t.Errorf("%s prefers %q of %q, want %q", v, preferred[group], group, w)
			}
		}
	}
}

func TestVersionOnlyBeyondTheData(t *testing.T) {
	for _, v := range []string{"1.99", "1.12", "2.0"} {
		s := framework.VersionOnly(version(t, v))
		gaps := s.GapsFor(apiOnly)
		if len(gaps) != 1 || gaps[0].Chosen || gaps[0].Partial || s.HasAPI() {
			t.Errorf("%s: gaps %+v, want one that makes checks unknown", v, gaps)
		}
	}
}

func TestDeriveAPI(t *testing.T) {
	const object = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: web}}\n"
	for name, c := range map[string]struct {
		text    string
		derived bool
		gaps    int
	}{
		"version":        {"{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.37.2}\n", true, 0},
		"surface":        {"{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.37.2, api: {resources: []}}\n", false, 0},
		"failed surface": {"{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.37.2, gaps: [{resource: api, reason: forbidden}]}\n", false, 1},
		"no version":     {"{apiVersion: precheck.dev/v1alpha1, kind: Snapshot}\n", false, 1},
		"newer version":  {"{apiVersion: precheck.dev/v1alpha1, kind: Snapshot, version: v1.99.0}\n", false, 1},
		"manifests":      {"", false, 1},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(c.text+object), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := cluster.Directory{Path: dir, Now: checktest.Now}.Read(t.Context(), apiOnly)
		if err != nil {
			t.Fatal(err)
		}
		s = framework.DeriveAPI(s)
		if got := cluster.API.Of(s).Derived; got != c.derived || len(s.GapsFor(apiOnly)) != c.gaps {
			t.Errorf("%s: derived %t with the gaps %v, want %t and %d gaps", name, got, s.GapsFor(apiOnly), c.derived, c.gaps)
		}
	}
}
