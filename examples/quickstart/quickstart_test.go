// Package quickstart_test holds the saved clusters of the quickstart to what
// its README promises.
package quickstart_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/precheck-dev/precheck/checks"
	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var now = time.Date(2026, 11, 16, 9, 30, 0, 0, time.UTC)

// needed are the resources of one side of the checks, and those that the tests
// here look at.
func needed(all []*framework.Check, of func(*framework.Check) []cluster.Resource) []cluster.Resource {
	out := []cluster.Resource{
		cluster.Inventory, cluster.API, cluster.Nodes, cluster.Pods, cluster.Services, cluster.EndpointSlices,
		cluster.Deployments, cluster.ReplicaSets, cluster.StatefulSets, cluster.DaemonSets,
		cluster.PersistentVolumes, cluster.PersistentVolumeClaims,
	}
	for _, c := range all {
		out = append(out, of(c)...)
	}
	return out
}

func read(t *testing.T, side string) *cluster.Snapshot {
	t.Helper()
	of := func(c *framework.Check) []cluster.Resource { return c.Source }
	if side == framework.Target {
		of = func(c *framework.Check) []cluster.Resource { return c.Target }
	}
	s, err := cluster.Directory{Path: side, Now: now}.Read(t.Context(), needed(checks.All(), of))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t *testing.T) (*framework.Report, []byte) {
	t.Helper()
	in := framework.Input{Source: read(t, framework.Source), Target: read(t, framework.Target), Now: now, Tool: "test"}
	report := framework.Apply(t.Context(), checks.All(), in)
	for _, r := range report.Results {
		for _, f := range r.Findings {
			on := in.Source
			if f.Cluster == framework.Target {
				on = in.Target
			}
			if f.Object.Kind != "" && !on.Has(f.Object) {
				t.Errorf("%s: finding about %s, which is not in the %s", r.Check, name(f.Object), f.Cluster)
			}
		}
	}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return report, data
}

func name(r framework.Ref) string { return r.Kind + " " + r.Namespace + "/" + r.Name }

func TestEverythingIsRead(t *testing.T) {
	for _, side := range []string{framework.Source, framework.Target} {
		s := read(t, side)
		if s.Identity.Origin != cluster.FromCluster {
			t.Errorf("%s: origin is %q, want a saved cluster", side, s.Identity.Origin)
		}
		for _, g := range s.Gaps() {
			t.Errorf("%s: gap: %s", side, g)
		}
		for _, n := range s.Notes() {
			t.Errorf("%s: %s:%d is ignored: %s", side, n.File, n.Line, n.Reason)
		}
	}
}

func TestEveryCheckAnswers(t *testing.T) {
	report, first := run(t)
	found := map[framework.Severity][]string{}
	for _, r := range report.Results {
		if r.Status == framework.Unknown || r.Status == framework.Skipped {
			t.Errorf("%s is %s: %s", r.Check, r.Status, r.Reason)
		}
		for _, f := range r.Findings {
			found[f.Severity] = append(found[f.Severity], r.Check+" "+name(f.Object))
		}
	}
	for _, want := range []struct {
		severity framework.Severity
		finding  string
	}{
		{framework.Blocker, "api/removed CronJob payments/settlement"},
		{framework.Blocker, "scheduling/node-labels StatefulSet data/mysql"},
		{framework.Blocker, "traffic/readiness-probe Deployment catalogue/catalogue"},
		{framework.Warning, "api/removed Ingress shop/shop-api"},
		{framework.Warning, "traffic/external-traffic-policy Service ingress/nginx-ingress-lb"},
	} {
		if !slices.Contains(found[want.severity], want.finding) {
			t.Errorf("no %v %q among %q", want.severity, want.finding, found[want.severity])
		}
	}
	if _, second := run(t); !bytes.Equal(first, second) {
		t.Errorf("two runs differ:\n%s", cmp.Diff(string(first), string(second)))
	}
}

// TestSurface holds the API surface to what a server of the version serves, and
// what goes beyond it to the CustomResourceDefinitions and APIServices.
func TestSurface(t *testing.T) {
	for _, side := range []string{framework.Source, framework.Target} {
		s := read(t, side)
		got, want := cluster.API.Of(s), cluster.API.Of(framework.VersionOnly(s.Identity.Version))
		if len(want.Resources) == 0 {
			t.Fatalf("%s: nothing is known of %s", side, s.Identity.Version)
		}
		added := definitions(s)
		var core, extra []cluster.APIResource
		for _, r := range got.Resources {
			if _, ok := added[r.Group]; ok {
				extra = append(extra, r)
			} else {
				core = append(core, r)
			}
		}
		if diff := cmp.Diff(want.Resources, core); diff != "" {
			t.Errorf("%s: what %s serves (-want +got):\n%s", side, s.Identity.Version, diff)
		}
		for group, version := range want.Preferred {
			if got.Preferred[group] != version {
				t.Errorf("%s: prefers %q of the group %q, want %q", side, got.Preferred[group], group, version)
			}
		}
		for group, names := range added {
			for _, n := range names {
				if !slices.ContainsFunc(extra, func(r cluster.APIResource) bool {
					return r.Group == group && (r.Resource == n || r.Version == n)
				}) {
					t.Errorf("%s: does not serve %s of the group %s", side, n, group)
				}
			}
		}
		for row := range cluster.Inventory.Of(s) {
			if _, ok := got.Lookup(row.GroupVersionKind()); !ok {
				t.Errorf("%s: %s:%d: holds %s, which the cluster does not serve", side, row.File, row.Line, row.GroupVersionKind())
			}
		}
	}
}

// definitions are the groups that a cluster serves beyond Kubernetes' own: by
// group, the resources of the CustomResourceDefinitions and the versions of the
// APIServices.
func definitions(s *cluster.Snapshot) map[string][]string {
	out := map[string][]string{}
	for row := range cluster.Inventory.Of(s) {
		kind := row.GroupVersionKind().GroupKind()
		if kind != (schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}) &&
			kind != (schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}) {
			continue
		}
		first, group, _ := strings.Cut(row.Name, ".")
		out[group] = append(out[group], first)
	}
	return out
}

// TestObjectsBelongTogether finds what an edit by hand breaks: owners, nodes,
// claims and endpoints that do not exist.
func TestObjectsBelongTogether(t *testing.T) {
	for _, side := range []string{framework.Source, framework.Target} {
		s := read(t, side)
		known := map[types.UID]string{}
		var objects []cluster.Object
		for _, kind := range []cluster.Resource{
			cluster.Nodes, cluster.Pods, cluster.Services, cluster.EndpointSlices, cluster.Deployments, cluster.ReplicaSets,
			cluster.StatefulSets, cluster.DaemonSets, cluster.PersistentVolumes, cluster.PersistentVolumeClaims,
		} {
			for o := range s.Objects(kind) {
				object := o.(cluster.Object)
				if other, ok := known[object.GetUID()]; ok || object.GetUID() == "" {
					t.Errorf("%s: %s has no UID of its own (%q is that of %q)", side, name(s.Ref(object)), object.GetUID(), other)
				}
				known[object.GetUID()] = object.GetName()
				objects = append(objects, object)
			}
		}
		for _, o := range objects {
			for _, owner := range o.GetOwnerReferences() {
				ref := framework.Ref{APIVersion: owner.APIVersion, Kind: owner.Kind, Namespace: o.GetNamespace(), Name: owner.Name}
				// ReplicaSets of Deployments are known by their rows, without UID.
				if known[owner.UID] != owner.Name && (owner.Kind != "ReplicaSet" || !s.Has(ref)) {
					t.Errorf("%s: %s is owned by %s %s, which does not exist", side, name(s.Ref(o)), owner.Kind, owner.Name)
				}
			}
		}
		for pod := range cluster.Pods.In(s) {
			if _, ok := cluster.Nodes.Get(s, "", pod.Spec.NodeName); !ok {
				t.Errorf("%s: pod %s/%s runs on the node %q, which does not exist", side, pod.Namespace, pod.Name, pod.Spec.NodeName)
			}
		}
		for claim := range cluster.PersistentVolumeClaims.In(s) {
			pv, ok := cluster.PersistentVolumes.Get(s, "", claim.Spec.VolumeName)
			if !ok || pv.Spec.ClaimRef == nil || pv.Spec.ClaimRef.UID != claim.UID {
				t.Errorf("%s: claim %s/%s and volume %q are not bound to each other", side, claim.Namespace, claim.Name, claim.Spec.VolumeName)
			}
		}
		for slice := range cluster.EndpointSlices.In(s) {
			for _, e := range slice.Endpoints {
				if e.TargetRef == nil || known[e.TargetRef.UID] != e.TargetRef.Name {
					t.Errorf("%s: an endpoint of %s/%s is no pod that exists", side, slice.Namespace, slice.Name)
				}
			}
		}
	}
}
