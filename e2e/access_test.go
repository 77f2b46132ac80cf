package e2e

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// reader is bound to exactly the roles that precheck rbac prints.
const reader = "reader"

// TestLeastPrivilege runs as the identity that precheck rbac describes, and
// compares the reports byte for byte with those of an administrator.
func TestLeastPrivilege(t *testing.T) {
	c := clusters(t)
	grant(t, c.source, "source")
	grant(t, c.target, "target")
	user := kube.User{Name: reader}
	for _, format := range []string{"json", "junit", "table"} {
		want := precheck(t, live(admin(t, c.source), admin(t, c.target), "-o", format)...).must(t, blocked)
		got := precheck(t, live(kubeconfig(t, c.source, user), kubeconfig(t, c.target, user), "-o", format)...).must(t, blocked)
		if diff := cmp.Diff(want.stdout, got.stdout); diff != "" {
			t.Errorf("%s (-administrator +reader):\n%s", format, diff)
		}
		if diff := cmp.Diff(want.stderr, got.stderr); diff != "" {
			t.Errorf("stderr of %s (-administrator +reader):\n%s", format, diff)
		}
	}
}

// grant applies what precheck rbac prints for one side.
func grant(t *testing.T, c *kube.Cluster, side string) {
	t.Helper()
	out := precheck(t, "rbac", "--side", side, "--for", "user:"+reader).must(t, ready)
	config, err := c.AdminConfig()
	if err != nil {
		t.Fatal(err)
	}
	if err := load.Apply(t.Context(), config, load.Kubectl, write(t, "roles.yaml", out.stdout)); err != nil {
		t.Fatalf("apply what precheck rbac printed: %v\n%s", err, out.stdout)
	}
}

// A denial is one permission that a user lacks.
type denial struct {
	side, group, resource string
	namespace             string // of a permission in one namespace
	verb                  string
	checks                []string // that need it and do not find a blocker without it
	optional              []string // checks that read it and can do without
}

// denials are permissions of every sort: of a kind that several checks read, of
// one that only the inventory reads, of a custom resource, of one namespace, of
// one object.
var denials = []denial{
	{side: "source", resource: "nodes", verb: "list", checks: []string{"traffic/external-traffic-policy", "traffic/kube-proxy-mode"}, optional: []string{"scheduling/node-labels"}},
	{side: "source", resource: "services", verb: "list", checks: []string{"traffic/external-traffic-policy", "traffic/kube-proxy-mode"}},
	{side: "source", resource: "secrets", verb: "list", checks: []string{"api/deprecated"}},
	{side: "source", group: "apps", resource: "deployments", verb: "list", checks: []string{"api/deprecated"}},
	{side: "source", group: "monitoring.example.com", resource: "scrapetargets", verb: "list", checks: []string{"api/deprecated"}},
	{side: "source", resource: "configmaps", namespace: "kube-system", verb: "list", checks: []string{"traffic/kube-proxy-mode"}},
	{side: "source", resource: "namespaces", verb: "get", checks: []string{"cluster/same-cluster"}},
	{side: "target", resource: "nodes", verb: "list", checks: []string{"scheduling/node-labels", "traffic/external-traffic-policy", "traffic/kube-proxy-mode"}},
	{side: "target", group: "storage.k8s.io", resource: "storageclasses", verb: "list", checks: []string{"scheduling/node-labels"}},
	{side: "target", resource: "configmaps", namespace: "kube-system", verb: "list", checks: []string{"traffic/kube-proxy-mode"}},
	{side: "target", resource: "namespaces", verb: "get", checks: []string{"cluster/same-cluster"}},
}

// TestMissingPermission takes one permission away at a time: the checks that
// need it are unknown, the others answer as before.
func TestMissingPermission(t *testing.T) {
	c := clusters(t)
	all := precheck(t, live(admin(t, c.source), admin(t, c.target), "-o", "json")...).must(t, blocked).report(t)
	for _, d := range denials {
		t.Run(d.side+" "+d.namespace+d.resource, func(t *testing.T) { checkDenial(t, c, d, all) })
	}
}

func checkDenial(t *testing.T, c migration, d denial, all report) {
	t.Helper()
	files := map[string]string{"source": admin(t, c.source), "target": admin(t, c.target)}
	denied := map[string]*kube.Cluster{"source": c.source, "target": c.target}[d.side]
	files[d.side] = kubeconfig(t, denied, restrict(t, denied, d))
	// Blocked outranks inconclusive, so the code 3 shows where nothing blocks.
	for _, check := range d.checks {
		out := precheck(t, live(files["source"], files["target"], "--checks", check)...).must(t, inconclusive)
		if lines := out.complaints(t); len(lines) == 0 || !strings.Contains(strings.Join(lines, "\n"), d.resource) {
			t.Errorf("stderr of %s is %q, want a line about %s", check, lines, d.resource)
		}
	}
	out := precheck(t, live(files["source"], files["target"], "-o", "json")...).must(t, blocked)
	if lines := out.complaints(t); len(lines) != d.refusals() || !strings.HasPrefix(lines[0], d.side+": ") {
		t.Errorf("stderr is %q, want %d lines about the %s", lines, d.refusals(), d.side)
	}
	got := out.report(t)
	want := needing(t, d)
	if diff := cmp.Diff(want, got.with("unknown")); diff != "" {
		t.Errorf("unknown checks (-want +got):\n%s", diff)
	}
	for _, check := range d.checks {
		if !slices.Contains(want, check) {
			t.Errorf("precheck rbac does not say that %s needs %s", check, d.resource)
		}
	}
	for _, each := range all.Results {
		if slices.Contains(want, each.Check) {
			continue
		}
		if diff := cmp.Diff(each, got.result(t, each.Check)); diff != "" {
			t.Errorf("%s needs no %s (-with +without):\n%s", each.Check, d.resource, diff)
		}
	}
}

// refusals is how many different requests the server refuses.
func (d denial) refusals() int {
	if d.side == "source" && d.namespace != "" {
		return 2 // in the namespace, and in all of them for the inventory
	}
	return 1
}

// needing returns the checks that need a permission, as precheck rbac tells for
// each of them.
func needing(t *testing.T, d denial) []string {
	t.Helper()
	identity := rulesFor(t, d.side, "cluster/version-skew") // every run reads the identity
	ids := []string{}
	for _, check := range listed(t) {
		if slices.Contains(d.optional, check) {
			continue
		}
		for _, rule := range rulesFor(t, d.side, check) {
			if d.within(rule) && (check == "cluster/same-cluster" || !slices.ContainsFunc(identity, rule.equal)) {
				ids = append(ids, check)
				break
			}
		}
	}
	return ids
}

// listed returns the IDs of all checks.
func listed(t *testing.T) []string {
	t.Helper()
	var checks []struct{ ID string }
	if err := json.Unmarshal([]byte(precheck(t, "list", "-o", "json").must(t, ready).stdout), &checks); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(checks))
	for _, check := range checks {
		ids = append(ids, check.ID)
	}
	return ids
}

// A permission is a rule in all namespaces or in one.
type permission struct {
	namespace string
	rule      rbacv1.PolicyRule
}

func (p permission) equal(other permission) bool {
	return cmp.Equal(p.rule, other.rule) && p.namespace == other.namespace
}

// within reports whether the rule grants what is denied.
func (d denial) within(p permission) bool {
	has := func(all []string, one string) bool { return slices.Contains(all, one) || slices.Contains(all, "*") }
	return (p.namespace == "" || p.namespace == d.namespace) && has(p.rule.Verbs, d.verb) &&
		has(p.rule.APIGroups, d.group) && has(p.rule.Resources, d.resource)
}

// rulesFor reads the roles that precheck rbac prints for checks.
func rulesFor(t *testing.T, side, checks string) []permission {
	t.Helper()
	args := []string{"rbac", "--side", side}
	if checks != "" {
		args = append(args, "--checks", checks)
	}
	var all []permission
	for _, document := range strings.Split(precheck(t, args...).must(t, ready).stdout, "\n---\n")[1:] {
		var role rbacv1.ClusterRole // a Role has the same fields
		if err := yaml.UnmarshalStrict([]byte(document), &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			all = append(all, permission{role.Namespace, rule})
		}
	}
	return all
}

// restrict creates a user who has the permissions that precheck rbac names for
// all checks, but the denied one. Where "every resource" is named, the user
// gets each that the cluster serves, one by one.
func restrict(t *testing.T, c *kube.Cluster, d denial) kube.User {
	t.Helper()
	config, err := c.AdminConfig()
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	name := "restricted-" + strings.ToLower(rand.Text())
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, p := range rulesFor(t, d.side, "") {
		if d.within(p) && !slices.Contains(p.rule.Resources, "*") {
			p.rule.Resources = slices.DeleteFunc(p.rule.Resources, func(r string) bool { return r == d.resource })
		}
		switch {
		case slices.Contains(p.rule.Resources, "*"):
			role.Rules = append(role.Rules, everything(t, client, d)...)
		case len(p.rule.Resources) == 0:
		case p.namespace == "":
			role.Rules = append(role.Rules, p.rule)
		default:
			grantWithin(t, client, p, name)
		}
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	if _, err := client.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return kube.User{Name: name}
}

// grantWithin gives a user a permission in one namespace.
func grantWithin(t *testing.T, client kubernetes.Interface, p permission, name string) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: name, Namespace: p.namespace}
	role := &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{p.rule}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	if _, err := client.RbacV1().Roles(p.namespace).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RbacV1().RoleBindings(p.namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// everything lists one rule for each resource that the cluster serves, without
// the denied one.
func everything(t *testing.T, client kubernetes.Interface, d denial) []rbacv1.PolicyRule {
	t.Helper()
	_, lists, err := client.Discovery().ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	var rules []rbacv1.PolicyRule
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list"}}, lists) {
		group, _, found := strings.Cut(list.GroupVersion, "/")
		if !found {
			group = ""
		}
		for _, r := range list.APIResources {
			if group != d.group || r.Name != d.resource || d.verb != "list" {
				rules = append(rules, rbacv1.PolicyRule{Verbs: []string{"list"}, APIGroups: []string{group}, Resources: []string{r.Name}})
			}
		}
	}
	return rules
}
