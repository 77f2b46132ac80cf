package render

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// How much a table shows of a group unless everything is asked for.
const (
	maxMessages = 5
	maxObjects  = 5
)

// roomy is how many columns the verdicts take with all there is to say.
const roomy = 67

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Table writes the report for a person: the verdict of each step, then
// blockers, unknown checks, warnings and infos, grouped by check.
func Table(w io.Writer, r *framework.Report, o Options) error {
	t := table{page: newPage(o), report: r, options: o}
	t.clusters()
	t.verdicts()
	t.section(framework.Blocker, "BLOCKERS", red)
	t.reasons(framework.Unknown, "UNKNOWN", "could not be answered", yellow)
	t.section(framework.Warning, "WARNINGS", yellow)
	t.section(framework.Info, "INFOS", blue)
	t.reasons(framework.Skipped, "SKIPPED", "not asked", faint)
	t.coverage()
	t.last()
	return t.writeTo(w)
}

type table struct {
	*page
	report  *framework.Report
	options Options
}

func (t *table) clusters() {
	r := t.report
	t.line(bold, Clean("Risk report of "+stamp(r.GeneratedAt)+" UTC, precheck "+r.Tool))
	t.blank()
	rows := [][]string{t.cluster("source", r.Source), t.cluster("target", r.Target)}
	used := 6 + 5*3 // the first column and what stands between columns
	for _, column := range []int{1, 3} {
		used += max(len(header[column]), width(rows[0][column]), width(rows[1][column]))
	}
	for _, row := range rows {
		row[2] = truncate(row[2], max(t.width-used, 8))
	}
	t.boxed(grid{header: header, rows: rows})
	t.blank()
}

var header = []string{"", "VERSION", "CLUSTER", "READ (UTC)"}

func (t *table) cluster(name string, id cluster.Identity) []string {
	from := "not given"
	switch id.Origin {
	case cluster.FromCluster:
		from = strings.TrimPrefix(id.Server, "https://")
	case cluster.FromManifests:
		from = "manifests"
	case cluster.FromVersion:
		from = "the version alone"
	}
	version, taken := id.Version.String(), "-"
	if version == "" {
		version = "unknown"
	}
	if !id.TakenAt.IsZero() {
		taken = stamp(id.TakenAt)
	}
	return []string{name, Clean(version), Clean(from), taken}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func (t *table) verdicts() {
	g := grid{
		header: []string{"STEP", "VERDICT", "BLOCKER", "WARNING", "INFO", "UNKNOWN"},
		align:  []tw.Align{tw.AlignLeft, tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight},
	}
	for _, step := range framework.Steps {
		verdict := framework.Gate{Step: step, FailOn: t.options.Gate.FailOn}.Decide(t.report)
		counts := t.counts(step)
		row := []string{step.String(), t.verdict(verdict, counts)}
		for _, n := range []int{counts.of[framework.Blocker], counts.of[framework.Warning], counts.of[framework.Info], counts.unknown} {
			row = append(row, number(n))
		}
		g.rows = append(g.rows, row)
	}
	t.boxed(g)
}

// verdict is the word in its colour, and whether an earlier step is the cause.
func (t *table) verdict(v framework.Verdict, counts tally) string {
	failOn := cmp.Or(t.options.Gate.FailOn, framework.Blocker)
	own := counts.unknown
	if v == framework.Blocked {
		own = 0
		for severity, n := range counts.of {
			if severity >= failOn {
				own += n
			}
		}
	}
	word := t.paint(colourOf(v), string(v))
	if v != framework.Ready && own == 0 && counts.before && t.width >= roomy {
		word += t.paint(faint, " as above")
	}
	return word
}

func colourOf(v framework.Verdict) string {
	switch v {
	case framework.Ready:
		return green
	case framework.Blocked:
		return red
	}
	return yellow
}

func number(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// tally counts what belongs to one step alone.
type tally struct {
	of      map[framework.Severity]int
	unknown int
	before  bool // whether a step comes before
}

func (t *table) counts(step framework.Step) tally {
	c := tally{of: map[framework.Severity]int{}, before: step > framework.Steps[0]}
	for _, result := range t.report.Results {
		if result.Status == framework.Unknown && result.Step == step {
			c.unknown++
		}
		for _, f := range result.Findings {
			if f.Step == step {
				c.of[f.Severity]++
			}
		}
	}
	return c
}

func (t *table) title(colour, name, rest string) {
	t.blank()
	if t.terminal {
		t.line(colour, name+"  "+rest)
		return
	}
	t.line("", name+"  "+rest)
	t.line("", strings.Repeat("-", min(t.width, len(name)+2+len(rest))))
}

func (t *table) section(severity framework.Severity, name, colour string) {
	all := groups(t.report, severity)
	if len(all) == 0 {
		return
	}
	objects, noun := 0, "object"
	for _, g := range all {
		objects += g.objects
		if !g.named() {
			noun = "finding"
		}
	}
	t.title(colour, name, count(objects, noun)+" in "+count(len(all), "check"))
	for i, g := range all {
		if i > 0 {
			t.blank()
		}
		t.group(g)
	}
}

func (t *table) group(g *group) {
	t.spread(Clean(g.result.Check), g.step.String()+", "+count(g.objects, g.noun()))
	t.text("", "  ", Clean(g.result.Title))
	shown := g.messages
	if !t.options.All && len(shown) > maxMessages+1 { // the last one alone takes no more room than counting it
		shown = shown[:maxMessages]
	}
	for i, m := range shown {
		t.message(m, len(g.messages))
		if i+1 == len(shown) || shown[i+1].remedy != m.remedy {
			t.text(green, "  > ", Clean(m.remedy))
		}
	}
	if left := len(g.messages) - len(shown); left > 0 {
		t.text(faint, "  - ", fmt.Sprintf("and %d more of the kind (--all shows them)", left))
	}
}

// message writes the sentence and, below it, the objects it is about. One of
// several messages says how many objects those are.
func (t *table) message(m *message, messages int) {
	text, limit := Clean(m.text), maxObjects
	if messages > 1 {
		limit = 3
		if m.objects > 1 {
			text += " (" + count(m.objects, "object") + ")"
		}
	}
	t.text("", "  - ", text)
	if !t.options.All {
		t.text(faint, "      ", t.examples(m, limit))
		return
	}
	for _, n := range names(m.findings, full) {
		t.text(faint, "      ", Clean(n))
	}
}

// examples names the first objects and counts the others. The kind is said
// once when it is the same for all.
func (t *table) examples(m *message, limit int) string {
	id := t.report.Source
	if m.cluster == framework.Target {
		id = t.report.Target
	}
	first := m.findings[0].Object
	kind, name := "", kinded
	if !slices.ContainsFunc(m.findings, func(f framework.Finding) bool { return f.Object.Kind != first.Kind }) && first.Kind != "" && first.Name != "" {
		kind, name = first.Kind+" ", short
	}
	all := names(m.findings, func(f framework.Finding) string {
		n := name(f)
		if f.Object.File != "" && id.Origin == cluster.FromManifests {
			n += fmt.Sprintf(" (%s:%d)", f.Object.File, f.Object.Line)
		}
		return n
	})
	if len(all) == 0 {
		return ""
	}
	if len(all) == limit+1 {
		limit++ // naming the last one takes no more room than counting it
	}
	text := strings.Join(all[:min(limit, len(all))], ", ")
	if more := len(all) - limit; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return Clean(kind + text)
}

func (t *table) reasons(status framework.Status, name, what, colour string) {
	order, checks := reasons(t.report, status)
	if len(order) == 0 {
		return
	}
	n := 0
	for _, c := range checks {
		n += len(c)
	}
	t.title(colour, name, count(n, "check")+" "+what)
	for _, reason := range order {
		t.text("", "", Clean(reason))
		t.text(faint, "  ", Clean(strings.Join(checks[reason], ", ")))
	}
}

func (t *table) coverage() {
	t.blank()
	clean := 0
	for _, result := range t.report.Results {
		if result.Status == framework.Clean {
			clean++
		}
	}
	c := t.report.Coverage
	text := fmt.Sprintf("%d of %s clean. Read %s of the source and %s of the target.",
		clean, count(len(t.report.Results), "check"), count(c.Source.Objects, "object"), count(c.Target.Objects, "object"))
	if n := len(t.report.NotSelected); n > 0 {
		text += fmt.Sprintf(" %s not selected.", count(n, "check"))
	}
	if n := len(c.Source.Ignored) + len(c.Target.Ignored); n > 0 {
		text += fmt.Sprintf(" Passed over %s without a Kubernetes object.", count(n, "document"))
	}
	t.text(faint, "", text)
	if t.options.All {
		t.ignored(framework.Source, c.Source.Ignored)
		t.ignored(framework.Target, c.Target.Ignored)
	}
}

// last repeats the verdict that counts, for whom the first page has passed by.
func (t *table) last() {
	gate := framework.Gate{Step: cmp.Or(t.options.Gate.Step, framework.Retire), FailOn: t.options.Gate.FailOn}
	verdict := gate.Decide(t.report)
	t.line(colourOf(verdict), fmt.Sprintf("Verdict for %s: %s.", gate.Step, verdict))
}

func (t *table) ignored(side string, notes []cluster.Note) {
	for _, n := range notes {
		t.text(faint, "  ", Clean(fmt.Sprintf("%s: %s:%d: %s", side, n.File, n.Line, n.Reason)))
	}
}
