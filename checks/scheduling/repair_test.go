package scheduling

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/checktest"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// TestPatchesRepair applies every patch and asks again: what was patched must
// not be found a second time.
func TestPatchesRepair(t *testing.T) {
	for _, name := range []string{"renamed", "topology", "daemonsets", "preferences", "volumes", "classes"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("testdata", "node-labels", name)
			source := filepath.Join(dir, "source")
			repaired := t.TempDir()
			before := findings(t, source, filepath.Join(dir, "target"))
			patches := map[string][]framework.Patch{}
			fields := map[string]bool{}
			for _, f := range before {
				if len(f.Patches) > 0 {
					patches[f.Object.Kind+"/"+f.Object.Name] = append(patches[f.Object.Kind+"/"+f.Object.Name], f.Patches...)
					fields[f.Object.Kind+"/"+f.Object.Name+" "+f.Message] = true
				}
			}
			if len(patches) == 0 {
				t.Fatal("no finding has a patch")
			}
			repair(t, source, repaired, patches)
			for _, f := range findings(t, repaired, filepath.Join(dir, "target")) {
				if fields[f.Object.Kind+"/"+f.Object.Name+" "+f.Message] {
					t.Errorf("%s %s is patched and still found: %s", f.Object.Kind, f.Object.Name, f.Message)
				}
			}
		})
	}
}

func findings(t *testing.T, source, target string) []framework.Finding {
	t.Helper()
	in := framework.Input{Now: checktest.Now}
	var err error
	if in.Source, err = (cluster.Directory{Path: source}).Read(t.Context(), NodeLabels.Source); err != nil {
		t.Fatal(err)
	}
	if in.Target, err = (cluster.Directory{Path: target}).Read(t.Context(), NodeLabels.Target); err != nil {
		t.Fatal(err)
	}
	result, _ := framework.ApplyOne(t.Context(), NodeLabels, in)
	return result.Findings
}

// repair writes the documents of a directory into another one, patched.
func repair(t *testing.T, from, to string, patches map[string][]framework.Patch) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for i, doc := range strings.Split(string(data), "\n---\n") {
			object, err := yaml.YAMLToJSON([]byte(doc))
			if err != nil {
				t.Fatal(err)
			}
			var head struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := json.Unmarshal(object, &head); err != nil {
				t.Fatal(err)
			}
			if p := patches[head.Kind+"/"+head.Metadata.Name]; p != nil {
				object = apply(t, object, p)
			}
			if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%s.%d.json", e.Name(), i)), object, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func apply(t *testing.T, object []byte, patches []framework.Patch) []byte {
	t.Helper()
	data, err := json.Marshal(patches)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := patch.Apply(object)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
