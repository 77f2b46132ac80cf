package runner

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/precheck-dev/precheck/runner/render"
)

const rootLong = `precheck compares a source and a target Kubernetes cluster before a
zero-downtime migration and writes a risk report that gates each step:
application, data, traffic and retire.

It only reads. Exit codes: 0 ready, 1 blocked, 2 wrong usage or
configuration, 3 inconclusive (something could not be found out).`

// command builds the command tree.
func (p *program) command() *cobra.Command {
	var verbose bool
	root := &cobra.Command{
		Use:   "precheck",
		Short: "Find out what breaks before you move to another Kubernetes cluster",
		Long:  rootLong,
		Example: `  precheck run --source-context old --target-context new
  precheck run --source old/ --target-version v1.37 -o json=report.json`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) {
			if verbose {
				p.verbose()
			}
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no command given (want %s; see precheck --help)", strings.Join(commandNames(c), ", "))
			}
			return fmt.Errorf("%q is no command of precheck, did you mean %q?", args[0], nearest(args[0], commandNames(c)))
		},
	}
	root.SetIn(p.streams.In)
	root.SetOut(p.streams.Out)
	root.SetErr(p.streams.Err)
	root.PersistentFlags().BoolVarP(&verbose, "verbose", "v", false, "Log what is done to stderr.")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w (see %s --help)", err, c.CommandPath())
	})
	root.AddCommand(p.runCommand(), p.snapshotCommand(), p.listCommand(), p.explainCommand(), p.rbacCommand(),
		p.gateCommand(), p.versionCommand())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	completionExamples(root)
	return root
}

func commandNames(root *cobra.Command) []string {
	var out []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, c.Name())
		}
	}
	return out
}

// completionExamples gives the commands that cobra adds what ours have.
func completionExamples(root *cobra.Command) {
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Example = "  precheck help run"
		case "completion":
			c.Example = "  source <(precheck completion bash)"
			for _, shell := range c.Commands() {
				shell.Example = "  precheck completion " + shell.Name()
			}
		}
	}
}

// noArgs refuses arguments in one line.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, got %q (see %s --help)", c.CommandPath(), args[0], c.CommandPath())
	}
	return nil
}

// clock is the time of the run: SOURCE_DATE_EPOCH (seconds since 1970, the
// reproducible-builds.org specification) when it is set.
func clock() (time.Time, error) {
	text, ok := os.LookupEnv("SOURCE_DATE_EPOCH")
	if !ok || text == "" {
		return time.Now(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q (want seconds since 1970)", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// terminal are the render options that fit Out.
func (p *program) terminal() render.Options {
	return render.Options{Width: p.streams.OutWidth, Terminal: p.streams.OutWidth > 0 && os.Getenv("NO_COLOR") == ""}
}

// oneLine joins lines and makes everything printable.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return render.Clean(strings.Join(lines, "; "))
}
