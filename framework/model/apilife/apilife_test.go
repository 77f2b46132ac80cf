package apilife_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// gvk parses "group/version Kind".
func gvk(t *testing.T, s string) schema.GroupVersionKind {
	t.Helper()
	apiVersion, kind, ok := strings.Cut(s, " ")
	gv, err := schema.ParseGroupVersion(apiVersion)
	if !ok || err != nil {
		t.Fatalf("malformed kind %q", s)
	}
	return gv.WithKind(kind)
}

// name is the opposite of gvk; the zero value is "".
func name(k schema.GroupVersionKind) string {
	if k.Empty() {
		return ""
	}
	return k.GroupVersion().String() + " " + k.Kind
}

func lookup(t *testing.T, s string) apilife.Life {
	t.Helper()
	l, ok := apilife.Lookup(gvk(t, s))
	if !ok {
		t.Fatalf("%s is not known", s)
	}
	return l
}

// A truth is a line of a table of removals: kind, deprecated, removed,
// replacement. A deprecation of -1 is not compared.
type truth struct {
	kind                string
	deprecated, removed apilife.Minor
	replacement         string
}

func checkTruths(t *testing.T, list []truth) {
	t.Helper()
	for _, w := range list {
		l, ok := apilife.Lookup(gvk(t, w.kind))
		if !ok {
			t.Errorf("%s is not known", w.kind)
			continue
		}
		got := truth{w.kind, l.Deprecated, l.Removed, name(l.Replacement)}
		if w.deprecated == -1 {
			got.deprecated = -1
		}
		if diff := cmp.Diff(w, got, cmp.AllowUnexported(truth{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.kind, diff)
		}
	}
}

// Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/,
// release by release.
func TestDeprecationGuide(t *testing.T) {
	checkTruths(t, []truth{
		{"flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema", 29, 32, "flowcontrol.apiserver.k8s.io/v1 FlowSchema"},
		{"flowcontrol.apiserver.k8s.io/v1beta3 PriorityLevelConfiguration", 29, 32, "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration"},
		{"flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema", 26, 29, "flowcontrol.apiserver.k8s.io/v1 FlowSchema"},
		{"flowcontrol.apiserver.k8s.io/v1beta2 PriorityLevelConfiguration", 26, 29, "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration"},
		{"storage.k8s.io/v1beta1 CSIStorageCapacity", 24, 27, "storage.k8s.io/v1 CSIStorageCapacity"},
		{"flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema", 23, 26, "flowcontrol.apiserver.k8s.io/v1 FlowSchema"},
		{"flowcontrol.apiserver.k8s.io/v1beta1 PriorityLevelConfiguration", 23, 26, "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration"},
		{"autoscaling/v2beta2 HorizontalPodAutoscaler", 23, 26, "autoscaling/v2 HorizontalPodAutoscaler"},
		{"batch/v1beta1 CronJob", 21, 25, "batch/v1 CronJob"},
		{"discovery.k8s.io/v1beta1 EndpointSlice", 21, 25, "discovery.k8s.io/v1 EndpointSlice"},
		{"events.k8s.io/v1beta1 Event", -1, 25, "events.k8s.io/v1 Event"},
		{"autoscaling/v2beta1 HorizontalPodAutoscaler", -1, 25, "autoscaling/v2 HorizontalPodAutoscaler"},
		{"policy/v1beta1 PodDisruptionBudget", 21, 25, "policy/v1 PodDisruptionBudget"},
		{"policy/v1beta1 PodSecurityPolicy", 21, 25, ""},
		{"node.k8s.io/v1beta1 RuntimeClass", -1, 25, "node.k8s.io/v1 RuntimeClass"},
		{"admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration", 16, 22, "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration"},
		{"admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration", 16, 22, "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration"},
		{"apiextensions.k8s.io/v1beta1 CustomResourceDefinition", 16, 22, "apiextensions.k8s.io/v1 CustomResourceDefinition"},
		{"apiregistration.k8s.io/v1beta1 APIService", 19, 22, "apiregistration.k8s.io/v1 APIService"},
		{"authentication.k8s.io/v1beta1 TokenReview", 19, 22, "authentication.k8s.io/v1 TokenReview"},
		{"authorization.k8s.io/v1beta1 LocalSubjectAccessReview", 19, 22, "authorization.k8s.io/v1 LocalSubjectAccessReview"},
		{"authorization.k8s.io/v1beta1 SelfSubjectAccessReview", 19, 22, "authorization.k8s.io/v1 SelfSubjectAccessReview"},
		{"authorization.k8s.io/v1beta1 SelfSubjectRulesReview", 19, 22, "authorization.k8s.io/v1 SelfSubjectRulesReview"},
		{"authorization.k8s.io/v1beta1 SubjectAccessReview", 19, 22, "authorization.k8s.io/v1 SubjectAccessReview"},
		{"certificates.k8s.io/v1beta1 CertificateSigningRequest", 19, 22, "certificates.k8s.io/v1 CertificateSigningRequest"},
		{"coordination.k8s.io/v1beta1 Lease", 19, 22, "coordination.k8s.io/v1 Lease"},
		{"extensions/v1beta1 Ingress", 14, 22, "networking.k8s.io/v1 Ingress"},
		{"networking.k8s.io/v1beta1 Ingress", 19, 22, "networking.k8s.io/v1 Ingress"},
		{"networking.k8s.io/v1beta1 IngressClass", 19, 22, "networking.k8s.io/v1 IngressClass"},
		{"rbac.authorization.k8s.io/v1beta1 ClusterRole", 17, 22, "rbac.authorization.k8s.io/v1 ClusterRole"},
		{"rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding", 17, 22, "rbac.authorization.k8s.io/v1 ClusterRoleBinding"},
		{"rbac.authorization.k8s.io/v1beta1 Role", 17, 22, "rbac.authorization.k8s.io/v1 Role"},
		{"rbac.authorization.k8s.io/v1beta1 RoleBinding", 17, 22, "rbac.authorization.k8s.io/v1 RoleBinding"},
		{"scheduling.k8s.io/v1beta1 PriorityClass", 14, 22, "scheduling.k8s.io/v1 PriorityClass"},
		{"storage.k8s.io/v1beta1 CSIDriver", 19, 22, "storage.k8s.io/v1 CSIDriver"},
		{"storage.k8s.io/v1beta1 CSINode", 17, 22, "storage.k8s.io/v1 CSINode"},
		{"storage.k8s.io/v1beta1 StorageClass", 19, 22, "storage.k8s.io/v1 StorageClass"},
		{"storage.k8s.io/v1beta1 VolumeAttachment", 19, 22, "storage.k8s.io/v1 VolumeAttachment"},
		{"extensions/v1beta1 NetworkPolicy", 9, 16, "networking.k8s.io/v1 NetworkPolicy"},
		{"extensions/v1beta1 DaemonSet", 8, 16, "apps/v1 DaemonSet"},
		{"apps/v1beta2 DaemonSet", 9, 16, "apps/v1 DaemonSet"},
		{"extensions/v1beta1 Deployment", 8, 16, "apps/v1 Deployment"},
		{"apps/v1beta1 Deployment", 8, 16, "apps/v1 Deployment"},
		{"apps/v1beta2 Deployment", 9, 16, "apps/v1 Deployment"},
		{"apps/v1beta1 StatefulSet", 8, 16, "apps/v1 StatefulSet"},
		{"apps/v1beta2 StatefulSet", 9, 16, "apps/v1 StatefulSet"},
		{"extensions/v1beta1 ReplicaSet", 8, 16, "apps/v1 ReplicaSet"},
		{"apps/v1beta2 ReplicaSet", 9, 16, "apps/v1 ReplicaSet"},
		{"extensions/v1beta1 PodSecurityPolicy", 11, 16, ""},
	})
}

// Source: the staged storage of k8s.io/kubernetes pkg/registry/*/rest, release by
// release; the guide leaves alphas out. Where a type has no lifecycle methods at
// all there is no deprecation.
func TestAlphasGo(t *testing.T) {
	checkTruths(t, []truth{
		{"rbac.authorization.k8s.io/v1alpha1 ClusterRole", 0, 23, "rbac.authorization.k8s.io/v1 ClusterRole"},
		{"rbac.authorization.k8s.io/v1alpha1 ClusterRoleBinding", 0, 23, "rbac.authorization.k8s.io/v1 ClusterRoleBinding"},
		{"rbac.authorization.k8s.io/v1alpha1 Role", 0, 23, "rbac.authorization.k8s.io/v1 Role"},
		{"rbac.authorization.k8s.io/v1alpha1 RoleBinding", 0, 23, "rbac.authorization.k8s.io/v1 RoleBinding"},
		{"scheduling.k8s.io/v1alpha1 PriorityClass", 0, 23, "scheduling.k8s.io/v1 PriorityClass"},
		{"node.k8s.io/v1alpha1 RuntimeClass", 0, 24, "node.k8s.io/v1 RuntimeClass"},
		{"batch/v2alpha1 CronJob", 0, 21, "batch/v1 CronJob"},
		{"settings.k8s.io/v1alpha1 PodPreset", 0, 20, ""},
		{"discovery.k8s.io/v1alpha1 EndpointSlice", 0, 21, "discovery.k8s.io/v1 EndpointSlice"},
		{"flowcontrol.apiserver.k8s.io/v1alpha1 FlowSchema", 20, 21, "flowcontrol.apiserver.k8s.io/v1 FlowSchema"},
		{"storage.k8s.io/v1alpha1 CSIStorageCapacity", 21, 24, "storage.k8s.io/v1 CSIStorageCapacity"},
		{"storage.k8s.io/v1alpha1 VolumeAttachment", 21, 23, "storage.k8s.io/v1 VolumeAttachment"},
		{"resource.k8s.io/v1alpha1 ResourceClaim", 0, 27, "resource.k8s.io/v1 ResourceClaim"},
		{"resource.k8s.io/v1alpha2 ResourceClaim", 0, 31, "resource.k8s.io/v1 ResourceClaim"},
		{"resource.k8s.io/v1alpha2 ResourceClass", 0, 31, ""},
		{"resource.k8s.io/v1alpha3 ResourceClaim", 0, 34, "resource.k8s.io/v1 ResourceClaim"},
		{"networking.k8s.io/v1alpha1 ClusterCIDR", 28, 29, ""},
		{"networking.k8s.io/v1alpha1 IPAddress", 30, 31, "networking.k8s.io/v1 IPAddress"},
		{"networking.k8s.io/v1alpha1 ServiceCIDR", 30, 31, "networking.k8s.io/v1 ServiceCIDR"},
		{"coordination.k8s.io/v1alpha1 LeaseCandidate", 0, 32, "coordination.k8s.io/v1beta1 LeaseCandidate"},
		{"certificates.k8s.io/v1alpha1 PodCertificateRequest", 0, 35, "certificates.k8s.io/v1 PodCertificateRequest"},
		{"storagemigration.k8s.io/v1alpha1 StorageVersionMigration", 33, 35, "storagemigration.k8s.io/v1 StorageVersionMigration"},
		{"scheduling.k8s.io/v1alpha1 Workload", 0, 36, "scheduling.k8s.io/v1beta1 Workload"},
		{"scheduling.k8s.io/v1alpha2 PodGroup", 0, 37, "scheduling.k8s.io/v1beta1 PodGroup"},
		{"admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy", 29, 32, "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy"},
		{"authentication.k8s.io/v1alpha1 SelfSubjectReview", 29, 32, "authentication.k8s.io/v1 SelfSubjectReview"},
	})
}

// Source: the lifecycle methods of k8s.io/api v0.37.2; these carry no
// replacement there except where the guide is quoted above.
func TestBetasSinceOffByDefault(t *testing.T) {
	checkTruths(t, []truth{
		{"admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy", 31, 34, "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy"},
		{"admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding", 31, 34, "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding"},
		{"authentication.k8s.io/v1beta1 SelfSubjectReview", 30, 33, "authentication.k8s.io/v1 SelfSubjectReview"},
		{"networking.k8s.io/v1beta1 IPAddress", 34, 37, "networking.k8s.io/v1 IPAddress"},
		{"networking.k8s.io/v1beta1 ServiceCIDR", 34, 37, "networking.k8s.io/v1 ServiceCIDR"},
		{"storage.k8s.io/v1beta1 VolumeAttributesClass", 34, 37, "storage.k8s.io/v1 VolumeAttributesClass"},
		{"certificates.k8s.io/v1alpha1 ClusterTrustBundle", 34, 37, "certificates.k8s.io/v1 ClusterTrustBundle"},
		{"certificates.k8s.io/v1beta1 PodCertificateRequest", 37, 40, "certificates.k8s.io/v1 PodCertificateRequest"},
		{"resource.k8s.io/v1beta1 ResourceClaim", 35, 38, "resource.k8s.io/v1 ResourceClaim"},
		{"resource.k8s.io/v1beta2 ResourceClaim", 36, 39, "resource.k8s.io/v1 ResourceClaim"},
		{"apps/v1beta1 ControllerRevision", 8, 16, "apps/v1 ControllerRevision"},
		{"policy/v1beta1 Eviction", 22, 25, "policy/v1 Eviction"},
		{"v1 Endpoints", 33, 0, "discovery.k8s.io/v1 EndpointSlice"},
		{"v1 ComponentStatus", 19, 0, ""},
	})
}

// An alpha may go before the date that its methods announce.
func TestPlanned(t *testing.T) {
	for kind, want := range map[string]apilife.Minor{
		"resource.k8s.io/v1alpha3 ResourceClaim":                   37,
		"coordination.k8s.io/v1alpha1 LeaseCandidate":              37,
		"certificates.k8s.io/v1alpha1 PodCertificateRequest":       40,
		"storagemigration.k8s.io/v1alpha1 StorageVersionMigration": 36,
		"storage.k8s.io/v1alpha1 VolumeAttachment":                 24,
		"extensions/v1beta1 Ingress":                               22,
		"rbac.authorization.k8s.io/v1alpha1 Role":                  0,
		"v1 Endpoints": 0,
	} {
		if got := lookup(t, kind).Planned; got != want {
			t.Errorf("%s: planned removal %q, want %q", kind, got, want)
		}
	}
}

// What went between 1.20 and 1.37 for a cluster that was never touched.
func TestRemovedCount(t *testing.T) {
	var all, beta int
	for l := range apilife.All() {
		if !l.RemovedIn(37) {
			continue
		}
		all++
		if !strings.Contains(l.GVK.Version, "alpha") {
			beta++
		}
	}
	if all != 101 || beta != 58 {
		t.Errorf("%d kinds are gone by 1.37, %d of them no alphas; want 101 and 58", all, beta)
	}
}

func TestLookupUnknown(t *testing.T) {
	for _, kind := range []string{
		"apps/v1 DeploymentList", "apps/v1beta1 Scale", "autoscaling/v1 Scale", "apps/v1beta1 DeploymentRollback",
		"v1 DeleteOptions", "v1 List", "v1 PodExecOptions", "v1 SerializedReference", "admission.k8s.io/v1 AdmissionReview",
		"apiextensions.k8s.io/v1 ConversionReview", "imagepolicy.k8s.io/v1alpha1 ImageReview", "batch/v1beta1 JobTemplate",
		"apidiscovery.k8s.io/v2 APIGroupDiscovery",
		"apps/v1beta1 ReplicaSet", // never existed, though other tools list it
		"apps/v1beta1 DaemonSet", "snapshot.storage.k8s.io/v1 VolumeSnapshot",
	} {
		if l, ok := apilife.Lookup(gvk(t, kind)); ok {
			t.Errorf("%s: got %+v, want nothing", kind, l)
		}
	}
}

func TestGroupKnown(t *testing.T) {
	for group, want := range map[string]bool{
		"": true, "apps": true, "extensions": true, "settings.k8s.io": true, "auditregistration.k8s.io": true,
		"admission.k8s.io": true, "apiregistration.k8s.io": true, "internal.apiserver.k8s.io": true,
		"snapshot.storage.k8s.io": false, "gateway.networking.k8s.io": false, "metrics.k8s.io": false,
		"example.com": false, "core": false,
	} {
		if got := apilife.GroupKnown(group); got != want {
			t.Errorf("group %q: got %t, want %t", group, got, want)
		}
	}
}

func TestSuccessors(t *testing.T) {
	for kind, want := range map[string][]string{
		"extensions/v1beta1 Ingress":                  {"networking.k8s.io/v1 Ingress", "networking.k8s.io/v1beta1 Ingress"},
		"extensions/v1beta1 Deployment":               {"apps/v1 Deployment", "apps/v1beta2 Deployment", "apps/v1beta1 Deployment"},
		"extensions/v1beta1 PodSecurityPolicy":        {"policy/v1beta1 PodSecurityPolicy"},
		"policy/v1beta1 PodSecurityPolicy":            nil,
		"autoscaling/v2beta2 HorizontalPodAutoscaler": {"autoscaling/v2 HorizontalPodAutoscaler", "autoscaling/v1 HorizontalPodAutoscaler"},
		"autoscaling/v2 HorizontalPodAutoscaler":      nil,
		"batch/v2alpha1 CronJob":                      {"batch/v1 CronJob", "batch/v1beta1 CronJob"},
		"batch/v1beta9 CronJob":                       {"batch/v1 CronJob"},
		"v1 Endpoints":                                {"discovery.k8s.io/v1 EndpointSlice", "discovery.k8s.io/v1beta1 EndpointSlice", "discovery.k8s.io/v1alpha1 EndpointSlice"},
		"flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema": {
			"flowcontrol.apiserver.k8s.io/v1 FlowSchema",
			"flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema",
			"flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema",
		},
		"example.com/v1 Widget": nil,
	} {
		var got []string
		for _, s := range apilife.Successors(gvk(t, kind)) {
			got = append(got, name(s))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func TestMinorString(t *testing.T) {
	if got := []string{apilife.Minor(0).String(), apilife.Minor(9).String(), apilife.Minor(37).String()}; !slices.Equal(got, []string{"", "1.9", "1.37"}) {
		t.Errorf("got %q", got)
	}
}
