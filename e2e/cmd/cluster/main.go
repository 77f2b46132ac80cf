// Command cluster starts an API server, fills it, prints the path of an
// administrator's kubeconfig, and keeps it running until it is interrupted.
//
//	go run ./cmd/cluster -version v1.24.17 -fill source
//	go run ./cmd/cluster -version v1.37.2 -fill target
//	go run ./cmd/cluster -version v1.24.17 -objects 36500
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/precheck-dev/precheck/e2e/internal/build"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
	"k8s.io/client-go/rest"
)

// options are the command's flags.
type options struct {
	version  string
	fill     string
	testdata string
	objects  int
}

func main() {
	var o options
	flag.StringVar(&o.version, "version", build.Source, "version of Kubernetes")
	flag.StringVar(&o.fill, "fill", "", "applications to load: source or target")
	flag.StringVar(&o.testdata, "testdata", "testdata", "directory of the applications")
	flag.IntVar(&o.objects, "objects", 0, "number of generated objects to load")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "precheck-e2e-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	c, err := kube.Start(ctx, dir, kube.Options{Version: o.version})
	if err != nil {
		return err
	}
	defer c.Stop()
	config, err := c.AdminConfig()
	if err != nil {
		return err
	}
	path, err := c.Kubeconfig(kube.User{Name: "admin", Groups: []string{kube.Masters}})
	if err != nil {
		return err
	}
	start := time.Now()
	if err := fill(ctx, config, o); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s is filled after %s; interrupt to end\n", c.Version, time.Since(start).Round(time.Second))
	fmt.Println(path)
	<-ctx.Done()
	return nil
}

// fill loads what the flags ask for.
func fill(ctx context.Context, config *rest.Config, o options) error {
	if o.objects > 0 {
		if err := load.Bulk(ctx, config, load.Standard.Scale(o.objects)); err != nil {
			return err
		}
	}
	dir := filepath.Join(o.testdata, o.fill)
	switch o.fill {
	case "":
		return nil
	case "source":
		return load.Source(ctx, config, dir)
	case "target":
		return load.Target(ctx, config, dir)
	}
	return fmt.Errorf("fill with %q: must be source or target", o.fill)
}
