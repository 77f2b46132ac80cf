package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The forms of what well-known repositories hold: a Flux repository with
// overlays, the rendered manifests of kube-prometheus, the output of helm
// template, an Argo CD application of applications, examples of Kubernetes.
func TestFormsOfRepositories(t *testing.T) {
	const (
		kustomize = "is input of kustomize: render it first (kustomize build)"
		neither   = "is no Kubernetes object (it has neither apiVersion nor kind)"
		helm      = "it looks like a Helm template: render it first (helm template)"
	)
	got := outline(t, map[string]string{
		// Flux
		"apps/base/shop/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop\nresources: [release.yaml]\n",
		"apps/base/shop/release.yaml":       "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: shop\nspec:\n  chart: {spec: {chart: shop}}\n",
		"apps/production/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ../base/shop\n" +
			"patches:\n  - path: shop-values.yaml\n    target:\n      kind: HelmRelease\n",
		"apps/production/shop-values.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: shop\nspec:\n  values: {replicas: 3}\n",
		"clusters/production/apps.yaml":    "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n  namespace: flux-system\nspec:\n  path: ./apps/production\n",
		// kube-prometheus
		"monitoring/roleBindings.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nitems:\n- apiVersion: rbac.authorization.k8s.io/v1\n  kind: RoleBinding\n  metadata:\n    name: metrics\n    namespace: default\n" +
			"- apiVersion: rbac.authorization.k8s.io/v1\n  kind: RoleBinding\n  metadata:\n    name: metrics\n    namespace: kube-system\nkind: RoleBindingList\n",
		"monitoring/dashboards.yaml": "apiVersion: v1\nitems:\n- apiVersion: v1\n  data:\n    a.json: |-\n      {\n          \"items\": [\n- x\n          ]\n      }\n  kind: ConfigMap\n  metadata:\n    name: broken-indent\n" +
			"- apiVersion: v1\n  data:\n    a.json: |-\n      {\n          \"items\": [\n          ]\n      }\n  kind: ConfigMap\n  metadata:\n    name: dashboard\nkind: ConfigMapList\n",
		// helm template
		"rendered/all.yaml": "---\n# Source: shop/templates/sa.yaml\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: shop\n---\n# Source: shop/templates/nothing.yaml\n---\n# Source: shop/templates/hook.yaml\n" +
			"apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: migrate-\n  annotations:\n    \"helm.sh/hook\": pre-install\n",
		// a chart
		"chart/Chart.yaml":              "apiVersion: v1\nname: shop\nversion: 0.1.0\n",
		"chart/values.yaml":             "metadata:\n  labels: {}\nname: shop\n",
		"chart/templates/web.yaml":      "{{- if .Values.web.enabled -}}\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include \"shop.name\" . }}\n{{- end }}\n",
		"chart/templates/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shop-{{ .Release.Name }}\n",
		// Argo CD
		"argocd/apps.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: shops}\nspec:\n  template:\n    metadata: {name: '{{cluster}}-shop'}\n",
		// examples
		"examples/scheduler.json": `{"kind":"Policy","apiVersion":"v1","predicates":[{"name":"PodFitsHostPorts"}]}`,
		"examples/dashboard.json": `{"annotations":{"list":[]},"panels":[],"title":"etcd"}`,
		"examples/web.json":       "{\n   \"kind\":\"Service\",\n   \"apiVersion\":\"v1\",\n   \"metadata\":{\n      \"name\":\"web\"\n   }\n}\n",
		".github/workflows/e.yml": "name: e2e\non:\n  push:\n",
		"docs/notes.md":           "kind: {",
	}, Services)
	want := "monitoring/dashboards.yaml:14 ConfigMap dashboard\n" +
		"rendered/all.yaml:3 ServiceAccount shop\n" +
		"examples/web.json:1 Service web\n" +
		"argocd/apps.yaml:1 ApplicationSet shops\n" +
		"rendered/all.yaml:11 Job migrate-*\n" +
		"apps/base/shop/release.yaml:1 HelmRelease shop\n" +
		"clusters/production/apps.yaml:2 Kustomization flux-system/apps\n" +
		"monitoring/roleBindings.yaml:3 RoleBinding default/metrics\n" +
		"monitoring/roleBindings.yaml:8 RoleBinding kube-system/metrics\n" +
		`chart/templates/settings.yaml:1 gap "" holds the placeholder "shop-{{ .Release.Name }}" where a name must stand: render it first` + "\n" +
		`chart/templates/web.yaml:1 gap "" cannot be parsed: did not find expected node content; ` + helm + "\n" +
		`monitoring/dashboards.yaml:3 gap "" has the apiVersion "v1" and no kind` + "\n" +
		`monitoring/dashboards.yaml:11 gap "" cannot be parsed: mapping values are not allowed in this context` + "\n" +
		".github/workflows/e.yml:1 note " + neither + "\n" +
		"apps/base/shop/kustomization.yaml:1 note " + kustomize + "\n" +
		"apps/production/kustomization.yaml:1 note " + kustomize + "\n" +
		"apps/production/shop-values.yaml:0 note is a patch of a kustomization\n" +
		"chart/Chart.yaml:1 note describes a Helm chart: render it first (helm template)\n" +
		"chart/values.yaml:1 note " + neither + "\n" +
		"examples/dashboard.json:1 note " + neither + "\n" +
		"examples/scheduler.json:1 note is configuration of the scheduler\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
