package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectoryFollowsLinksOnce(t *testing.T) {
	root := t.TempDir()
	outside := t.TempDir()
	write(t, filepath.Join(root, "data", "a.yaml"), mapA)
	write(t, filepath.Join(root, ".git", "b.yaml"), mapB)
	write(t, filepath.Join(outside, "b.yaml"), mapB)
	for name, to := range map[string]string{
		"data/loop":    "..",           // a cycle
		"data/again":   "a.yaml",       // no manifest by its name
		"data/b.yaml":  "a.yaml",       // read as a.yaml already
		"shared":       outside,        // a directory outside
		"z-shared":     outside,        // read already
		"missing.yaml": "nowhere.yaml", // leads nowhere
	} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := readDir(t, root, []Resource{Inventory})
	want := "data/a.yaml:1 ConfigMap a\nshared/b.yaml:1 ConfigMap b\n" +
		"missing.yaml:0 gap \"\" cannot be read: no such file or directory\n"
	if diff := cmp.Diff(want, outlineOf(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A ConfigMap that is mounted into a pod is a directory of links.
func TestDirectoryOfMountedConfigMap(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "..2026_01_02", "a.yaml"), mapA)
	for name, to := range map[string]string{"..data": "..2026_01_02", "a.yaml": "..data/a.yaml"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	want := "..2026_01_02/a.yaml:1 ConfigMap a\n"
	if diff := cmp.Diff(want, outlineOf(readDir(t, root, []Resource{Inventory}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDirectoryOfOneFile(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), mapA)
	write(t, filepath.Join(dir, "README.md"), "hello")
	want := "a.yaml:1 ConfigMap a\n"
	if diff := cmp.Diff(want, outlineOf(readDir(t, filepath.Join(dir, "a.yaml"), []Resource{Inventory}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := Directory{Path: filepath.Join(dir, "README.md")}.Read(t.Context(), nil)
	if err == nil || !strings.HasSuffix(err.Error(), "README.md is no directory, and no file that ends in .yaml, .yml or .json") {
		t.Errorf("a file that is no manifest: %v", err)
	}
}

func TestDirectoryReportsWhatItMayNotRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "a.yaml"), mapA)
	write(t, filepath.Join(root, "closed.yaml"), mapB)
	write(t, filepath.Join(root, "closed", "b.yaml"), mapB)
	for _, name := range []string{"closed.yaml", "closed"} {
		if err := os.Chmod(filepath.Join(root, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "closed"), 0o700) })
	want := "a.yaml:1 ConfigMap a\nclosed:0 gap \"\" cannot be read: permission denied\n" +
		"closed.yaml:0 gap \"\" cannot be read: permission denied\n"
	if diff := cmp.Diff(want, outlineOf(readDir(t, root, []Resource{Inventory}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSavedSnapshotIsReadAlone(t *testing.T) {
	root := t.TempDir()
	all := everything()
	if err := Save(readDir(t, "testdata/live", all), filepath.Join(root, "saved")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "a.yaml"), mapA)
	const want = "belongs to a saved snapshot among other files: give its directory alone"
	for _, g := range readDir(t, root, all).GapsFor([]Resource{Pods}) {
		if g.File == "saved/snapshot.json" && g.Reason == want && !g.Partial && !g.Chosen {
			return
		}
	}
	t.Error("a saved snapshot among other files is read as if it were manifests")
}

func TestSavedSnapshotThatLacksAFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "saved")
	all := everything()
	if err := Save(readDir(t, "testdata/live", all), dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "pods.json")); err != nil {
		t.Fatal(err)
	}
	got := readDir(t, dir, all).GapsFor([]Resource{Pods})
	want := []Gap{{Partial: true, File: "pods.json", Reason: "holds 0 objects and was written with 1: take the snapshot again"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = readDir(t, dir, []Resource{CSIDrivers, Objects(notSaved)}).GapsFor([]Resource{Objects(notSaved)})
	last := got[len(got)-1]
	if last.Partial || last.Reason != "the snapshot was taken without others.example.com: take it again" {
		t.Errorf("a resource that was not saved: %v", last)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSaveRefusesToOverwrite(t *testing.T) {
	s := readDir(t, "testdata/gitops", everything())
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mine", "notes.txt"), "mine")
	err := Save(s, filepath.Join(dir, "mine"))
	if err == nil || !strings.HasSuffix(err.Error(), "mine exists and is not empty: remove it or name another directory") {
		t.Errorf("Save over other files: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"empty", "once.tar.gz", "once.tar.gz"} {
		if err := Save(s, filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if err := Save(s, filepath.Join(dir, "none", "x.tar.gz")); err == nil {
		t.Error("Save into a directory that does not exist succeeded")
	}
}
