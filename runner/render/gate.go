package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/precheck-dev/precheck/framework"
)

// Decision is what a gate decided about a report.
type Decision struct {
	Gate    framework.Gate
	Verdict framework.Verdict
	// Reasons say why the report cannot be used at all; mostly empty.
	Reasons []string
}

// Gate writes a decision with its reasons: why the report is unfit, and the
// checks that hold the step up.
func Gate(w io.Writer, r *framework.Report, d Decision, o Options) error {
	t := table{page: newPage(o), report: r, options: o}
	t.line(colourOf(d.Verdict), fmt.Sprintf("%s: %s", d.Gate.Step, d.Verdict))
	for _, reason := range d.Reasons {
		t.text("", "- ", Clean(reason))
	}
	t.against(d)
	if n := len(r.NotSelected); n > 0 {
		t.text(faint, "", Clean(fmt.Sprintf("The report was made without %s: %s.", count(n, "check"), strings.Join(r.NotSelected, ", "))))
	}
	return t.writeTo(w)
}

// against lists what blocks the step, then what is unknown about it.
func (t *table) against(d Decision) {
	failOn := cmp.Or(d.Gate.FailOn, framework.Blocker)
	held := false
	for severity := framework.Blocker; severity >= failOn; severity-- {
		for _, g := range groups(t.report, severity) {
			if g.step > d.Gate.Step {
				continue
			}
			held = true
			first := g.messages[0]
			text := fmt.Sprintf("%s: %s (%s, %s): %s", severity, g.result.Check, g.step, count(g.objects, g.noun()), first.text)
			if example := t.examples(first, 1); example != "" {
				text += ": " + example
			}
			t.text("", "- ", Clean(text))
		}
	}
	for _, result := range t.report.Results {
		if result.Status == framework.Unknown && result.Step <= d.Gate.Step {
			held = true
			t.text("", "- ", Clean(fmt.Sprintf("unknown: %s (%s): %s", result.Check, result.Step, result.Reason)))
		}
	}
	if !held && len(d.Reasons) == 0 && d.Verdict != framework.Ready {
		t.text("", "- ", "no check of this step or the ones before it was answered")
	}
}
