package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/precheck-dev/precheck/e2e/internal/kube"
)

// The exit codes that the command documents.
const (
	ready        = 0
	blocked      = 1
	usage        = 2
	inconclusive = 3
)

// limit is how long a run may take, whatever is wrong with the clusters.
const limit = time.Minute

// An outcome is how a run of the program ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// A report is what the tests look at in the JSON output. It is declared here
// and not taken from the framework, as any other program would do.
type report struct {
	Source, Target struct{ UID, Version, Digest string }
	Results        []result
	Verdicts       map[string]string
}

type result struct {
	Check, Status, Reason string
	Findings              []finding
}

type finding struct {
	Severity, Step, Cluster, Message string
	Object                           struct{ APIVersion, Kind, Namespace, Name, FieldPath string }
}

// precheck runs the program as a new user would: no kubeconfig but those in the
// arguments, and no clock but a fixed one.
func precheck(t *testing.T, args ...string) outcome {
	t.Helper()
	return precheckAt(t, "SOURCE_DATE_EPOCH=1767225600", args...)
}

// precheckAt runs the program with a further environment variable and fails the
// test if it does not end in time.
func precheckAt(t *testing.T, variable string, args ...string) outcome {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("build precheck: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), variable}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("precheck %s: %v, %v\n%s", strings.Join(args, " "), err, ctx.Err(), stderr.String())
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// must fails the test unless the program ended with the code.
func (o outcome) must(t *testing.T, code int) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("exit code is %d, want %d\nstdout: %s\nstderr: %s", o.code, code, o.stdout, o.stderr)
	}
	return o
}

// complaints are the lines on stderr. Anything that is not one line of precheck
// itself, such as a stack or a log of client-go, fails the test.
func (o outcome) complaints(t *testing.T) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(o.stderr) {
		line = strings.TrimSuffix(line, "\n")
		text, ok := strings.CutPrefix(line, "precheck: ")
		if !ok || strings.Contains(line, "goroutine ") || strings.Contains(line, ".go:") || len(line) > 400 {
			t.Errorf("stderr holds the line %q", line)
		}
		lines = append(lines, text)
	}
	return lines
}

// report decodes the JSON output.
func (o outcome) report(t *testing.T) report {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		t.Fatalf("decode report: %v\nstdout: %s\nstderr: %s", err, o.stdout, o.stderr)
	}
	return r
}

// with returns the IDs of the checks that ended with the status.
func (r report) with(status string) []string {
	ids := []string{}
	for _, each := range r.Results {
		if each.Status == status {
			ids = append(ids, each.Check)
		}
	}
	return ids
}

// result returns the result of a check.
func (r report) result(t *testing.T, check string) result {
	t.Helper()
	i := slices.IndexFunc(r.Results, func(each result) bool { return each.Check == check })
	if i < 0 {
		t.Fatalf("the report holds no result of %s", check)
	}
	return r.Results[i]
}

// kubeconfig writes a kubeconfig of a user and returns its path.
func kubeconfig(t *testing.T, c *kube.Cluster, u kube.User) string {
	t.Helper()
	path, err := c.Kubeconfig(u)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// admin is the kubeconfig of an administrator, whose requests are audited.
func admin(t *testing.T, c *kube.Cluster) string {
	t.Helper()
	return kubeconfig(t, c, kube.User{Name: "admin", Groups: []string{kube.Masters}})
}

// live are the arguments for a run against two kubeconfigs.
func live(source, target string, more ...string) []string {
	return append([]string{"run", "--source-kubeconfig", source, "--target-kubeconfig", target}, more...)
}

// write writes a file of the test and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
