package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestWhatIsNoObject(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"boolean namespace", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: n\n",
			`1 gap "" metadata.namespace is the boolean false: quote it (YAML takes y, n, yes, no, on and off for booleans)`},
		{"number as name", "apiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n", `1 gap "" metadata.name is a number and must be a text: quote it`},
		{"no name", "apiVersion: v1\nkind: Pod\nspec: {}\n", `1 gap "" v1 Pod has no metadata.name`},
		{"metadata null", "apiVersion: v1\nkind: Pod\nmetadata:\nspec: {}\n", `1 gap "" v1 Pod has no metadata.name`},
		{"no kind", "apiVersion: v1\nmetadata: {name: p}\n", `1 gap "" has the apiVersion "v1" and no kind`},
		{"no apiVersion", "kind: Pod\nmetadata: {name: p}\n", `1 gap "" has the kind "Pod" and no apiVersion`},
		{"neither", "metadata: {name: p}\nspec: {}\n", `1 gap "" should be a Kubernetes object and has neither apiVersion nor kind`},
		{"path as kind", "apiVersion: v1\nkind: ../x\nmetadata: {name: p}\n", `1 gap "" has the kind "../x", which is no name of a kind`},
		{"apiVersion", "apiVersion: a/b/c\nkind: X\nmetadata: {name: p}\n", `1 gap "" has the apiVersion "a/b/c", which is no group and version`},
		{"error of a server", "apiVersion: v1\nkind: Status\nmetadata: {}\nstatus: Failure\nmessage: no\n", `1 gap "" is an error message of an API server and no object`},
		{"text", "just some words\n", `1 gap "" is no Kubernetes object but a text`},
		{"tab", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: p\n",
			`4 gap "" cannot be parsed: found character that cannot start any token; YAML is indented with spaces, not tabs`},
		{"duplicate key", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {a: b}\n  labels: {c: d}\n",
			"1 Pod p\n" + `6 gap "" the key "labels" stands twice in one object: remove one (for kubectl the last one counts)`},
		{"UTF-16", "\xff\xfea\x00", `1 gap "" is UTF-16 text: save it as UTF-8`},
		{"latin 1", "apiVersion: v1\nkind: Pod\nmetadata: {name: \"b\xe4r\"}\n", `1 gap "" cannot be parsed: invalid trailing UTF-8 octet`},
		{"latin 1 in JSON", "{\"apiVersion\":\"v1\",\n\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\xe4r\"}}", `1 gap "" cannot be parsed: it is no UTF-8 text`},
		{"text behind the end", "{apiVersion: v1, kind: Pod, metadata: {name: p}}\nkind: Job\n",
			"1 Pod p\n" + `2 gap "" cannot be parsed: did not find expected <document start>`},
		{"less indented", "  apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\nkind: Job\n", "1 Pod p\n" + `4 gap "" cannot be parsed: did not find expected <document start>`},
		{"Helm template", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
			`4 gap "" cannot be parsed: invalid map key; it looks like a Helm template: render it first (helm template)`},
		{"Helm template with condition", "{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
			`1 gap "" cannot be parsed: did not find expected node content; it looks like a Helm template: render it first (helm template)`},
		{"Helm name in quotes", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: '{{ .Values.name }}'\n",
			`1 gap "" holds the placeholder "{{ .Values.name }}" where a name must stand: render it first`},
		{"substitution", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${NAME}\n", `1 gap "" holds the placeholder "${NAME}" where a name must stand: render it first`},
		{"wrong type", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {replicas: three}\n",
			"1 Deployment p\n" + `1 gap "deployments.apps" apps/v1 Deployment "p": spec.replicas is a string and must be int32`},
		{"wrong type in an old version", "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: p}\nspec: {rules: none}\n",
			"1 Ingress p\n" + `1 gap "ingresses.networking.k8s.io" extensions/v1beta1 Ingress "p": spec.rules is a string and must be []v1.IngressRule`},
		{"wrong metadata", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p, labels: {a: true}}\n",
			"1 Deployment p\n" + `1 gap "deployments.apps" apps/v1 Deployment "p": metadata.labels is a bool and must be string` + "\n" +
				`1 gap "inventory" apps/v1 Deployment "p": metadata.labels is a bool and must be string`},
		{"wrong metadata of what is not read in full", "apiVersion: v1\nkind: Secret\nmetadata: {name: p, labels: {a: true}}\n",
			"1 Secret p\n" + `1 gap "inventory" v1 Secret "p": metadata.labels is a bool and must be string`},
		{"unknown version", "apiVersion: networking.k8s.io/v1beta9\nkind: Ingress\nmetadata: {name: p}\n",
			"1 Ingress p\n" + `1 gap "ingresses.networking.k8s.io" networking.k8s.io/v1beta9 Ingress "p" is in a version that this version of precheck does not read`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := outline(t, map[string]string{"f.yaml": test.content}, Deployments, Ingresses)
			if diff := cmp.Diff(test.want+"\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			both := outline(t, map[string]string{"a.yaml": mapA, "f.yaml": test.content, "z.yaml": mapB}, Deployments, Ingresses)
			if !strings.Contains(both, "a.yaml:1 ConfigMap a\n") || !strings.Contains(both, "z.yaml:1 ConfigMap b\n") {
				t.Errorf("hides its neighbours:\n%s", both)
			}
		})
	}
}

func TestWhatIsPassedOver(t *testing.T) {
	tests := []struct{ file, content, want string }{
		{"values.yaml", "image: {tag: 1}\n", "is no Kubernetes object (it has neither apiVersion nor kind)"},
		{"Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n", "describes a Helm chart: render it first (helm template)"},
		{"kustomization.yaml", "resources: [a.yaml]\n", "is input of kustomize: render it first (kustomize build)"},
		{"kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nresources: [a.yaml]\n", "is input of kustomize: render it first (kustomize build)"},
		{"kustomization.yml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "is input of kustomize: render it first (kustomize build)"},
		{"c.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: {name: c}\n", "is input of kustomize: render it first (kustomize build)"},
		{"t.yaml", "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: c}\n", "is the configuration of a kustomize transformer"},
		{"helmfile.yaml", "releases: [{name: a, chart: b}]\n", "is no Kubernetes object (it has neither apiVersion nor kind)"},
		{"docker-compose.yml", "version: '3'\nservices: {web: {image: web}}\n", "is no Kubernetes object (it has neither apiVersion nor kind)"},
		{".github/workflows/ci.yml", "name: ci\non: [push]\njobs: {}\n", "is no Kubernetes object (it has neither apiVersion nor kind)"},
		{"playbook.yml", "- hosts: all\n  tasks: []\n", "is no Kubernetes object (an array without objects that have apiVersion and kind)"},
		{"kubeconfig.yaml", "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\n", "is a kubeconfig"},
		{"kubeadm.yaml", "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n", "is configuration of kubeadm"},
		{"kubelet.yaml", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n", "is configuration of the kubelet"},
		{"audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n", "is an audit policy or event, which a file of the API server holds"},
		{"enc.yaml", "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: []\n", "is configuration of the API server"},
		{"adm.yaml", "apiVersion: pod-security.admission.config.k8s.io/v1\nkind: PodSecurityConfiguration\n", "is configuration of a component"},
		{"kind.yaml", "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nname: c\n", "is configuration of kind"},
		{"skaffold.yaml", "apiVersion: skaffold/v4beta1\nkind: Config\nmetadata: {name: shop}\n",
			`is no Kubernetes object (its API group "skaffold" is none of Kubernetes, and that of a custom resource has a dot)`},
		{"datasource.yaml", "apiVersion: 1\ndatasources: []\n", "is no Kubernetes object (its apiVersion is a number)"},
		{".drone.yml", "kind: pipeline\ntype: docker\nname: default\n", "is no Kubernetes object (it has no apiVersion, and its kind is lower case)"},
		{"patch.json", `[{"op":"replace","path":"/spec/replicas","value":3}]`, "is a JSON patch"},
		{"patch.yaml", "- op: remove\n  path: /spec\n", "is a JSON patch"},
		{"patch.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n$patch: delete\n", "is a strategic merge patch"},
		{"local.yaml", "apiVersion: example.com/v1\nkind: X\nmetadata: {name: p, annotations: {config.kubernetes.io/local-config: 'true'}}\n",
			"is marked as local configuration (config.kubernetes.io/local-config)"},
		{"catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: c}\n", "is an entry of a Backstage catalogue"},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			want := "a.yaml:1 ConfigMap a\n" + test.file + ":1 note " + test.want + "\n"
			if diff := cmp.Diff(want, outline(t, map[string]string{test.file: test.content, "a.yaml": mapA})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPatchFilesOfKustomizationsAreNoObjects(t *testing.T) {
	patch := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
	got := outline(t, map[string]string{
		"overlay/a-patch.yaml":       patch,
		"overlay/patches/other.yaml": patch,
		"overlay/kustomization.yaml": "resources: [web.yaml]\npatches:\n- path: a-patch.yaml\n- patch: '[]'\n  target: {kind: Deployment}\npatchesStrategicMerge: [patches/other.yaml]\n",
		"overlay/web.yaml":           patch,
	}, Deployments)
	want := "overlay/web.yaml:1 Deployment web\n" +
		"overlay/a-patch.yaml:0 note is a patch of a kustomization\n" +
		"overlay/kustomization.yaml:1 note is input of kustomize: render it first (kustomize build)\n" +
		"overlay/patches/other.yaml:0 note is a patch of a kustomization\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEmptyInputIsAnError(t *testing.T) {
	tests := []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{}, "error: DIR holds no Kubernetes object (in files that end in .yaml, .yml or .json)\n"},
		{map[string]string{"README.md": "hello", "empty.yaml": "# nothing\n"}, "error: DIR holds no Kubernetes object (in files that end in .yaml, .yml or .json)\n"},
		{map[string]string{"b/values.yaml": "\na: b\n", "values.yaml": "a: b\n"},
			"error: DIR holds no Kubernetes object (in files that end in .yaml, .yml or .json); 2 documents were passed over, the first one b/values.yaml:2 because it is no Kubernetes object (it has neither apiVersion nor kind)\n"},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, outline(t, test.files)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	_, err := Directory{Path: filepath.Join(t.TempDir(), "none")}.Read(t.Context(), nil)
	if err == nil || !strings.HasSuffix(err.Error(), "none: no such file or directory") {
		t.Errorf("a directory that does not exist: %v", err)
	}
}

func TestNamesOfCustomResources(t *testing.T) {
	const object = "apiVersion: example.com/v1\nkind: Person\nmetadata: {name: p}\n"
	const v1beta1 = "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: people.example.com}\n" +
		"spec: {group: example.com, version: v1, scope: Namespaced, names: {kind: Person, plural: people}}\n"
	const surface = "apiVersion: precheck.dev/v1alpha1\nkind: Snapshot\nversion: v1.30.0\nidentity: {uid: u, version: v1.30.0}\n" +
		"api: {preferred: {}, resources: [{group: example.com, version: v1, resource: folks, kind: Person, verbs: [list]}]}\n"
	tests := []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{"p.yaml": object}, "persons"},
		{map[string]string{"a.yaml": object, "z.yaml": v1beta1}, "people"},
		{map[string]string{"a.yaml": object, "z.yaml": v1beta1, "c.yaml": surface}, "folks"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		for name, content := range test.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r := Objects(schema.GroupResource{Group: "example.com", Resource: test.want})
		s := readDir(t, dir, []Resource{r, Inventory})
		if got := slices.Collect(s.Objects(r)); len(got) != 1 {
			t.Errorf("%d %s, want 1", len(got), r)
		}
		other := Objects(schema.GroupResource{Group: "example.com", Resource: "others"})
		if got := slices.Collect(readDir(t, dir, []Resource{other}).Objects(other)); len(got) != 0 {
			t.Errorf("%s are taken for %s", test.want, other)
		}
	}
}
