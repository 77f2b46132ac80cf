package runner

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// rbacOptions are the flags of precheck rbac.
type rbacOptions struct {
	selection
	side     string
	subjects []string
}

var sideNames = []string{framework.Source, framework.Target}

func (p *program) rbacCommand() *cobra.Command {
	o := &rbacOptions{}
	c := &cobra.Command{
		Use:   "rbac",
		Short: "Print the least permissions that precheck needs",
		Long: `Print, as YAML for kubectl apply, the least permissions that the selected
checks need on each cluster: a ClusterRole that may get and list and nothing
else, and a Role where only one namespace is read. With --for also the
bindings.`,
		Example: `  precheck rbac --side source --for serviceaccount:precheck:precheck | kubectl --context old apply -f -
  precheck rbac --checks traffic --for user:ci`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return p.rbac(o) },
	}
	o.flags(p, c)
	c.Flags().StringVar(&o.side, "side", "", "Print those of one cluster only: source or target.")
	c.Flags().StringArrayVar(&o.subjects, "for", nil, "Bind the roles to serviceaccount:NAMESPACE:NAME, user:NAME or group:NAME; can be repeated.")
	fixed(c, "side", sideNames)
	return c
}

func (p *program) rbac(o *rbacOptions) error {
	if o.side != "" && !slices.Contains(sideNames, o.side) {
		return fmt.Errorf("--side %s: %q is neither source nor target", o.side, o.side)
	}
	subjects, err := subjectsOf(o.subjects)
	if err != nil {
		return err
	}
	checks, err := o.checks(p)
	if err != nil {
		return err
	}
	source, target := resources(checks)
	return buffered(p.streams.Out, func(w io.Writer) error {
		if o.side != framework.Target {
			if err := writeRoles(w, framework.Source, cluster.Access(source), subjects); err != nil {
				return err
			}
		}
		if o.side != framework.Source {
			return writeRoles(w, framework.Target, cluster.Access(target), subjects)
		}
		return nil
	})
}

func subjectsOf(texts []string) ([]rbacv1.Subject, error) {
	var out []rbacv1.Subject
	for _, text := range texts {
		kind, name, _ := strings.Cut(text, ":")
		s := rbacv1.Subject{Name: name}
		switch kind {
		case "serviceaccount":
			s.Kind = rbacv1.ServiceAccountKind
			s.Namespace, s.Name, _ = strings.Cut(name, ":")
		case "user":
			s.Kind, s.APIGroup = rbacv1.UserKind, rbacv1.GroupName
		case "group":
			s.Kind, s.APIGroup = rbacv1.GroupKind, rbacv1.GroupName
		}
		if s.Kind == "" || s.Name == "" || s.Kind == rbacv1.ServiceAccountKind && s.Namespace == "" {
			return nil, fmt.Errorf("--for %q names nobody (want serviceaccount:NAMESPACE:NAME, user:NAME or group:NAME)", text)
		}
		out = append(out, s)
	}
	return out, nil
}

const rolesHead = `# What precheck reads of the %s cluster. Discovery and the server's version
# need no rule here: the ClusterRole system:discovery, which every
# authenticated user has, allows them.
`

// listAll is what the inventory of a cluster takes.
var listAll = cluster.AccessRule{Group: "*", Resource: "*", Verb: "list"}

const listAllHead = `#
# A selected check reads the inventory: which objects there are and in which API
# versions they were written. That takes list on every resource, Secrets
# included, of which only the metadata are asked for. RBAC cannot tell metadata
# from values; to withhold the values, leave such checks out with --skip.
`

// writeRoles writes the roles of one cluster and their bindings.
func writeRoles(w io.Writer, side string, access []cluster.AccessRule, subjects []rbacv1.Subject) error {
	if _, err := fmt.Fprintf(w, rolesHead, side); err != nil {
		return err
	}
	if slices.Contains(access, listAll) {
		if _, err := fmt.Fprint(w, listAllHead); err != nil {
			return err
		}
	}
	for _, o := range roles("precheck-"+side, access, subjects) {
		data, err := yaml.Marshal(o)
		if err != nil {
			return fmt.Errorf("write roles: %w", err)
		}
		if _, err := fmt.Fprintf(w, "---\n%s", data); err != nil {
			return err
		}
	}
	return nil
}

// roles are a ClusterRole, a Role for each namespace that is read on its own,
// and what binds them.
func roles(name string, access []cluster.AccessRule, subjects []rbacv1.Subject) []any {
	meta := func(namespace string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/name": "precheck"}}
	}
	ref := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
	}
	typed := func(kind string) metav1.TypeMeta {
		return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
	}
	var out []any
	for _, namespace := range namespacesOf(access) {
		rules := policyRules(access, namespace)
		if len(rules) == 0 {
			continue
		}
		if namespace == "" {
			out = append(out, rbacv1.ClusterRole{TypeMeta: typed("ClusterRole"), ObjectMeta: meta(""), Rules: rules})
			if len(subjects) > 0 {
				out = append(out, rbacv1.ClusterRoleBinding{TypeMeta: typed("ClusterRoleBinding"), ObjectMeta: meta(""), Subjects: subjects, RoleRef: ref("ClusterRole")})
			}
			continue
		}
		out = append(out, rbacv1.Role{TypeMeta: typed("Role"), ObjectMeta: meta(namespace), Rules: rules})
		if len(subjects) > 0 {
			out = append(out, rbacv1.RoleBinding{TypeMeta: typed("RoleBinding"), ObjectMeta: meta(namespace), Subjects: subjects, RoleRef: ref("Role")})
		}
	}
	return out
}

// namespacesOf are the namespaces of the rules, the empty one first.
func namespacesOf(access []cluster.AccessRule) []string {
	var out []string
	for _, a := range access {
		if !slices.Contains(out, a.Namespace) {
			out = append(out, a.Namespace)
		}
	}
	slices.Sort(out)
	return out
}

// policyRules are the rules of one namespace, one for each API group, verb and
// object name. Listing everything in all groups makes the other lists needless.
func policyRules(access []cluster.AccessRule, namespace string) []rbacv1.PolicyRule {
	everything := slices.Contains(access, listAll)
	var out []rbacv1.PolicyRule
	for _, a := range access {
		if a.Namespace != namespace || everything && a.Verb == "list" && a.Group != "*" {
			continue
		}
		rule := rbacv1.PolicyRule{Verbs: []string{a.Verb}, APIGroups: []string{a.Group}, Resources: []string{a.Resource}}
		if a.Name != "" {
			rule.ResourceNames = []string{a.Name}
		}
		if i := slices.IndexFunc(out, func(r rbacv1.PolicyRule) bool { return joins(r, rule) }); i >= 0 {
			out[i].Resources = append(out[i].Resources, a.Resource)
			continue
		}
		out = append(out, rule)
	}
	return out
}

func joins(a, b rbacv1.PolicyRule) bool {
	return a.APIGroups[0] == b.APIGroups[0] && a.Verbs[0] == b.Verbs[0] && slices.Equal(a.ResourceNames, b.ResourceNames)
}
