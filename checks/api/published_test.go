package api_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/checks/api"
	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// removals is the deprecation guide, release by release, as far as k8s.io/api
// still has the types, and below it what the guide leaves out. Left out here
// are kinds that a cluster makes by itself (Lease, CSINode, VolumeAttachment,
// CSIStorageCapacity), the subresource Eviction, and alphas.
//
// Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/
var removals = map[int][]string{
	16: {
		"extensions/v1beta1 NetworkPolicy", "extensions/v1beta1 DaemonSet", "extensions/v1beta1 Deployment", "extensions/v1beta1 ReplicaSet",
		"apps/v1beta1 Deployment", "apps/v1beta1 StatefulSet",
		"apps/v1beta2 DaemonSet", "apps/v1beta2 Deployment", "apps/v1beta2 ReplicaSet", "apps/v1beta2 StatefulSet",
		"apps/v1beta1 ControllerRevision", "apps/v1beta2 ControllerRevision", // not in the guide
	},
	22: {
		"admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration",
		"authentication.k8s.io/v1beta1 TokenReview", "authorization.k8s.io/v1beta1 LocalSubjectAccessReview",
		"authorization.k8s.io/v1beta1 SelfSubjectAccessReview", "authorization.k8s.io/v1beta1 SubjectAccessReview",
		"authorization.k8s.io/v1beta1 SelfSubjectRulesReview", // not in the guide
		"certificates.k8s.io/v1beta1 CertificateSigningRequest", "extensions/v1beta1 Ingress",
		"networking.k8s.io/v1beta1 Ingress", "networking.k8s.io/v1beta1 IngressClass",
		"rbac.authorization.k8s.io/v1beta1 ClusterRole", "rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding",
		"rbac.authorization.k8s.io/v1beta1 Role", "rbac.authorization.k8s.io/v1beta1 RoleBinding",
		"scheduling.k8s.io/v1beta1 PriorityClass", "storage.k8s.io/v1beta1 CSIDriver", "storage.k8s.io/v1beta1 StorageClass",
	},
	25: {
		"batch/v1beta1 CronJob", "discovery.k8s.io/v1beta1 EndpointSlice", "events.k8s.io/v1beta1 Event",
		"policy/v1beta1 PodDisruptionBudget", "node.k8s.io/v1beta1 RuntimeClass",
	},
	26: {"flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta1 PriorityLevelConfiguration"},
	29: {"flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta2 PriorityLevelConfiguration"},
	32: {"flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfiguration"},
	// Not in the guide: betas that were off by default.
	33: {"authentication.k8s.io/v1beta1 SelfSubjectReview"},
	34: {
		"admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding",
	},
	37: {
		"networking.k8s.io/v1beta1 IPAddress", "networking.k8s.io/v1beta1 ServiceCIDR", "storage.k8s.io/v1beta1 VolumeAttributesClass",
	},
}

// neverServed are kinds that no release stores or takes as objects: answers of
// subresources and of discovery, what is sent to webhooks, and what the API
// server keeps in etcd for itself.
var neverServed = []string{
	"apidiscovery.k8s.io/v2 APIGroupDiscovery", "apidiscovery.k8s.io/v2beta1 APIGroupDiscovery",
	"apps/v1beta1 Scale", "apps/v1beta2 Scale", "autoscaling/v1 Scale", "extensions/v1beta1 Scale",
	"imagepolicy.k8s.io/v1alpha1 ImageReview", "v1 RangeAllocation",
}

// published copies the objects that k8s.io/api publishes: one of every kind in
// every version.
func published(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/api").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "testdata", "HEAD", "*.yaml"))
	if err != nil || len(files) < 100 {
		t.Fatalf("found %d files of k8s.io/api: %v", len(files), err)
	}
	dir := t.TempDir()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// found runs the check on manifests against a target of which only the version
// is known, and gives the finding about every kind.
func found(t *testing.T, check *framework.Check, dir, version string) map[string]framework.Finding {
	t.Helper()
	source, err := cluster.Directory{Path: dir, Now: checktest.Now}.Read(t.Context(), check.Source)
	if err != nil {
		t.Fatal(err)
	}
	v, err := cluster.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	in := framework.Input{Source: source, Target: framework.VersionOnly(v), Now: checktest.Now}
	result, _ := framework.ApplyOne(t.Context(), check, in)
	out := map[string]framework.Finding{}
	for _, f := range result.Findings {
		kind := f.Object.APIVersion + " " + f.Object.Kind
		if _, twice := out[kind]; twice {
			t.Errorf("%s: more than one finding", kind)
		}
		out[kind] = f
	}
	return out
}

func TestRemovedPublished(t *testing.T) {
	dir := published(t)
	for version, minor := range map[string]int{"1.19": 19, "1.22": 22, "1.25": 25, "1.31": 31, "1.37": 37} {
		var want, got []string
		for release, kinds := range removals {
			if release <= minor {
				want = append(want, kinds...)
			}
		}
		for kind, f := range found(t, api.Removed, dir, version) {
			if strings.Contains(f.Message, "(removed in") && !strings.Contains(kind, "alpha") {
				got = append(got, kind)
				if f.Severity != framework.Blocker {
					t.Errorf("%s: %s is a %s", version, kind, f.Severity)
				}
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("removed on %s (-want +got):\n%s", version, diff)
		}
	}
}

// What the newest release does not serve and has not removed.
func TestUnservedPublished(t *testing.T) {
	var never []string
	for kind, f := range found(t, api.Removed, published(t), "1.37") {
		switch {
		case strings.Contains(f.Message, "(removed in"):
		case strings.Contains(f.Message, "does not enable it by default"):
			if f.Severity != framework.Warning || !strings.Contains(kind, "alpha") && !strings.Contains(kind, "beta") {
				t.Errorf("%s: got the %s %q", kind, f.Severity, f.Message)
			}
		default:
			never = append(never, kind)
		}
	}
	slices.Sort(never)
	if diff := cmp.Diff(neverServed, never); diff != "" {
		t.Errorf("never served (-want +got):\n%s", diff)
	}
}

// Source: the guide, for the versions that 1.22 and 1.24 still serve.
func TestDeprecatedPublished(t *testing.T) {
	dir := published(t)
	for version, want := range map[string][]string{
		"1.22": {
			"batch/v1beta1 CronJob", "discovery.k8s.io/v1beta1 EndpointSlice", "events.k8s.io/v1beta1 Event",
			"node.k8s.io/v1beta1 RuntimeClass", "policy/v1beta1 PodDisruptionBudget",
		},
		"1.24": {
			"batch/v1beta1 CronJob", "discovery.k8s.io/v1beta1 EndpointSlice", "events.k8s.io/v1beta1 Event",
			"flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema", "flowcontrol.apiserver.k8s.io/v1beta1 PriorityLevelConfiguration",
			"node.k8s.io/v1beta1 RuntimeClass", "policy/v1beta1 PodDisruptionBudget",
		},
		"1.37": nil, // the Endpoints are those of the Service beside them
	} {
		got := slices.Sorted(maps.Keys(found(t, api.Deprecated, dir, version)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("deprecated on %s (-want +got):\n%s", version, diff)
		}
	}
}
