package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outline is what became of files, a line for each object, gap and note.
func outline(t *testing.T, files map[string]string, resources ...Resource) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Directory{Path: dir, Now: testNow}.Read(t.Context(), append(resources, Inventory))
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), dir, "DIR") + "\n"
	}
	return outlineOf(s)
}

func outlineOf(s *Snapshot) string {
	var out strings.Builder
	place := func(file string, line int) string {
		if file == "f.yaml" {
			return fmt.Sprint(line)
		}
		return fmt.Sprintf("%s:%d", file, line)
	}
	for _, r := range s.rows {
		name := r.Name
		if r.Namespace != "" {
			name = r.Namespace + "/" + name
		}
		fmt.Fprintf(&out, "%s %s %s\n", place(r.File, r.Line), r.Resource.Kind, name)
	}
	for _, g := range s.gaps {
		if !g.Chosen {
			fmt.Fprintf(&out, "%s gap %q %s\n", place(g.File, g.Line), g.Resource, g.Reason)
		}
	}
	for _, n := range s.notes {
		fmt.Fprintf(&out, "%s note %s\n", place(n.File, n.Line), n.Reason)
	}
	return out.String()
}

const (
	mapA = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
	mapB = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n"
)

func TestFormsOfFiles(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"two documents", mapA + "---\n" + mapB, "1 ConfigMap a\n6 ConfigMap b\n"},
		{"separators before and after", "---\n---\n" + mapA + "---\n# nothing\n---\n\n---\n" + mapB + "---\n", "3 ConfigMap a\n12 ConfigMap b\n"},
		{"separator with comment", mapA + "--- # the next one\n" + mapB, "1 ConfigMap a\n6 ConfigMap b\n"},
		{"separator with spaces", mapA + "---  \t\n" + mapB, "1 ConfigMap a\n6 ConfigMap b\n"},
		{"content on the line of the separator", mapA + "--- {apiVersion: v1, kind: Pod, metadata: {name: p}}\n---\n" + mapB, "1 ConfigMap a\n7 ConfigMap b\n5 Pod p\n"},
		{"tag on the line of the separator", "--- !!map\n" + mapA + "---\n" + mapB, "1 ConfigMap a\n7 ConfigMap b\n"},
		{"end markers", mapA + "...\n---\n" + mapB + "...\n", "1 ConfigMap a\n7 ConfigMap b\n"},
		{"end marker alone", mapA + "...\n" + mapB, "1 ConfigMap a\n6 ConfigMap b\n"},
		{"directives", "%YAML 1.2\n---\n" + mapA + "...\n%YAML 1.1\n%TAG ! tag:example.com,2000:\n---\n" + mapB, "3 ConfigMap a\n11 ConfigMap b\n"},
		{"byte order mark", "\xef\xbb\xbf" + mapA + "---\n\xef\xbb\xbf" + mapB, "1 ConfigMap a\n6 ConfigMap b\n"},
		{"byte order mark before a separator", "\xef\xbb\xbf---\n" + mapA, "2 ConfigMap a\n"},
		{"carriage returns", strings.ReplaceAll(mapA+"---\n"+mapB, "\n", "\r\n"), "1 ConfigMap a\n6 ConfigMap b\n"},
		{"carriage returns alone", strings.ReplaceAll(mapA+"---\n"+mapB, "\n", "\r"),
			"1 gap \"\" separates documents with line ends that are neither LF nor CRLF: save it with LF\n"},
		{"comments only", "# a\n# b\n---\n" + mapA, "4 ConfigMap a\n"},
		{"comment first", "# a\n\n# b\n" + mapA, "4 ConfigMap a\n"},
		{"indented", "  apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n", "1 Pod p\n"},
		{"dash line inside a text", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ---\n    y: 1\n---\n" + mapB, "1 ConfigMap a\n9 ConfigMap b\n"},
		{"anchors", "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: &l {app: x}}\nspec: {nodeSelector: {<<: *l, app: y}}\n", "1 Pod p\n"},
		{"no line end", strings.TrimSuffix(mapA, "\n"), "1 ConfigMap a\n"},
		{"JSON", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}`, "1 Pod p\n"},
		{"several JSON values", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}\n\n {\"apiVersion\":\"v1\",\n\"kind\":\"Pod\",\"metadata\":{\"name\":\"q\"}}{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"r\"}}",
			"1 Pod p\n3 Pod q\n4 Pod r\n"},
		{"JSON and YAML", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}\n---\n" + mapA, "3 ConfigMap a\n1 Pod p\n"},
		{"JSON with braces in texts", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"a":"}\"{]\\"}}}`, "1 Pod p\n"},
		{"flow YAML", "{apiVersion: v1, kind: Pod,\n metadata: {name: p}}\n---\n" + mapA, "4 ConfigMap a\n1 Pod p\n"},
		{"array of objects", "[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}},\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"q\"}}]", "1 Pod p\n2 Pod q\n"},
		{"generated name", "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: backup-}\n", "1 Job backup-*\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, outline(t, map[string]string{"f.yaml": test.content})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFormsOfLists(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"List", "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: q}\n", "5 Pod p\n8 Pod q\n"},
		{"items first, indented", "items:\n  # one\n  - apiVersion: v1\n    kind: Pod\n    metadata: {name: p}\n\n  -\n    apiVersion: v1\n    kind: Pod\n    metadata: {name: q}\nkind: List\napiVersion: v1\n", "3 Pod p\n8 Pod q\n"},
		{"typed", "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: p}\n- metadata: {name: q}\n", "4 Pod p\n5 Pod q\n"},
		{"flow items", "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: p}},\n {metadata: {name: q}}]\n", "1 Pod p\n1 Pod q\n"},
		{"list in list", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: PodList\n  items:\n  - metadata: {name: p}\n  - metadata: {name: q}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: r}\n", "7 Pod p\n8 Pod q\n9 Pod r\n"},
		{"null items", "apiVersion: v1\nkind: List\nitems: null\n---\n" + mapA, "5 ConfigMap a\n"},
		{"no items", "apiVersion: v1\nkind: List\n---\n" + mapA, "4 ConfigMap a\n"},
		{"empty items", "apiVersion: v1\nkind: PodList\nitems: []\n---\n" + mapA, "5 ConfigMap a\n"},
		{"items of List without kind", "apiVersion: v1\nkind: List\nitems:\n- metadata: {name: p}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: q}\n",
			"5 Pod q\n4 gap \"\" should be a Kubernetes object and has neither apiVersion nor kind\n"},
		{"broken item", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n- apiVersion: v1\n   kind: Pod\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: q}\n",
			"4 Pod p\n9 Pod q\n8 gap \"\" cannot be parsed: mapping values are not allowed in this context\n"},
		{"alias into another item", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p, labels: &l {a: b}}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: q, labels: *l}\n", "4 Pod p\n7 Pod q\n"},
		{"scalar items", "apiVersion: v1\nkind: PodList\nitems:\n- just text\n- metadata: {name: p}\n",
			"5 Pod p\n4 gap \"\" holds an item that is no object but a text\n"},
		{"custom resource called list", "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nitems:\n- text\n- b: c\n", "1 AllowList a\n"},
		{"JSON List", "{\"apiVersion\":\"v1\",\n\"items\":[\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}},\n\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\n\"metadata\":{\"name\":\"q\"}}\n],\"kind\":\"List\",\"metadata\":{}}\n" + `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"r"}}`,
			"3 Pod p\n5 Pod q\n8 Pod r\n"},
		{"typed JSON list", "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"p\"}},\n {\"metadata\":{\"name\":\"q\"}}]}", "1 Pod p\n2 Pod q\n"},
		{"typed JSON list, kind last", "{\"items\":[{\"metadata\":{\"name\":\"p\"}},\n {\"metadata\":{\"name\":\"q\"}}],\"apiVersion\":\"v1\",\"kind\":\"PodList\"}", "1 Pod p\n2 Pod q\n"},
		{"JSON list in list", "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[\n{\"metadata\":{\"name\":\"p\"}},\n{\"metadata\":{\"name\":\"q\"}}]}]}", "3 Pod p\n4 Pod q\n"},
		{"JSON list with scalars", "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[\n{\"metadata\":{\"name\":\"p\"}},\n7,\n{\"metadata\":{\"name\":\"q\"}}]}",
			"2 Pod p\n4 Pod q\n3 gap \"\" holds an item that is no object but a number\n"},
		{"JSON list with null items", `{"kind":"PodList","apiVersion":"v1","items":null}` + "\n---\n" + mapA, "3 ConfigMap a\n"},
		{"JSON list cut off", "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[\n{\"metadata\":{\"name\":\"p\"}},\n{\"metadata\":{\"na",
			"2 Pod p\n3 gap \"\" cannot be parsed: the JSON value that begins here has no end\n"},
		{"JSON object with items that is no list", `{"apiVersion":"example.com/v1","kind":"Menu","metadata":{"name":"m"},"items":[{"a":1}]}`, "1 Menu m\n"},
		{"items that are no array", "apiVersion: v1\nkind: PodList\nitems: {a: b}\n---\n" + mapA, "5 ConfigMap a\n1 gap \"\" v1 PodList has items that are no array\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, outline(t, map[string]string{"f.yaml": test.content})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
