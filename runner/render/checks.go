package render

import (
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// Checks writes a table of checks.
func Checks(w io.Writer, checks []*framework.Check, o Options) error {
	p := newPage(o)
	used := 8 + 11 + 3*2 // severity, step and what stands between columns
	longest := 0
	for _, c := range checks {
		longest = max(longest, width(c.ID))
	}
	g := grid{header: []string{"CHECK", "SEVERITY", "STEP", "TITLE"}}
	for _, c := range checks {
		title := wrap(Clean(c.Title()), max(p.width-used-longest, 20))
		g.rows = append(g.rows, []string{c.ID, c.Severity.String(), c.Step.String(), strings.Join(title, "\n")})
	}
	p.open(g)
	return p.writeTo(w)
}

// Check writes all that is known about one check.
func Check(w io.Writer, c *framework.Check, o Options) error {
	p := newPage(o)
	p.spread(c.ID, c.Severity.String()+", "+c.Step.String())
	p.text("", "", Clean(c.Title()))
	p.blank()
	for line := range strings.Lines(c.Explanation()) {
		fmt.Fprintln(&p.buf, Clean(strings.TrimRight(line, "\n")))
	}
	p.blank()
	p.text(green, "> ", Clean(c.Remedy))
	p.blank()
	p.text("", "reads of the source: ", listing(c.Source))
	p.text("", "reads of the target: ", listing(c.Target))
	if c.Params == nil {
		return p.writeTo(w)
	}
	defaults, err := yaml.Marshal(map[string]any{c.ID: c.Params})
	if err != nil {
		return fmt.Errorf("write parameters of %s: %w", c.ID, err)
	}
	p.blank()
	p.text("", "", "parameters with their defaults, as --params reads them:")
	for line := range strings.Lines(string(defaults)) {
		fmt.Fprint(&p.buf, "  "+line)
	}
	return p.writeTo(w)
}

func listing(resources []cluster.Resource) string {
	if len(resources) == 0 {
		return "nothing"
	}
	var out []string
	for _, r := range resources {
		out = append(out, r.String())
	}
	return strings.Join(out, ", ")
}
