package framework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// A Check describes one question asked of a migration before it happens.
type Check struct {
	// ID is the domain, a slash and a name, for example "storage/class-missing".
	// It is permanent: waivers, pipelines and documents refer to it.
	ID string
	// Doc is a title (lower case, no period), a blank line, and an explanation
	// that says what goes wrong, on which versions, and where that is documented.
	Doc string
	// Remedy says what to do about a finding, in one imperative sentence.
	Remedy string
	// Severity of its findings unless one says otherwise.
	Severity Severity
	// Step is the first step that its findings endanger.
	Step Step
	// Source and Target are what the check reads of each cluster. Reading
	// anything else makes the check unknown.
	Source, Target []cluster.Resource
	// Params points to a struct with the default parameters, or is nil. The
	// struct is read from and written to JSON, strictly.
	Params any
	// Run answers the question. An error means that it could not be answered.
	Run func(context.Context, *Pass) error
}

// Title is the first line of the Doc.
func (c *Check) Title() string {
	title, _, _ := strings.Cut(c.Doc, "\n")
	return title
}

// Explanation is the Doc without its title.
func (c *Check) Explanation() string {
	_, text, _ := strings.Cut(c.Doc, "\n")
	return strings.TrimSpace(text)
}

// Domain is the part of the ID before the slash.
func (c *Check) Domain() string {
	domain, _, _ := strings.Cut(c.ID, "/")
	return domain
}

// A Pass is one run of one check.
type Pass struct {
	Check *Check
	// Source and Target hold what the check declared and nothing else.
	Source, Target *cluster.Snapshot
	// Params has the type of Check.Params.
	Params any
	// Now is the time of the run. There is no other clock.
	Now time.Time

	findings []Finding
}

// Report records a finding. Severity, step, remedy and cluster are those of
// the check, its Remedy and "source" where the finding leaves them empty.
func (p *Pass) Report(f Finding) {
	if f.Severity == 0 {
		f.Severity = p.Check.Severity
	}
	if f.Step == 0 {
		f.Step = p.Check.Step
	}
	if f.Remedy == "" {
		f.Remedy = p.Check.Remedy
	}
	if f.Cluster == "" {
		f.Cluster = Source
	}
	p.findings = append(p.findings, f)
}

// Reportf records a finding about an object of the source.
func (p *Pass) Reportf(o cluster.Object, format string, args ...any) {
	p.Report(Finding{Object: p.Source.Ref(o), Message: fmt.Sprintf(format, args...)})
}
