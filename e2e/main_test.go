package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/precheck-dev/precheck/e2e/internal/build"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
)

// binaryEnv names the environment variable with the path of a precheck that is
// tested instead of one built from this repository.
const binaryEnv = "PRECHECK_E2E_BINARY"

// The clusters that tests share, and the program, are made when the first test
// asks for them. A test that changes a shared cluster restores it and does not
// run in parallel with others.
var (
	shared  = sync.OnceValues(startShared)
	program = sync.OnceValues(buildProgram)
	scratch string // directory of both
)

// A migration is a source and a target.
type migration struct{ source, target *kube.Cluster }

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "precheck-e2e-"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	var stop context.CancelFunc
	running, stop = context.WithCancel(context.Background())
	defer func() {
		stop()
		if clusters, err := shared(); err == nil {
			clusters.source.Stop()
			clusters.target.Stop()
		}
	}()
	return m.Run()
}

// running ends with the tests, so that nothing is started after them.
var running context.Context

// startShared starts a source and a target and fills them with the
// applications.
func startShared() (migration, error) {
	var m migration
	group, ctx := errgroup.WithContext(running)
	group.Go(func() (err error) {
		m.source, err = startFilled(ctx, build.Source, "source", load.Source)
		return err
	})
	group.Go(func() (err error) {
		m.target, err = startFilled(ctx, build.Target, "target", load.Target)
		return err
	})
	return m, group.Wait()
}

// startFilled starts a cluster and loads one directory of testdata.
func startFilled(ctx context.Context, version, name string, fill func(context.Context, *rest.Config, string) error) (*kube.Cluster, error) {
	dir := filepath.Join(scratch, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	c, err := kube.Start(ctx, dir, kube.Options{Version: version})
	if err != nil {
		return nil, err
	}
	config, err := c.AdminConfig()
	if err == nil {
		err = fill(ctx, config, filepath.Join("testdata", name))
	}
	if err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// buildProgram returns the path of the precheck that is tested.
func buildProgram() (string, error) {
	if path := os.Getenv(binaryEnv); path != "" {
		return filepath.Abs(path)
	}
	path := filepath.Join(scratch, "precheck")
	cmd := exec.CommandContext(running, "go", "build", "-C", "..", "-o", path, "./runner/precheck")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
}

// clusters returns the shared source and target.
func clusters(t *testing.T) migration {
	t.Helper()
	m, err := shared()
	if err != nil {
		t.Fatalf("start the shared clusters: %v", err)
	}
	return m
}
