package runner_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The module of a third party in examples/custom-check compiles against this
// one, and its program knows its check.
func TestCustomCheck(t *testing.T) {
	dir := filepath.Join("..", "examples", "custom-check")
	program := filepath.Join(t.TempDir(), "custom-check")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build examples/custom-check: %v (a stale go.mod is repaired by go mod tidy there)\n%s", err, out)
	}
	source := filepath.Join(dir, "registry", "testdata", "registry", "mixed", "source")
	out, err := exec.CommandContext(t.Context(), program, "run", "--checks", "registry", "--source", source, "--target-version", "v1.37").Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("precheck run ended with %v, want exit code 1", err)
	}
	for _, want := range []string{"registry/unreachable", `image of container "app" comes from "quay.io"`, "Deployment shop/not-mirrored"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
}
