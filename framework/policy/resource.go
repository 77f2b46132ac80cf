package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/precheck-dev/precheck/framework/cluster"
)

const (
	versionWord   = "version"
	uidWord       = "uid"
	workloadsWord = "workloads"
	ingressesWord = "ingresses.networking.k8s.io"
)

// A reading is one declared input: the key below input.source or input.target.
type reading struct {
	key       string
	resources []cluster.Resource
}

var resourceName = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$`)

// readings parses the names of one list.
func readings(names []string) ([]reading, error) {
	var out []reading
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return nil, fmt.Errorf("%q is declared twice", name)
		}
		seen[name] = true
		r, err := parseReading(name)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func parseReading(name string) (reading, error) {
	switch name {
	case versionWord:
		return reading{name, []cluster.Resource{cluster.ServerVersion}}, nil
	case uidWord:
		return reading{name, []cluster.Resource{cluster.UID}}, nil
	case workloadsWord:
		return reading{name, []cluster.Resource{cluster.Workloads, cluster.Services}}, nil
	}
	if !resourceName.MatchString(name) {
		return reading{}, fmt.Errorf("%q is no resource (want a name such as pods or ingresses.networking.k8s.io)", name)
	}
	gr := schema.ParseGroupResource(name)
	if err := checkResource(gr); err != nil {
		return reading{}, err
	}
	return reading{name, []cluster.Resource{cluster.Objects(gr)}}, nil
}

// known are the resources of Kubernetes itself and the kind of each.
var known = sync.OnceValue(func() map[schema.GroupResource]string {
	out := map[schema.GroupResource]string{}
	for gvk := range scheme.Scheme.AllKnownTypes() {
		if strings.HasSuffix(gvk.Kind, "List") || strings.HasSuffix(gvk.Kind, "Options") || gvk.Version == "__internal" {
			continue
		}
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		out[plural.GroupResource()] = gvk.Kind
	}
	return out
})

// checkResource refuses a name that no cluster can serve because it is
// misspelt: nothing of that name would be taken for an empty list. Groups that
// are not of Kubernetes are taken as they are; resources that Kubernetes had
// once (podsecuritypolicies.policy) are too, unless they are a slip of one it
// has.
func checkResource(gr schema.GroupResource) error {
	if _, ok := known()[gr]; ok {
		return nil
	}
	var group []string
	for k, kind := range known() {
		if k.Group != gr.Group {
			continue
		}
		if gr.Resource == strings.ToLower(kind) {
			return fmt.Errorf("%q is no resource; did you mean %s?", gr, k)
		}
		group = append(group, k.Resource)
	}
	hint := nearest(gr.Resource, group)
	if gr.Group == "" || strings.HasPrefix(hint, ";") && len(group) > 0 {
		if _, guess, ok := strings.Cut(hint, "did you mean "); ok {
			gr.Resource, guess = strings.TrimSuffix(guess, "?"), gr.String()
			return fmt.Errorf("%q is no resource; did you mean %s?", guess, gr)
		}
		return fmt.Errorf("%q is no resource of the core group (a resource of another group is written with it: %s)", gr, example(gr.Resource))
	}
	return nil
}

// example is the full name of a resource that some group of Kubernetes has.
func example(resource string) string {
	for _, gr := range slices.SortedFunc(maps.Keys(known()), func(a, b schema.GroupResource) int {
		return strings.Compare(a.String(), b.String())
	}) {
		if gr.Resource == resource && gr.Group != "extensions" {
			return gr.String()
		}
	}
	return ingressesWord
}
