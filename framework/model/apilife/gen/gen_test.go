package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

const registerGo = `package v1beta1
const GroupName = "example.k8s.io"
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1beta1"}
func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion, &Widget{}, &WidgetList{}, &List{}, &Shelf{})
	return nil
}
`

const lifecycleGo = `package v1beta1
func (in *Widget) APILifecycleIntroduced() (major, minor int) { return 1, 19 }
func (in *Widget) APILifecycleDeprecated() (major, minor int) { return 1, 22 }
func (in *Widget) APILifecycleRemoved() (major, minor int) { return 1, 25 }
func (in *Widget) APILifecycleReplacement() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "example.k8s.io", Version: "v1", Kind: "Widget"}
}
`

func TestReadPackage(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "register.go", registerGo)
	write(t, dir, lifecycleFiles[0], lifecycleGo)
	p, err := readRegister(filepath.Join(dir, "register.go"))
	if err != nil {
		t.Fatal(err)
	}
	if p.group != "example.k8s.io" || p.version != "v1beta1" || len(p.types) != 4 || !p.types["Widget"] {
		t.Errorf("got %+v", p)
	}
	if !p.isList("WidgetList") || !p.isList("List") || p.isList("Shelf") {
		t.Error("lists are not told from objects")
	}
	got, err := statements(p)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]statement{"Widget": {19, 22, 25, gvk{"example.k8s.io", "v1", "Widget"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStatementsRefuse(t *testing.T) {
	for name, src := range map[string]string{
		"computed":       "package p\nfunc (in *W) APILifecycleRemoved() (a, b int) { return 1, x }\n",
		"major 2":        "package p\nfunc (in *W) APILifecycleRemoved() (a, b int) { return 2, 1 }\n",
		"unknown method": "package p\nfunc (in *W) APILifecycleRevived() (a, b int) { return 1, 1 }\n",
	} {
		dir := t.TempDir()
		write(t, dir, lifecycleFiles[0], src)
		if got, err := statements(typePackage{dir: dir}); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestParsePath(t *testing.T) {
	for path, want := range map[string]resource{
		"/api/v1/pods":                                                {name: "pods"},
		"/api/v1/namespaces":                                          {name: "namespaces"},
		"/api/v1/namespaces/{namespace}/pods":                         {name: "pods", namespaced: true},
		"/api/v1/namespaces/{namespace}/pods/{name}/eviction":         {name: "pods/eviction", namespaced: true},
		"/apis/apps/v1/namespaces/{namespace}/deployments":            {name: "deployments", namespaced: true},
		"/apis/apps/v1/namespaces/{namespace}/deployments/{name}":     {},
		"/apis/apps/v1/watch/deployments":                             {},
		"/apis/apps/v1/":                                              {},
		"/api/v1/nodes/{name}/proxy/{path}":                           {},
		"/apis/authentication.k8s.io/v1/tokenreviews":                 {name: "tokenreviews"},
		"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/foo": {name: "deployments/foo", namespaced: true},
	} {
		got, ok := parsePath(path)
		if got != want || ok != (want.name != "") {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
}

func TestRemoval(t *testing.T) {
	for _, c := range []struct{ stated, lastSeen, want int }{
		{0, 37, 0}, {40, 37, 40}, {37, 36, 37}, {37, 33, 34}, {0, 22, 23}, {16, 37, 16}, {25, 24, 25},
	} {
		if got := removal(c.stated, c.lastSeen, 37); got != c.want {
			t.Errorf("stated %d, last seen %d: got %d, want %d", c.stated, c.lastSeen, got, c.want)
		}
	}
}

func TestOnByDefault(t *testing.T) {
	h := history{kind: gvk{"g", "v1beta1", "K"}, served: []int{20, 21}, enabled: []int{20}}
	if _, err := h.onByDefault(); err == nil {
		t.Error("a default that changes is no error")
	}
}

const instanceGo = `package controlplane
import (
	examplev1 "k8s.io/api/example/v1"
	examplev1beta1 "k8s.io/kubernetes/pkg/apis/example/v1beta1"
	off "k8s.io/api/example/v1alpha1"
)
var stableEnabledByDefault = []schema.GroupVersion{examplev1.SchemeGroupVersion}
var alphaDisabledByDefault = []schema.GroupVersion{off.SchemeGroupVersion}
func DefaultAPIResourceConfigSource() {
	ret.DisableVersions(off.SchemeGroupVersion)
	ret.EnableResources(examplev1beta1.SchemeGroupVersion.WithResource("widgets"))
}
`

func TestDefaults(t *testing.T) {
	d := defaultSet{}
	if _, err := d.addFile(parse(t, instanceGo), map[string]typePackage{
		"k8s.io/api/example/v1":      {group: "e", version: "v1"},
		"k8s.io/api/example/v1beta1": {group: "e", version: "v1beta1"},
	}); err != nil {
		t.Fatal(err)
	}
	if !d.has(gvk{"e", "v1", "Any"}, "anys") || !d.has(gvk{"e", "v1beta1", "Widget"}, "widgets") || d.has(gvk{"e", "v1beta1", "Shelf"}, "shelves") || len(d) != 2 {
		t.Errorf("got %v", d)
	}
}

func parse(t *testing.T, src string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "instance.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
