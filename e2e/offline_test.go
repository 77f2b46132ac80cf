package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// secrets are values of Secrets, ConfigMaps and environment variables of
// testdata. kubectl has left them in its annotation as well.
var secrets = []string{
	"not-a-real-password", "not-a-real-token", "not-a-real-session-key", "not-a-real-page", "10.0.9.20:8443",
}

// TestOffline saves both clusters as directories and as archives, and compares
// what is found in them with what is found in the clusters themselves.
func TestOffline(t *testing.T) {
	c := clusters(t)
	source, target := admin(t, c.source), admin(t, c.target)
	dir := t.TempDir()
	saved := map[string]string{}
	for side, file := range map[string]string{"source": source, "target": target} {
		for _, suffix := range []string{"", ".tar.gz"} {
			path := filepath.Join(dir, side+suffix)
			out := precheck(t, "snapshot", "--kubeconfig", file, "-o", path).must(t, ready)
			if lines := out.complaints(t); len(lines) > 0 {
				t.Errorf("snapshot of the %s says %q", side, lines)
			}
			saved[side+suffix] = path
		}
	}
	run := precheck(t, live(source, target, "-o", "json")...).must(t, blocked)
	for name, args := range map[string][]string{
		"directories": {"--source", saved["source"], "--target", saved["target"]},
		"archives":    {"--source", saved["source.tar.gz"], "--target", saved["target.tar.gz"]},
		"mixed":       {"--source", saved["source.tar.gz"], "--target-kubeconfig", target},
	} {
		out := precheck(t, append([]string{"run", "-o", "json"}, args...)...).must(t, blocked)
		if lines := out.complaints(t); len(lines) > 0 {
			t.Errorf("run with %s says %q", name, lines)
		}
		want, got := run.report(t), out.report(t)
		if name != "mixed" {
			// A snapshot is for both sides and holds more than a run reads of a target.
			want.Target.Digest, got.Target.Digest = "", ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-live +saved):\n%s", name, diff)
		}
		checkSchema(t, out.stdout)
	}
	for _, path := range saved {
		checkSecrets(t, path)
	}
}

// TestReportsHoldNoSecrets looks for secret values in everything that a run
// writes, its log included.
func TestReportsHoldNoSecrets(t *testing.T) {
	c := clusters(t)
	dir := t.TempDir()
	args := live(admin(t, c.source), admin(t, c.target), "--verbose", "--all", "-o", "table")
	for _, format := range []string{"json", "junit"} {
		args = append(args, "-o", format+"="+filepath.Join(dir, format))
	}
	out := precheck(t, args...).must(t, blocked)
	for name, text := range map[string]string{"stdout": out.stdout, "stderr": out.stderr} {
		if text == "" {
			t.Errorf("%s is empty", name)
		}
		lookForSecrets(t, name, []byte(text))
	}
	checkSecrets(t, dir)
}

// TestIncompleteSnapshot saves a cluster as a user who may not read nodes: the
// saved snapshot leaves the same checks unknown.
func TestIncompleteSnapshot(t *testing.T) {
	c := clusters(t)
	d := denial{side: "target", resource: "nodes", verb: "list"}
	target := kubeconfig(t, c.target, restrict(t, c.target, d))
	path := filepath.Join(t.TempDir(), "target.tar.gz")
	// The user has what a target takes, and a snapshot is for both sides.
	out := precheck(t, "snapshot", "--kubeconfig", target, "-o", path).must(t, inconclusive)
	if lines := out.complaints(t); len(lines) == 0 {
		t.Error("nobody says that the snapshot is incomplete")
	}
	source := admin(t, c.source)
	want := precheck(t, live(source, target, "-o", "json")...).must(t, blocked).report(t)
	got := precheck(t, "run", "--source-kubeconfig", source, "--target", path, "-o", "json").must(t, blocked).report(t)
	if diff := cmp.Diff(want.Results, got.Results); diff != "" {
		t.Errorf("results (-live +saved):\n%s", diff)
	}
}

// checkSecrets reads a file, an archive or a whole directory.
func checkSecrets(t *testing.T, path string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(file)
		if filepath.Ext(file) == ".gz" {
			lookInArchive(t, file, data)
		}
		lookForSecrets(t, file, data)
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("looked for secrets in %d files of %s: %v", files, path, err)
	}
}

func lookInArchive(t *testing.T, name string, data []byte) {
	t.Helper()
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(unpacked)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		lookForSecrets(t, name+":"+header.Name, text)
	}
}

func lookForSecrets(t *testing.T, name string, text []byte) {
	t.Helper()
	for _, secret := range secrets {
		encoded := base64.StdEncoding.EncodeToString([]byte(secret))
		if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(encoded)) {
			t.Errorf("%s holds %q", name, secret)
		}
	}
}
