// Package build compiles the programs that the end-to-end tests start, from
// their published Go modules, and keeps them in a cache.
//
// A Kubernetes release is built as a dependency of a small generated module:
// k8s.io/kubernetes requires its staging modules in a version that does not
// exist and replaces them by directories that the module does not contain, so
// the generated module names the published version of each of them.
package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// CacheEnv names the environment variable that overrides the directory in
// which modules and binaries are kept.
const CacheEnv = "PRECHECK_E2E_CACHE"

// Versions of what the tests start. Every Kubernetes release from v1.23 on can
// be added; older ones lack a generated file in their module.
const (
	Source = "v1.24.17" // oldest API server
	Target = "v1.37.2"  // newest API server
	Etcd   = "v3.6.16"  // serves both
)

// A Program is a main package of a published module.
type Program struct {
	Name    string // of the binary
	Module  string
	Package string // import path of the main package
}

// The programs that the tests use.
var (
	APIServer = Program{"kube-apiserver", "k8s.io/kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"}
	Kubectl   = Program{"kubectl", "k8s.io/kubernetes", "k8s.io/kubernetes/cmd/kubectl"}
	EtcdMain  = Program{"etcd", "go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"}
)

// Binary returns the path of a program in a version, and builds it first if
// the cache does not hold it. A cold build of an API server takes 6 to 10
// minutes on two cores. Several processes may ask at once: one builds.
func Binary(ctx context.Context, p Program, version string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, version)
	path := filepath.Join(dir, p.Name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	unlock, err := lock(dir)
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := compile(ctx, dir, p, version); err != nil {
		return "", fmt.Errorf("build %s %s: %w", p.Name, version, err)
	}
	return path, nil
}

// cacheDir is the directory of all versions.
func cacheDir() (string, error) {
	if dir := os.Getenv(CacheEnv); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache, %s is not set: %w", CacheEnv, err)
	}
	return filepath.Join(dir, "precheck-e2e"), nil
}

// lock creates a version's directory and holds it until the returned function
// is called or the process ends.
func lock(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create cache: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return func() { _ = file.Close() }, nil
}

// compile writes the module and builds the program beside it. The binary gets
// its final name only when it is complete.
func compile(ctx context.Context, dir string, p Program, version string) error {
	module := filepath.Join(dir, "module", p.Name)
	stamp, err := writeModule(ctx, module, p, version)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, p.Name)
	args := []string{"build", "-mod=mod", "-trimpath", "-ldflags", stamp, "-o", path + ".part", p.Package}
	if _, err := goCommand(ctx, module, args...); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// goCommand runs the go command in a directory and returns its output. The
// programs are linked statically, which also spares a C compiler.
func goCommand(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, stderr.String())
	}
	return out, nil
}
