package runner_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

const oneContext = `
apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: "http://%s"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: c, context: {cluster: c, user: u}}
current-context: c
`

// An interrupt while a cluster is silent ends the run at once: one line, exit
// code 3, and no report.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals to send")
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	dir := t.TempDir()
	kubeconfig, report := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(kubeconfig, fmt.Appendf(nil, oneContext, silent.Addr()), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	precheck := exec.CommandContext(t.Context(), self)
	precheck.Args = []string{"precheck", "run", "--source-kubeconfig", kubeconfig, "--target-version", "v1.37", "-o", "json=" + report}
	precheck.Stdout, precheck.Stderr = &stdout, &stderr
	if err := precheck.Start(); err != nil {
		t.Fatal(err)
	}
	connection, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if err := precheck.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := precheck.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("ended with %v, want exit code 3", err)
	}
	if got, want := stderr.String(), "precheck: interrupted, nothing was written\n"; got != want {
		t.Errorf("stderr is %q, want %q", got, want)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout is %q", &stdout)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the run left files: %v", entries)
	}
}
