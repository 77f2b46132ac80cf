package cluster

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var notSaved = schema.GroupResource{Group: "example.com", Resource: "others"}

// everything is all that can be asked for, with a custom resource, secrets and
// an extractor.
func everything() []Resource {
	all := []Resource{API, Inventory, ServerVersion, UID, Workloads, keepMode,
		Objects(schema.GroupResource{Group: "stable.example.com", Resource: "crontabs"}),
		Objects(schema.GroupResource{Resource: "secrets"}), Objects(schema.GroupResource{Resource: "configmaps"}),
	}
	for _, s := range builtinSpecs {
		all = append(all, dynamic{s})
	}
	return all
}

var keepMode = &ConfigMapData{
	Name: "proxy-mode", Namespace: "kube-system",
	Keep: func(_, key, value string) (string, bool) {
		_, mode, ok := strings.Cut(value, "mode: ")
		mode, _, _ = strings.Cut(mode, "\n")
		return "mode: " + mode, ok && key == "config.conf"
	},
}

// checkEqual compares two snapshots in everything that a check can see.
func checkEqual(t *testing.T, name string, want, got *Snapshot) {
	t.Helper()
	if diff := cmp.Diff(want.Identity, got.Identity, cmp.AllowUnexported(Version{})); diff != "" {
		t.Errorf("%s: identity (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(want.gaps, got.gaps); diff != "" {
		t.Errorf("%s: gaps (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(want.notes, got.notes); diff != "" {
		t.Errorf("%s: notes (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(want.counts, got.counts); diff != "" && slices.Contains(want.read, Inventory.String()) {
		t.Errorf("%s: counts (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(want.api, got.api, cmp.AllowUnexported(APISurface{})); diff != "" {
		t.Errorf("%s: surface (-want +got):\n%s", name, diff)
	}
	if diff := cmp.Diff(want.rows, got.rows, cmp.AllowUnexported(Row{}, owner{}, Write{})); diff != "" {
		t.Errorf("%s: rows (-want +got):\n%s", name, diff)
	}
	for part := range want.objects {
		if len(want.objects[part]) != len(got.objects[part]) {
			t.Errorf("%s: %d %s, want %d", name, len(got.objects[part]), part, len(want.objects[part]))
			continue
		}
		for i, o := range want.objects[part] {
			other := got.objects[part][i]
			if !apiequality.Semantic.DeepEqual(full(o), full(other)) || want.where[o] != got.where[other] {
				t.Errorf("%s: %s (-want +got):\n%s", name, part, cmp.Diff(full(o), full(other)))
			}
		}
	}
	a, _ := want.Fingerprint()
	b, _ := got.Fingerprint()
	if a != b {
		x, _ := json.Marshal([]any{want.objects, want.rows, want.api.Resources})
		y, _ := json.Marshal([]any{got.objects, got.rows, got.api.Resources})
		t.Errorf("%s: fingerprints differ (-want +got):\n%s", name, cmp.Diff(strings.Split(string(x), ","), strings.Split(string(y), ",")))
	}
}

// roundTrip saves the snapshot in both forms and reads it back.
func roundTrip(t *testing.T, s *Snapshot, resources []Resource) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"snapshot", "snapshot.tar.gz"} {
		path := filepath.Join(dir, name)
		if err := Save(s, path); err != nil {
			t.Fatal(err)
		}
		var r Reader = Directory{Path: path}
		if strings.HasSuffix(name, archiveSuffix) {
			r = Archive{Path: path}
		}
		got, err := r.Read(t.Context(), resources)
		if err != nil {
			t.Fatal(err)
		}
		checkEqual(t, name, s, got)
	}
	again := filepath.Join(dir, "again.tar.gz")
	if err := Save(s, again); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(filepath.Join(dir, "snapshot.tar.gz"))
	b, _ := os.ReadFile(again)
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("saving twice gave other bytes")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("saving left %v", left)
	}
}

func readDir(t *testing.T, dir string, resources []Resource) *Snapshot {
	t.Helper()
	s, err := Directory{Path: dir, Now: testNow}.Read(t.Context(), resources)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSaveGivesTheSameSnapshot(t *testing.T) {
	for _, dir := range []string{"testdata/live", "testdata/gitops"} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			all := everything()
			s := readDir(t, dir, all)
			if len(s.rows) == 0 || len(s.objects) == 0 {
				t.Fatal("nothing was read")
			}
			roundTrip(t, s, all)
			some := []Resource{Inventory, Services, keepMode}
			roundTrip(t, readDir(t, dir, some), some)
			one := []Resource{Deployments}
			roundTrip(t, readDir(t, dir, one), one)
		})
	}
}
