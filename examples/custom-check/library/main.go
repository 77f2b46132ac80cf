// Command library uses precheck as a library, without its command line: it
// reads two directories of manifests, asks one check, and prints the verdict
// and the findings.
//
//	go run ./library SOURCE-DIRECTORY TARGET-DIRECTORY
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"

	"example.com/custom-check/registry"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: library SOURCE-DIRECTORY TARGET-DIRECTORY")
		os.Exit(2)
	}
	if err := compare(context.Background(), os.Stdout, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(2)
	}
}

func compare(ctx context.Context, w io.Writer, source, target string) error {
	checks := []*framework.Check{registry.Unreachable}
	if err := framework.Validate(checks); err != nil {
		return err
	}
	now := time.Now()
	in := framework.Input{Now: now, Tool: "library"}
	var err error
	if in.Source, err = (cluster.Directory{Path: source, Now: now}).Read(ctx, registry.Unreachable.Source); err != nil {
		return err
	}
	if in.Target, err = (cluster.Directory{Path: target, Now: now}).Read(ctx, registry.Unreachable.Target); err != nil {
		return err
	}
	report := framework.Apply(ctx, checks, in)
	fmt.Fprintln(w, framework.Gate{Step: framework.Application}.Decide(report))
	for _, result := range report.Results {
		for _, f := range result.Findings {
			fmt.Fprintf(w, "%s %s/%s: %s\n", f.Object.Kind, f.Object.Namespace, f.Object.Name, f.Message)
		}
	}
	return nil
}
