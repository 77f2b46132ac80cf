package runner

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/runner/render"
)

// listed check, as precheck list -o json prints it.
type listedCheck struct {
	ID       string             `json:"id"`
	Title    string             `json:"title"`
	Severity framework.Severity `json:"severity"`
	Step     framework.Step     `json:"step"`
	Remedy   string             `json:"remedy"`
}

func (p *program) listCommand() *cobra.Command {
	var s selection
	var format string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the checks",
		Long:  "List the checks, or those that --checks and --skip select.",
		Example: `  precheck list
  precheck list --checks traffic -o json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := textOrJSON(format); err != nil {
				return err
			}
			checks, err := s.checks(p)
			if err != nil {
				return err
			}
			if format != "json" {
				return buffered(p.streams.Out, func(w io.Writer) error { return render.Checks(w, checks, p.terminal()) })
			}
			out := make([]listedCheck, 0, len(checks))
			for _, c := range checks {
				out = append(out, listedCheck{c.ID, c.Title(), c.Severity, c.Step, c.Remedy})
			}
			return p.printJSON(out)
		},
	}
	s.flags(p, c)
	formatFlag(c, &format)
	return c
}
