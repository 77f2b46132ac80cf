// Command build fills the cache with every program that the end-to-end tests
// start, so that a slow first build is not part of a test's time.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/precheck-dev/precheck/e2e/internal/build"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	wanted := []struct {
		program build.Program
		version string
	}{
		{build.EtcdMain, build.Etcd},
		{build.APIServer, build.Target},
		{build.APIServer, build.Source},
		{build.Kubectl, build.Target},
	}
	for _, w := range wanted {
		start := time.Now()
		path, err := build.Binary(ctx, w.program, w.version)
		if err != nil {
			return err
		}
		fmt.Printf("%s %s %s %s\n", w.program.Name, w.version, time.Since(start).Round(time.Second), path)
	}
	return nil
}
