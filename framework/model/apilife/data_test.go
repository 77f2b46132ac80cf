package apilife

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestDataOrder(t *testing.T) {
	sorted := slices.IsSortedFunc(data().lives, func(a, b Life) int {
		return slices.Compare(
			[]string{a.GVK.Group, a.GVK.Version, a.GVK.Kind},
			[]string{b.GVK.Group, b.GVK.Version, b.GVK.Kind})
	})
	if !sorted {
		t.Error("the kinds are not sorted")
	}
	if len(raw) > 200<<10 {
		t.Errorf("the data file has %d bytes", len(raw))
	}
}

// Every life runs forward and lies within what the data cover.
func TestDataConsistent(t *testing.T) {
	d := data()
	for _, l := range d.lives {
		for _, problem := range problems(d, l) {
			t.Errorf("%v: %s", l.GVK, problem)
		}
	}
}

func problems(d *dataset, l Life) []string {
	var list []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	newest := d.provenance.Newest
	check(l.Resource == strings.ToLower(l.Resource) && l.Resource != "", "resource %q", l.Resource)
	check(!l.Listable || !strings.Contains(l.Resource, "/"), "listable subresource %q", l.Resource)
	check(d.groups[l.GVK.Group], "unknown group")
	check(l.Introduced <= newest, "introduced %s", l.Introduced)
	// ComponentStatus is the only kind deprecated without a first release.
	check(l.Deprecated == 0 || l.Introduced < l.Deprecated, "introduced %s, deprecated %s", l.Introduced, l.Deprecated)
	check(l.Removed == 0 || l.Introduced < l.Removed, "introduced %s, removed %s", l.Introduced, l.Removed)
	check(l.Removed == 0 || l.Deprecated < l.Removed, "deprecated %s, removed %s", l.Deprecated, l.Removed)
	check(l.Planned == 0 || l.Planned >= l.Removed, "planned %s, removed %s", l.Planned, l.Removed)
	if l.RemovedIn(newest) {
		check(l.LastSeen == l.Removed-1, "last seen %s, removed %s", l.LastSeen, l.Removed)
	} else {
		check(l.LastSeen == newest, "last seen %s, removed %s", l.LastSeen, l.Removed)
	}
	check(l.Deprecated != 0 || l.Removed != 0 || l.Replacement.Empty(), "replacement of a version in good standing")
	if !l.Replacement.Empty() {
		i, ok := d.index[l.Replacement]
		check(ok && d.lives[i].LastSeen == newest, "replacement %v is not alive", l.Replacement)
	}
	if to, ok := d.stated[l.GVK]; ok {
		_, known := d.index[to]
		check(known && to != l.GVK, "stated replacement %v", to)
	}
	return list
}

// A replacement is missing only where Kubernetes has none.
func TestDataReplacements(t *testing.T) {
	want := map[string]bool{
		"ComponentStatus": true, "PodSecurityPolicy": true, "PodPreset": true, "ClusterCIDR": true,
		// Dynamic resource allocation without its classic form: k8s.io/api v0.32.
		"PodScheduling": true, "PodSchedulingContext": true, "ResourceClass": true,
		"ResourceClaimParameters": true, "ResourceClassParameters": true,
		// In their highest version so far, with a removal by arithmetic.
		"LeaseCandidate": true, "ResourcePoolStatusRequest": true, "Eviction": true, "EvictionRequest": true,
		"PodGroup": true, "Workload": true,
	}
	for _, l := range data().lives {
		if (l.Deprecated != 0 || l.Removed != 0) && l.Replacement.Empty() && !want[l.GVK.Kind] {
			t.Errorf("%v has no replacement", l.GVK)
		}
	}
}

// One resource has one scope in all its versions, and one kind.
func TestDataResources(t *testing.T) {
	type facts struct {
		Kind       string
		Namespaced bool
	}
	seen := map[schema.GroupResource]facts{}
	for _, l := range data().lives {
		gr := schema.GroupResource{Group: l.GVK.Group, Resource: l.Resource}
		got := facts{l.GVK.Kind, l.Namespaced}
		if old, ok := seen[gr]; ok && old != got {
			t.Errorf("%v: %v and %v", gr, old, got)
		}
		seen[gr] = got
	}
}

func TestProvenance(t *testing.T) {
	p := Origin()
	if p.Oldest != 19 || p.Newest != Newest() || p.Newest < 37 {
		t.Errorf("data from %s to %s", p.Oldest, p.Newest)
	}
	if _, err := time.Parse(time.DateOnly, p.Date); err != nil {
		t.Error(err)
	}
	got := map[string]int{}
	for _, m := range p.Modules {
		if !strings.HasPrefix(m.Sum, "h1:") {
			t.Errorf("%s %s: sum %q", m.Path, m.Version, m.Sum)
		}
		var major, minor, patch int
		if _, err := fmt.Sscanf(m.Version, "v%d.%d.%d", &major, &minor, &patch); err != nil {
			t.Errorf("%s %s: %v", m.Path, m.Version, err)
		}
		got[fmt.Sprintf("%s 1.%d", m.Path, minor)]++
	}
	want := map[string]int{}
	for m := p.Oldest; m <= p.Newest; m++ {
		for _, path := range []string{"api", "apiextensions-apiserver", "kube-aggregator", "kubernetes"} {
			want[fmt.Sprintf("k8s.io/%s %s", path, m)] = 1
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules (-want +got):\n%s", diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const kind = `{"group":"a","version":"v1","kind":"K","resource":"ks"}`
	for name, c := range map[string]struct{ doc, want string }{
		"empty":                 {``, "EOF"},
		"unknown field":         {`{"kinds":[{"removedIn":5}]}`, "removedIn"},
		"second document":       {`{} {}`, "more than one document"},
		"duplicate":             {`{"kinds":[` + kind + `,` + kind + `]}`, "twice"},
		"malformed replacement": {`{"kinds":[{"group":"a","version":"v1","kind":"K","replacement":"K"}]}`, "not of the form"},
		"unknown replacement":   {`{"kinds":[{"group":"a","version":"v1","kind":"K","replacement":"b/v1 K"}]}`, "unknown"},
	} {
		if _, err := decode([]byte(c.doc)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	if bytes.Contains(raw, []byte("\r")) {
		t.Error("the data file has carriage returns")
	}
}

// A replacement that was replaced in a circle must not hang.
func TestCircle(t *testing.T) {
	d, err := decode([]byte(`{"newest":30,"kinds":[
		{"group":"a","version":"v1","kind":"K","deprecated":20,"replacement":"b/v1 K"},
		{"group":"b","version":"v1","kind":"K","deprecated":20,"replacement":"a/v1 K"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []schema.GroupVersionKind{{Group: "b", Version: "v1", Kind: "K"}}
	if diff := cmp.Diff(want, d.successors(schema.GroupVersionKind{Group: "a", Version: "v1", Kind: "K"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkDecode(b *testing.B) {
	for b.Loop() {
		if _, err := decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
