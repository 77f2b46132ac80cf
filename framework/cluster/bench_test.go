package cluster

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// manyObjects writes a saved snapshot of n objects in the mixture of a cluster
// and returns its path and size.
func manyObjects(b *testing.B, n int, path string) {
	b.Helper()
	l := newLoader(everything(), testNow)
	l.file("cluster.yaml", strings.NewReader("apiVersion: precheck.dev/v1alpha1\nkind: Snapshot\nversion: v1.30.0\n"))
	l.file("all.json", &manifests{left: n})
	s, err := l.finish("all")
	if err != nil {
		b.Fatal(err)
	}
	clear(s.where)
	for i := range s.rows {
		s.rows[i].File, s.rows[i].Line = "", 0
	}
	if err := Save(s, path); err != nil {
		b.Fatal(err)
	}
}

// manifests is a stream of objects: of ten, four pods, and one Deployment,
// ReplicaSet, Service, ConfigMap, Secret and custom resource each.
type manifests struct {
	left int
	rest string
}

func (m *manifests) Read(p []byte) (int, error) {
	if m.rest == "" {
		if m.left == 0 {
			return 0, io.EOF
		}
		m.left--
		m.rest = object10(m.left)
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func object10(i int) string {
	app := fmt.Sprintf("app-%d", i/10)
	meta := func(name string) string {
		return fmt.Sprintf(`{"name":%q,"namespace":"ns-%d","uid":"0f5a1f0e-%d","labels":{"app":%q},"managedFields":[`+
			`{"manager":"helm","operation":"Update","apiVersion":"apps/v1","time":"2025-12-01T10:00:00Z"},`+
			`{"manager":"kube-controller-manager","operation":"Update","apiVersion":"apps/v1","time":"2025-12-02T10:00:00Z"}],`+
			`"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":%q,"uid":"88a1-%d","controller":true}]}`,
			name, i/10%100, i, app, app, i/10)
	}
	template := fmt.Sprintf(`{"metadata":{"labels":{"app":%q}},"spec":{"containers":[{"name":"web","image":"registry.example.com/web:%d",`+
		`"env":[{"name":"A","value":"b"},{"name":"POD_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],`+
		`"ports":[{"name":"http","containerPort":8080}],"resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}},`+
		`"readinessProbe":{"httpGet":{"path":"/ready","port":"http"}},"volumeMounts":[{"name":"data","mountPath":"/data"}]}],`+
		`"volumes":[{"name":"data","emptyDir":{}}],"tolerations":[{"key":"a","operator":"Exists"}]}}`, app, i/10%7)
	object := func(apiVersion, kind, name, body string) string {
		return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":%s,%s}`+"\n", apiVersion, kind, meta(name), body)
	}
	switch k := i % 10; k {
	case 0:
		return object("apps/v1", "Deployment", app, `"spec":{"selector":{"matchLabels":{"app":"x"}},"template":`+template+`}`)
	case 1:
		return object("apps/v1", "ReplicaSet", app, `"spec":{"selector":{"matchLabels":{"app":"x"}},"template":`+template+`}`)
	case 2:
		return object("v1", "Service", app, `"spec":{"type":"LoadBalancer","selector":{"app":"x"},"ports":[{"port":80,"targetPort":"http"}]}`)
	case 3:
		return object("v1", "ConfigMap", app, `"data":{"a":"b"}`)
	case 4:
		return object("v1", "Secret", app, `"data":{"a":"Yg=="}`)
	case 5:
		return object("stable.example.com/v1", "CronTab", app, `"spec":{"schedule":"@daily"}`)
	default:
		_, spec, _ := strings.Cut(template, `"spec":`)
		return object("v1", "Pod", fmt.Sprintf("%s-%d", app, k), `"spec":`+strings.TrimSuffix(spec, "}")+`,"status":{"phase":"Running","podIP":"10.0.0.1"}`)
	}
}

// built are the resources of most checks: every Kind and the inventory.
func built() []Resource {
	out := []Resource{API, Inventory, ServerVersion, UID}
	for _, s := range builtinSpecs {
		out = append(out, dynamic{s})
	}
	return out
}

func BenchmarkDirectory(b *testing.B) {
	benchmarkSaved(b, "saved", func(p string) Reader { return Directory{Path: p} })
}

func BenchmarkArchive(b *testing.B) {
	benchmarkSaved(b, "saved.tar.gz", func(p string) Reader { return Archive{Path: p} })
}

func benchmarkSaved(b *testing.B, name string, reader func(string) Reader) {
	const objects = 20_000
	path := filepath.Join(b.TempDir(), name)
	manyObjects(b, objects, path)
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := reader(path).Read(b.Context(), built())
		if err != nil {
			b.Fatal(err)
		}
		if len(s.rows) != objects {
			b.Fatalf("%d rows, want %d: %v", len(s.rows), objects, s.gaps)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*objects), "µs/object")
}

func BenchmarkSave(b *testing.B) {
	dir := b.TempDir()
	manyObjects(b, 20_000, filepath.Join(dir, "saved"))
	s, err := Directory{Path: filepath.Join(dir, "saved")}.Read(b.Context(), built())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Save(s, filepath.Join(dir, "again.tar.gz")); err != nil {
			b.Fatal(err)
		}
	}
}
