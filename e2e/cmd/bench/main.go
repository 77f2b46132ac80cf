// Command bench fills a cluster with generated objects and compares precheck
// with one pass of kubectl get --raw over the same lists. Both are run in turn,
// so that whatever else the machine does hits both; only ratios mean anything.
//
//	go run ./cmd/bench
//	go run ./cmd/bench -objects 100000 -rounds 3 -strict=false
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/precheck-dev/precheck/e2e/internal/build"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
)

// options are the command's flags.
type options struct {
	version  string
	precheck string
	objects  int
	rounds   int
	strict   bool
}

// errMissed ends the command with a code of its own: everything was measured.
var errMissed = errors.New("a target is missed")

func main() {
	if len(os.Args) > 2 && os.Args[1] == measureOne {
		if err := measured(os.Args[2], os.Args[3:]...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.StringVar(&o.version, "version", build.Target, "version of Kubernetes")
	flag.StringVar(&o.precheck, "precheck", "", "binary to measure (default: built from this repository)")
	flag.IntVar(&o.objects, "objects", load.Standard.Total(), "number of objects in the source")
	flag.IntVar(&o.rounds, "rounds", 5, "number of runs of each program")
	flag.BoolVar(&o.strict, "strict", true, "end with exit code 1 when a target is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.rounds < 1 || o.objects < 1 {
		return fmt.Errorf("measure %d rounds of %d objects: both must be positive", o.rounds, o.objects)
	}
	dir, err := os.MkdirTemp("", "precheck-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs, err := prepare(ctx, o, dir)
	if err != nil {
		return err
	}
	source, err := kube.Start(ctx, subdirectory(dir, "source"), kube.Options{Version: o.version})
	if err != nil {
		return err
	}
	defer source.Stop()
	target, err := kube.Start(ctx, subdirectory(dir, "target"), kube.Options{Version: o.version})
	if err != nil {
		return err
	}
	defer target.Stop()
	sizes := load.Standard.Scale(o.objects)
	if err := fill(ctx, source, sizes); err != nil {
		return err
	}
	if err := fill(ctx, target, load.Sizes{Namespaces: 5, Nodes: 20, Services: 20}); err != nil {
		return err
	}
	m, err := measure(ctx, programs, source, target, o.rounds)
	if err != nil {
		return err
	}
	fmt.Printf("source %s with %d objects, target %s, %d rounds\n\n", source.Version, sizes.Total(), target.Version, o.rounds)
	if missed := m.print(os.Stdout, goalsFor(sizes.Total())); missed && o.strict {
		return errMissed
	}
	return nil
}

// programs are the paths of what is compared.
type programs struct{ precheck, kubectl string }

// prepare builds both programs.
func prepare(ctx context.Context, o options, dir string) (programs, error) {
	kubectl, err := build.Binary(ctx, build.Kubectl, build.Target)
	if err != nil {
		return programs{}, err
	}
	p := programs{precheck: o.precheck, kubectl: kubectl}
	if p.precheck != "" {
		return p, nil
	}
	p.precheck = filepath.Join(dir, "precheck")
	cmd := exec.CommandContext(ctx, "go", "build", "-C", "..", "-o", p.precheck, "./runner/precheck")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return programs{}, fmt.Errorf("build precheck: %w\n%s", err, out)
	}
	return p, nil
}

// subdirectory returns the path of a new directory; a failure shows when the
// cluster writes into it.
func subdirectory(dir, name string) string {
	path := filepath.Join(dir, name)
	_ = os.Mkdir(path, 0o755)
	return path
}

func fill(ctx context.Context, c *kube.Cluster, s load.Sizes) error {
	config, err := c.AdminConfig()
	if err != nil {
		return err
	}
	return load.Bulk(ctx, config, s)
}
