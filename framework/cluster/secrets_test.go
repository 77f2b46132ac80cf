package cluster

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// secret matches every value of the fixtures that must not be kept, in plain
// text and in base64.
var secret = regexp.MustCompile(`hunter2|aHVudGVyM`)

func TestNoSecretIsSaved(t *testing.T) {
	rollouts := Objects(schema.GroupResource{Group: "argoproj.example.com", Resource: "rollouts"})
	for _, dir := range []string{"testdata/live", "testdata/gitops", "testdata/secrets"} {
		s := readDir(t, dir, append(everything(), rollouts))
		path := filepath.Join(t.TempDir(), "saved")
		if err := Save(s, path); err != nil {
			t.Fatal(err)
		}
		given := files(t, dir)
		if !secret.MatchString(given) {
			t.Errorf("%s holds no secret to look for", dir)
		}
		if found := secret.FindString(files(t, path)); found != "" {
			t.Errorf("the snapshot of %s holds %q", dir, found)
		}
		if n := len(slices.Collect(s.Objects(rollouts))); dir == "testdata/secrets" && n != 1 {
			t.Errorf("%d rollouts, want 1", n)
		}
	}
}

// files is the content of all files of a tree.
func files(t *testing.T, dir string) string {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(all, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
