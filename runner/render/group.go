package render

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// A group is what one check found of one severity and step.
type group struct {
	result   *framework.Result
	step     framework.Step
	messages []*message
	objects  int // distinct objects
}

// A message is one sentence that holds for several objects.
type message struct {
	text     string
	cluster  string
	remedy   string
	findings []framework.Finding
	objects  int // distinct objects
}

// groups are the groups of a severity, by step and then as the report has
// them. Within a group the message about most objects comes first.
func groups(r *framework.Report, severity framework.Severity) []*group {
	var out []*group
	for i := range r.Results {
		for _, step := range framework.Steps {
			if g := newGroup(&r.Results[i], severity, step); g != nil {
				out = append(out, g)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *group) int { return cmp.Compare(a.step, b.step) })
	return out
}

func newGroup(result *framework.Result, severity framework.Severity, step framework.Step) *group {
	g := &group{result: result, step: step}
	index := map[[3]string]*message{}
	all := map[string]bool{}
	for _, f := range result.Findings {
		if f.Severity != severity || f.Step != step {
			continue
		}
		key := [3]string{f.Cluster, f.Message, f.Remedy}
		m := index[key]
		if m == nil {
			m = &message{text: f.Message, cluster: f.Cluster, remedy: f.Remedy}
			index[key] = m
			g.messages = append(g.messages, m)
		}
		m.findings = append(m.findings, f)
		all[subject(f)] = true
	}
	if len(g.messages) == 0 {
		return nil
	}
	g.objects = len(all)
	for _, m := range g.messages {
		m.objects = len(names(m.findings, subject))
	}
	slices.SortStableFunc(g.messages, func(a, b *message) int {
		return cmp.Or(cmp.Compare(b.objects, a.objects), cmp.Compare(a.text, b.text), cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.remedy, b.remedy))
	})
	g.messages = byRemedy(g.messages)
	return g
}

// byRemedy moves messages with one remedy together, behind the first of them.
func byRemedy(messages []*message) []*message {
	first := map[string]int{}
	for i, m := range messages {
		if _, ok := first[m.remedy]; !ok {
			first[m.remedy] = i
		}
	}
	slices.SortStableFunc(messages, func(a, b *message) int { return cmp.Compare(first[a.remedy], first[b.remedy]) })
	return messages
}

// named reports whether any finding of the group is about an object.
func (g *group) named() bool {
	return slices.ContainsFunc(g.messages, func(m *message) bool {
		return slices.ContainsFunc(m.findings, func(f framework.Finding) bool { return f.Object.Name != "" })
	})
}

// noun is what the group counts.
func (g *group) noun() string {
	if g.named() {
		return "object"
	}
	return "finding"
}

// subject tells objects apart.
func subject(f framework.Finding) string {
	o := f.Object
	return fmt.Sprint(f.Cluster, "\x00", o.APIVersion, "\x00", o.Kind, "\x00", o.Namespace, "\x00", o.Name, "\x00", o.File)
}

// names are the distinct names of the objects of findings, in their order,
// without empty ones.
func names(findings []framework.Finding, name func(framework.Finding) string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, f := range findings {
		if n := name(f); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// short names an object by namespace and name.
func short(f framework.Finding) string {
	if f.Object.Namespace == "" {
		return f.Object.Name
	}
	return f.Object.Namespace + "/" + f.Object.Name
}

// kinded names an object by kind, namespace and name.
func kinded(f framework.Finding) string {
	switch {
	case f.Object.Kind == "":
		return short(f)
	case f.Object.Name == "":
		return f.Object.Kind
	}
	return f.Object.Kind + " " + short(f)
}

// full names an object with its field and the place it stands at.
func full(f framework.Finding) string {
	name := kinded(f)
	if f.Object.FieldPath != "" {
		name += " " + f.Object.FieldPath
	}
	if f.Object.File != "" {
		name += fmt.Sprintf(" (%s:%d)", f.Object.File, f.Object.Line)
	}
	return name
}

// reasons groups the checks of a status by their reason, in the order of the
// first one.
func reasons(r *framework.Report, status framework.Status) (order []string, checks map[string][]string) {
	checks = map[string][]string{}
	for _, result := range r.Results {
		if result.Status != status {
			continue
		}
		reason := withoutResources(r, result.Reason)
		if checks[reason] == nil {
			order = append(order, reason)
		}
		checks[reason] = append(checks[reason], result.Check)
	}
	return order, checks
}

var andMore = regexp.MustCompile(`; and \d+ more$`)

// withoutResources is a reason that does not name the resources that were
// missing, so that checks which lack different ones for one cause are told
// together.
func withoutResources(r *framework.Report, reason string) string {
	more := andMore.FindString(reason)
	var parts []string
	for part := range strings.SplitSeq(strings.TrimSuffix(reason, more), "; ") {
		side, rest, _ := strings.Cut(part, ": ")
		for _, g := range gapsOf(r, side) {
			if g.Resource != "" && g.File == "" && rest == g.String() {
				part = side + ": " + g.Reason
			}
		}
		if slices.Contains(parts, part) {
			more = ""
			continue
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ") + more
}

func gapsOf(r *framework.Report, side string) []cluster.Gap {
	switch side {
	case framework.Source:
		return r.Coverage.Source.Gaps
	case framework.Target:
		return r.Coverage.Target.Gaps
	}
	return nil
}

// identity is a cluster in one line.
func identity(id cluster.Identity) string {
	parts := []string{string(id.Origin), id.Server, id.Version.String(), id.UID}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return Clean(strings.Join(parts, " "))
}
