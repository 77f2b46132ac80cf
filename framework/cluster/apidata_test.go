package cluster

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// apiTestdata is the directory of the manifests of every kind and version that
// k8s.io/api tests itself with; every field has a value.
func apiTestdata(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/api").Output()
	if err != nil {
		t.Fatalf("locate k8s.io/api: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "testdata")
}

// noObjects are the manifests of k8s.io/api that are no objects of a cluster,
// and what precheck says of them.
var noObjects = map[string]string{
	"core.v1.Status":     "is an error message of an API server and no object",
	"core.v1.WatchEvent": "is an event of a watch: save the list of objects instead",
}

func TestEveryKindOfKubernetes(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(apiTestdata(t), "*", "core.v1.Pod.yaml"))
	if err != nil || len(dirs) < 2 {
		t.Fatalf("no test data in k8s.io/api: %v", err)
	}
	for _, pod := range dirs {
		dir := filepath.Dir(pod)
		t.Run(filepath.Base(dir), func(t *testing.T) { everyKind(t, dir) })
	}
}

func everyKind(t *testing.T, dir string) {
	s := readDir(t, dir, everything())
	rows := map[string]int{}
	for _, r := range s.rows {
		rows[r.File]++
	}
	got := map[string]string{}
	for _, g := range s.gaps {
		if !g.Chosen {
			got[g.File] = g.Reason
		}
	}
	if len(s.notes) > 0 {
		t.Errorf("passed over: %+v", s.notes)
	}
	want := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		if !isManifest(name) {
			continue
		}
		stem := strings.TrimSuffix(name, filepath.Ext(name))
		why, no := noObjects[stem]
		if no {
			want[name] = why
		} else if noName.MatchString(stem) {
			want[name] = nameless(stem) + " has no metadata.name"
		} else if rows[name] != 1 {
			t.Errorf("%s gave %d objects, want 1", name, rows[name])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is no object (-want +got):\n%s", diff)
	}
	roundTrip(t, s, everything())
}

// noName finds the kinds that are parameters and answers of requests.
var noName = regexp.MustCompile(`Options$|AdmissionReview$|DeploymentRollback$|APIGroup$|APIVersions$|SerializedReference$`)

// nameless is the apiVersion and kind that the name of a file is made of.
func nameless(stem string) string {
	i := strings.LastIndexByte(stem, '.')
	j := strings.LastIndexByte(stem[:i], '.')
	group, version, kind := stem[:j], stem[j+1:i], stem[i+1:]
	if group == "core" {
		return version + " " + kind
	}
	return group + "/" + version + " " + kind
}
