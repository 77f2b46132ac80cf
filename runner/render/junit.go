package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/precheck-dev/precheck/framework"
)

// JUnit writes the report as JUnit XML: a suite per domain, a case per check.
//
// A check that is unknown is an error and one that was not asked is skipped.
// Blockers and warnings are a failure whose type is the worst severity. A case
// has at most one failure element with all findings in its body: Jenkins reads
// several, but GitLab shows only one of a case, so the rest would be lost.
// Infos fail nothing and stand in system-out. An unknown check that found
// something has an error with the reason and the findings.
func JUnit(w io.Writer, r *framework.Report, _ Options) error {
	all := junit.Testsuites{Name: "precheck"}
	for _, domain := range domains(r) {
		suite := junit.Testsuite{Name: Clean(domain), ID: len(all.Suites), Time: "0.000", Package: "precheck"}
		suite.SetTimestamp(r.GeneratedAt.UTC())
		suite.AddProperty("source", identity(r.Source))
		suite.AddProperty("target", identity(r.Target))
		for i := range r.Results {
			if domainOf(r.Results[i].Check) == domain {
				suite.AddTestcase(testcase(&r.Results[i]))
			}
		}
		all.AddSuite(suite)
	}
	// junit-10.xsd, which Jenkins' xunit plugin validates by, has this attribute
	// of a testsuite only.
	all.Skipped = 0
	if _, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if err := all.WriteXML(w); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}

// domains are the domains of the report in the order of their first check.
func domains(r *framework.Report) []string {
	var out []string
	seen := map[string]bool{}
	for _, result := range r.Results {
		if d := domainOf(result.Check); !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

func domainOf(id string) string {
	domain, _, _ := strings.Cut(id, "/")
	return domain
}

func testcase(result *framework.Result) junit.Testcase {
	c := junit.Testcase{Classname: Clean(domainOf(result.Check)), Name: Clean(result.Check), Time: "0.000"}
	failing, infos, worst := split(result.Findings)
	switch {
	case result.Status == framework.Unknown:
		c.Error = &junit.Result{Type: "unknown", Message: Clean(result.Reason), Data: body(Clean(result.Reason), failing)}
	case result.Status == framework.Skipped:
		c.Skipped = &junit.Result{Message: Clean(result.Reason)}
	case len(failing) > 0:
		summary := Clean(result.Title) + ": " + count(len(failing), "finding")
		c.Failure = &junit.Result{Type: worst.String(), Message: summary, Data: body("", failing)}
	}
	if len(infos) > 0 {
		c.SystemOut = &junit.Output{Data: body("", infos)}
	}
	return c
}

func split(findings []framework.Finding) (failing, infos []framework.Finding, worst framework.Severity) {
	for _, f := range findings {
		worst = max(worst, f.Severity)
		if f.Severity == framework.Info {
			infos = append(infos, f)
			continue
		}
		failing = append(failing, f)
	}
	return failing, infos, worst
}

// body has one line for each finding, then each remedy once.
func body(first string, findings []framework.Finding) string {
	var b strings.Builder
	if first != "" {
		b.WriteString(first + "\n")
	}
	for _, f := range findings {
		object := full(f)
		if object == "" {
			object = "cluster"
		}
		fmt.Fprintf(&b, "%s: %s %s: %s\n", f.Severity, f.Cluster, Clean(object), Clean(f.Message))
	}
	for _, remedy := range names(findings, func(f framework.Finding) string { return f.Remedy }) {
		fmt.Fprintf(&b, "remedy: %s\n", Clean(remedy))
	}
	return b.String()
}
