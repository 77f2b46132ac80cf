package framework

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/precheck-dev/precheck/framework/cluster"
)

const (
	// ReportAPIVersion is the version of the report's format. Within it fields
	// are only ever added.
	ReportAPIVersion = "precheck.dev/v1alpha1"
	// ReportKind is the kind of a report.
	ReportKind = "RiskReport"
)

// ReportSchema is the JSON Schema (2020-12) of a report.
//
//go:embed report.schema.json
var ReportSchema []byte

// A Report is the answer of all checks about one migration. It is the only
// input of renderers, gates and plans.
type Report struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// GeneratedAt is when the checks ran, UTC.
	GeneratedAt time.Time `json:"generatedAt"`
	// Tool is the version of precheck.
	Tool   string           `json:"tool"`
	Source cluster.Identity `json:"source"`
	Target cluster.Identity `json:"target"`
	// Coverage says what was read of each cluster and what was not.
	Coverage Coverages `json:"coverage"`
	// Results has one entry per selected check, in the order of the checks.
	Results []Result `json:"results"`
	// NotSelected are the checks that nobody asked, in the order of the checks.
	// The verdicts say nothing about what they are for.
	NotSelected []string `json:"notSelected,omitempty"`
	// Verdicts has an entry for every step, looking at it and those before it.
	Verdicts map[Step]Verdict `json:"verdicts"`
}

// Coverages is the coverage of both clusters.
type Coverages struct {
	Source Coverage `json:"source"`
	Target Coverage `json:"target"`
}

// Coverage says how much of a cluster was read.
type Coverage struct {
	// Resources is the number of resources that were listed.
	Resources int `json:"resources"`
	// Objects is the number of objects in them.
	Objects int `json:"objects"`
	// Gaps are the things that were asked for and not read.
	Gaps []cluster.Gap `json:"gaps,omitempty"`
	// Ignored are documents that are no Kubernetes objects.
	Ignored []cluster.Note `json:"ignored,omitempty"`
}

// Result is how one check ended.
type Result struct {
	Check string `json:"check"`
	Title string `json:"title"`
	// Step is the first step that the check is about: an unknown result makes
	// this step and the ones after it inconclusive.
	Step   Step   `json:"step"`
	Status Status `json:"status"`
	// Reason is why the check was skipped or is unknown.
	Reason   string    `json:"reason,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
}

// ReadReport reads a report as JSON and refuses what it does not know.
func ReadReport(r io.Reader) (*Report, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	var head struct{ APIVersion, Kind string }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if head.APIVersion != ReportAPIVersion || head.Kind != ReportKind {
		return nil, fmt.Errorf("read report: apiVersion %q, kind %q is no report this version reads (want %s, %s)",
			head.APIVersion, head.Kind, ReportAPIVersion, ReportKind)
	}
	var report Report
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&report); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	return &report, report.check()
}

// check refuses a report that a gate could misread.
func (r *Report) check() error {
	if len(r.Results) == 0 {
		return fmt.Errorf("read report: it holds no results")
	}
	for _, result := range r.Results {
		switch result.Status {
		case Clean, Found, Skipped, Unknown:
		default:
			return fmt.Errorf("read report: %s has the status %q", result.Check, result.Status)
		}
		if result.Step == 0 {
			return fmt.Errorf("read report: %s has no step", result.Check)
		}
		for _, f := range result.Findings {
			if f.Severity == 0 || f.Step == 0 {
				return fmt.Errorf("read report: a finding of %s lacks severity or step", result.Check)
			}
		}
	}
	return nil
}
