package checktest

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// checkThat declares Services of the source and Namespaces and versions of the
// target, and runs the function.
func checkThat(run func(p *framework.Pass)) *framework.Check {
	return &framework.Check{
		ID: "test/it", Doc: "title\n\nExplanation.", Remedy: "Mend it.",
		Severity: framework.Warning, Step: framework.Traffic,
		Source: []cluster.Resource{cluster.Services},
		Target: []cluster.Resource{cluster.Namespaces, cluster.API},
		Run:    func(_ context.Context, p *framework.Pass) error { run(p); return nil },
	}
}

func TestExamineHoldsChecksToTheRules(t *testing.T) {
	tests := []struct {
		name string
		run  func(p *framework.Pass)
		want string
	}{
		{"reads what it did not declare", func(p *framework.Pass) { cluster.Pods.Len(p.Source) }, "reads pods without declaring it"},
		{"reads of the other side", func(p *framework.Pass) { cluster.Services.Len(p.Target) }, "reads services without declaring it"},
		{"changes an object", func(p *framework.Pass) {
			for s := range cluster.Services.In(p.Source) {
				s.Labels = map[string]string{"seen": "yes"}
			}
		}, "changed the snapshot"},
		{"changes a map", func(p *framework.Pass) {
			for s := range cluster.Services.In(p.Source) {
				s.Spec.Selector["app"] = "other"
			}
		}, "changed the snapshot"},
		{"reports what is not there", func(p *framework.Pass) {
			p.Report(framework.Finding{Message: "gone", Object: framework.Ref{APIVersion: "v1", Kind: "Service", Namespace: "shop", Name: "api"}})
		}, "which the source does not hold"},
		{"reports it of the wrong side", func(p *framework.Pass) {
			for s := range cluster.Services.In(p.Source) {
				p.Report(framework.Finding{Message: "here", Cluster: framework.Target, Object: p.Source.Ref(s)})
			}
		}, "which the target does not hold"},
		{"is as it should be", func(p *framework.Pass) {
			for s := range cluster.Services.In(p.Source) {
				p.Reportf(s, "seen")
			}
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := examine(t.Context(), "testdata/case", checkThat(tt.run))
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(o.problems, "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
		})
	}
}

func TestExamineTellsWhatStaysUnread(t *testing.T) {
	read := func(resources ...func(p *framework.Pass)) *reads {
		o, err := examine(t.Context(), "testdata/case", checkThat(func(p *framework.Pass) {
			for _, r := range resources {
				r(p)
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		return o.unread
	}
	services := func(p *framework.Pass) { cluster.Services.Len(p.Source) }
	namespaces := func(p *framework.Pass) { cluster.Namespaces.Len(p.Target) }
	all := read(services).and(read(namespaces))
	if diff := cmp.Diff([]string{"api of the target"}, all.names()); diff != "" {
		t.Errorf("what two cases together leave unread (-want +got):\n%s", diff)
	}
}

func TestAPIFollowsFromTheVersion(t *testing.T) {
	_, err := examine(t.Context(), "testdata/case", checkThat(func(p *framework.Pass) {
		api := cluster.API.Of(p.Target)
		if !api.Derived || len(api.Versions(schema.GroupKind{Kind: "Service"})) != 1 {
			t.Errorf("the surface of 1.37 has Services in %v", api.Resources)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
}
