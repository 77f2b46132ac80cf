package cluster

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

var fuzzSeeds = []string{
	"", "key: value\n", "{", "[", "}", "\"", "{{ .Values }}", "{{- if x }}\na: b\n{{- end }}\n", "a: [", "\ta: b", "- a\n- b\n",
	"a: &x [*x]\n", "{\"a\": 1}\n{\"a\"", "{\"a\":1}garbage{\"b\":2}", "[1, 2", "%YAML 1.1\n", "%TAG ! a\n", "...\n...\n", "\xff\xfe", "\x00", "\xef\xbb\xbf",
	"apiVersion: v1\nkind: List\nitems:\n- a\n -b\n", "apiVersion: v1\nkind: List\nitems:\n", "items:\n- kind: Pod\n", "!!binary x", "? a\n: b\n",
	`{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},`, `{"items":[1,"a",null,{}],"kind":"List","apiVersion":"v1"}`,
	`{"items":{"a":[{}]}}`, `{"items":["\"]}"]}`, "a: 'x\n", "a: \"x\n", "a: |\n", "--- |\n text\n", "---\t\n", "----\n", "--- !!set {a}\n", "# only\r\n",
	"apiVersion: precheck.dev/v1alpha1\nkind: Snapshot\nsaved: true\ncounts: {a: 1}\n", `[{"op":"add","path":"/a"}]`, `[{"apiVersion":"v1","kind":"Pod"}]`,
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: []\n", "apiVersion: autoscaling/v2beta1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {metrics: [{type: 1, pods: [], object: {target: a}}]}\n",
	"apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec: {backend: a, rules: [{http: {paths: [{backend: {serviceName: [], servicePort: {}}}]}}]}\n",
	"apiVersion: v1\nkind: Pod\nmetadata: {name: a, ownerReferences: [{controller: true}], managedFields: [{}]}\nspec: {containers: [{env: [{}]}]}\n",
	"apiVersion: 00./v1\nkind: A\nmetadata: {name: a}\n",
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\ndata: {config.conf: [a]}\n",
	"apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: a, annotations: [], labels: {a: {}}}\nenv: [{value: {}}]\n",
}

// FuzzFile reads any bytes: nothing panics, and the same bytes give the same.
func FuzzFile(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if first, second := readBytes(t, data), readBytes(t, data); first != second {
			t.Errorf("two readings differ:\n%s\n%s", first, second)
		}
	})
}

// readBytes is what becomes of one file, and what of it when it is saved.
func readBytes(t *testing.T, data []byte) string {
	l := newLoader(everything(), testNow)
	l.file("f.yaml", bytes.NewReader(data))
	s, err := l.finish("f.yaml")
	if err != nil {
		return err.Error()
	}
	p, err := s.plan()
	if err != nil {
		t.Fatalf("%v: %s", err, outlineOf(s))
	}
	var out bytes.Buffer
	for _, file := range p.files {
		if err := p.write(&out, file); err != nil {
			t.Fatal(err)
		}
	}
	return outlineOf(s) + out.String()
}

// FuzzNeighbours puts any text between two objects: both are always there, and
// the text is never passed over in silence.
func FuzzNeighbours(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, garbage []byte) {
		if !oneDocument(garbage) {
			t.Skip()
		}
		l := newLoader([]Resource{Inventory}, testNow)
		l.file("f.yaml", strings.NewReader(mapA+"---\n"+string(garbage)+"\n---\n"+mapB))
		s, err := l.finish("f.yaml")
		if err != nil {
			t.Fatal(err)
		}
		got := outlineOf(s)
		last := fmt.Sprintf("%d ConfigMap b\n", 8+bytes.Count(garbage, newline))
		if !strings.Contains(got, "1 ConfigMap a\n") || !strings.Contains(got, last) {
			t.Errorf("a neighbour is missing of %q:\n%s", garbage, got)
		}
		silent := len(s.rows) == 2 && len(s.notes) == 0 && len(s.GapsFor([]Resource{Inventory})) == 0
		if silent && !saysNothing(garbage) {
			t.Errorf("%q was passed over in silence", garbage)
		}
	})
}

// oneDocument leaves out what would end or rename the neighbours by right.
func oneDocument(garbage []byte) bool {
	return !bytes.Contains(garbage, []byte("ConfigMap")) && !bytes.Contains(garbage, []byte("Snapshot")) && utf8.Valid(garbage)
}

// saysNothing reports whether the text is blank, comments, markers, directives,
// a null or an empty list.
func saysNothing(garbage []byte) bool {
	for line := range bytes.Lines(garbage) {
		line = bytes.TrimSpace(bytes.TrimLeft(bytes.TrimSpace(line), "\ufeff"))
		for _, mark := range []string{"---", "..."} {
			line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte(mark)))
		}
		if len(line) > 0 && line[0] != '#' && line[0] != '%' && !isEmptyValue(garbage) {
			return false
		}
	}
	return true
}

func isEmptyValue(garbage []byte) bool {
	docs := parseYAML(garbage, 1)
	if len(docs) == 0 {
		return true // null
	}
	if len(docs) != 1 || docs[0].err != nil || docs[0].json[0] != '{' {
		return false
	}
	h := readHead(docs[0].json)
	return h.isList() && h.apiVersion != "" && (isNull(h.items) || string(h.items) == "[]")
}
