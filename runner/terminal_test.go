package runner_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/precheck-dev/precheck/runner"
)

// manifests is a directory with one workload.
func manifests(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 1}\n"
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Colour and boxes are for terminals, and for nobody who set NO_COLOR.
func TestColour(t *testing.T) {
	dir := manifests(t)
	tests := []struct {
		name, noColor string
		width         int
		want          bool
	}{
		{"terminal", "", 80, true},
		{"terminal with NO_COLOR", "1", 80, false},
		{"pipe", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", tt.noColor)
			var out, talk bytes.Buffer
			args := []string{"run", "--source", dir, "--target-version", "v1.37", "--checks", "workload/replicas"}
			code := runner.Run(t.Context(), testChecks(), args, runner.Streams{Out: &out, Err: &talk, OutWidth: tt.width})
			if code != runner.ExitReady || talk.Len() > 0 {
				t.Fatalf("exit code %d, stderr %q", code, &talk)
			}
			if got := strings.ContainsAny(out.String(), "\x1b╭│"); got != tt.want {
				t.Errorf("colours and boxes: %t, want %t:\n%s", got, tt.want, &out)
			}
		})
	}
}

// The log is for those who ask for it.
func TestVerbose(t *testing.T) {
	dir := manifests(t)
	for flag, want := range map[string]bool{"-v": true, "--verbose=false": false} {
		var out, talk bytes.Buffer
		args := []string{"run", flag, "--source", dir, "--target-version", "v1.37", "--checks", "workload"}
		runner.Run(t.Context(), testChecks(), args, runner.Streams{Out: &out, Err: &talk})
		if got := strings.Contains(talk.String(), "msg=\"cluster read\" cluster=source"); got != want {
			t.Errorf("%s: logged: %t, want %t:\n%s", flag, got, want, &talk)
		}
	}
}
