package runner

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/runner/render"
)

func (p *program) explainCommand() *cobra.Command {
	var s selection
	c := &cobra.Command{
		Use:   "explain ID",
		Short: "Explain a check",
		Long: `Explain a check: what goes wrong and on which versions, where that is
documented, what to do about it, what the check reads of each cluster, and
its parameters.`,
		Example: "  precheck explain api/removed",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s takes the ID of one check (see precheck list)", c.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			all, _ := p.withPolicies(s.policies)
			for _, c := range all {
				ids = append(ids, c.ID)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			check, err := p.find(args[0], s.policies)
			if err != nil {
				return err
			}
			return buffered(p.streams.Out, func(w io.Writer) error { return render.Check(w, check, p.terminal()) })
		},
	}
	s.policyFlag(c)
	return c
}

// find is the check with the ID.
func (p *program) find(id string, dirs []string) (*framework.Check, error) {
	all, err := p.withPolicies(dirs)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
		ids = append(ids, c.ID)
	}
	return nil, fmt.Errorf("there is no check %q, did you mean %q?", id, nearest(id, ids))
}
