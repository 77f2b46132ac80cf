package framework_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// manifests is a snapshot of the text, reading the resources.
func manifests(t *testing.T, text string, resources ...cluster.Resource) *cluster.Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := cluster.Directory{Path: dir, Now: now}.Read(t.Context(), resources)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	web    = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
	broken = web + "---\nkind: [\n"
)

func asks(run func(context.Context, *framework.Pass) error) *framework.Check {
	return &framework.Check{
		ID: "test/it", Doc: "title\n\nExplanation.", Remedy: "Mend it.", Severity: framework.Blocker, Step: framework.Data,
		Source: []cluster.Resource{cluster.Services}, Target: []cluster.Resource{cluster.Services}, Run: run,
	}
}

func reportAll(_ context.Context, p *framework.Pass) error {
	for s := range cluster.Services.In(p.Source) {
		p.Reportf(s, "found %s", s.Name)
	}
	return nil
}

func TestApplyStatus(t *testing.T) {
	fine := func(context.Context, *framework.Pass) error { return nil }
	tests := []struct {
		name           string
		source, target string // manifests; empty means that nobody asked
		run            func(context.Context, *framework.Pass) error
		status         framework.Status
		reason         string
		findings       int
		verdict        framework.Verdict // of step data
	}{
		{"clean", web, web, fine, framework.Clean, "", 0, framework.Ready},
		{"found", web, web, reportAll, framework.Found, "", 1, framework.Blocked},
		{"nobody asked for a target", web, "", reportAll, framework.Skipped, "target: not asked for", 0, framework.Inconclusive},
		{"error", web, web, func(context.Context, *framework.Pass) error { return errors.New("no idea") }, framework.Unknown, "no idea", 0, framework.Inconclusive},
		{"panic", web, web, func(context.Context, *framework.Pass) error { panic("oh") }, framework.Unknown, "panic: oh", 0, framework.Inconclusive},
		{"nil pointer", web, web, func(context.Context, *framework.Pass) error {
			var s *cluster.Row
			_ = s.Name
			return nil
		}, framework.Unknown, "panic: runtime error: invalid memory address", 0, framework.Inconclusive},
		{"undeclared", web, web, func(_ context.Context, p *framework.Pass) error {
			cluster.Pods.Len(p.Source)
			return nil
		}, framework.Unknown, "reads pods without declaring it", 0, framework.Inconclusive},
		{"findings and an error", web, web, func(ctx context.Context, p *framework.Pass) error {
			return errors.Join(reportAll(ctx, p), errors.New("half"))
		}, framework.Unknown, "half", 1, framework.Blocked},
		{"no message", web, web, func(_ context.Context, p *framework.Pass) error {
			p.Report(framework.Finding{})
			return nil
		}, framework.Unknown, "a finding has no message", 0, framework.Inconclusive},
		{"incomplete source: what is found stands", broken, web, reportAll, framework.Unknown, "source: all.yaml:", 1, framework.Blocked},
		{"incomplete source, nothing found", broken, web, fine, framework.Unknown, "source: all.yaml:", 0, framework.Inconclusive},
		{"incomplete target: not run", web, broken, reportAll, framework.Unknown, "target: all.yaml:", 0, framework.Inconclusive},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := framework.Input{Source: manifests(t, tt.source, cluster.Services), Target: cluster.Nothing("not asked for"), Now: now}
			if tt.target != "" {
				in.Target = manifests(t, tt.target, cluster.Services)
			}
			r := framework.Apply(t.Context(), []*framework.Check{asks(tt.run)}, in)
			got := r.Results[0]
			if got.Status != tt.status || !strings.Contains(got.Reason, tt.reason) || len(got.Findings) != tt.findings {
				t.Errorf("%s, %q, %d findings; want %s, %q, %d", got.Status, got.Reason, len(got.Findings), tt.status, tt.reason, tt.findings)
			}
			if strings.Contains(got.Reason, "\n") {
				t.Errorf("the reason has several lines: %q", got.Reason)
			}
			if v := r.Verdicts[framework.Data]; v != tt.verdict {
				t.Errorf("verdict %s, want %s", v, tt.verdict)
			}
			if v := r.Verdicts[framework.Application]; v == framework.Blocked {
				t.Error("a step is blocked by a later one")
			}
		})
	}
}

func TestApplyGivesTheSameBytes(t *testing.T) {
	var checks []*framework.Check
	for i := range 20 {
		c := asks(reportAll)
		c.ID = fmt.Sprintf("test/it-%d", i)
		checks = append(checks, c)
	}
	text := ""
	for i := range 50 {
		text += fmt.Sprintf("---\napiVersion: v1\nkind: Service\nmetadata: {name: s%d, namespace: n%d}\n", i*7%50, i%3)
	}
	s := manifests(t, text, cluster.Services)
	var first []byte
	for range 5 {
		data, err := json.Marshal(framework.Apply(t.Context(), checks, framework.Input{Source: s, Target: s, Now: now}))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Fatal("two runs over one input differ")
		}
	}
}

func TestApplyCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the user went home"))
	s := manifests(t, web, cluster.Services)
	got := framework.Apply(ctx, []*framework.Check{asks(reportAll)}, framework.Input{Source: s, Target: s, Now: now}).Results[0]
	if got.Status != framework.Unknown || !strings.Contains(got.Reason, "the user went home") {
		t.Errorf("%s, %q", got.Status, got.Reason)
	}
}

func TestApplyParams(t *testing.T) {
	type params struct{ Limit int }
	c := asks(func(_ context.Context, p *framework.Pass) error {
		p.Report(framework.Finding{Message: fmt.Sprint("limit ", p.Params.(*params).Limit)})
		return nil
	})
	c.Params = &params{Limit: 1}
	s := manifests(t, web, cluster.Services)
	for want, given := range map[string]map[string]any{"limit 1": nil, "limit 7": {"test/it": &params{Limit: 7}}} {
		got := framework.Apply(t.Context(), []*framework.Check{c}, framework.Input{Source: s, Target: s, Now: now, Params: given}).Results[0]
		if got.Findings[0].Message != want {
			t.Errorf("%q, want %q", got.Findings[0].Message, want)
		}
	}
}

func TestValidate(t *testing.T) {
	good := asks(reportAll)
	if err := framework.Validate([]*framework.Check{good}); err != nil {
		t.Errorf("a good check is refused: %v", err)
	}
	tests := map[string]func(c *framework.Check){
		"the ID must be":       func(c *framework.Check) { c.ID = "Test/It" },
		"title":                func(c *framework.Check) { c.Doc = "Title.\n\nExplanation." },
		"must explain":         func(c *framework.Check) { c.Doc = "title" },
		"Remedy":               func(c *framework.Check) { c.Remedy = "mend it" },
		"Severity":             func(c *framework.Check) { c.Severity = 0 },
		"Step":                 func(c *framework.Check) { c.Step = 9 },
		"declares nothing":     func(c *framework.Check) { c.Source, c.Target = nil, nil },
		"no Run":               func(c *framework.Check) { c.Run = nil },
		"Params must point":    func(c *framework.Check) { c.Params = 3 },
		"the ID is used twice": func(*framework.Check) {},
	}
	for want, spoil := range tests {
		bad := *good
		spoil(&bad)
		if err := framework.Validate([]*framework.Check{&bad, good}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := framework.Validate([]*framework.Check{nil}); err == nil {
		t.Error("nil is taken for a check")
	}
}
