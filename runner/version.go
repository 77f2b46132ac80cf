package runner

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

const modulePath = "github.com/precheck-dev/precheck"

// build says what the program was made from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go,omitempty"`
}

// readBuild asks the build information of the binary. In a program of somebody
// else, precheck is one of the dependencies.
func readBuild() build {
	b := build{Version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Go = info.GoVersion
	if info.Main.Path != modulePath {
		for _, d := range info.Deps {
			if d.Path == modulePath && d.Version != "" {
				b.Version = d.Version
			}
		}
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func version() string { return readBuild().Version }

func (p *program) versionCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "version",
		Short: "Say which version of precheck this is",
		Long:  "Say which version of precheck this is, and what it was built from.",
		Example: `  precheck version
  precheck version -o json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			if err := textOrJSON(format); err != nil {
				return err
			}
			if format == "json" {
				return p.printJSON(b)
			}
			return p.printf("precheck %s (%s)\n", b.Version, b.Go)
		},
	}
	formatFlag(c, &format)
	return c
}

// formatFlag registers -o for the commands that print text or JSON.
func formatFlag(c *cobra.Command, format *string) {
	c.Flags().StringVarP(format, "output", "o", "", "Print json instead of text.")
	fixed(c, "output", []string{"json"})
}

func textOrJSON(format string) error {
	if format != "" && format != "json" {
		return fmt.Errorf("-o %s: %q is no format here (want json, or no -o for text)", format, format)
	}
	return nil
}

// printf writes data to Out.
func (p *program) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(p.streams.Out, format, args...); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func (p *program) printJSON(v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return p.printf("%s\n", data)
}
