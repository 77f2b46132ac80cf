package policy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/precheck-dev/precheck/framework"
)

const shop = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: shop, namespace: web, labels: {team: a}}, spec: {replicas: 2, selector: {matchLabels: {app: shop}}, template: {metadata: {labels: {app: shop, tier: front}}, spec: {containers: [{name: shop, image: shop, ports: [{name: http, containerPort: 8080}]}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: by-tier, namespace: web}, spec: {type: NodePort, selector: {tier: front}, ports: [{port: 80, targetPort: http}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: by-app, namespace: web}, spec: {selector: {app: shop, tier: front}, externalIPs: [192.0.2.1], ports: [{port: 9000}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: other-tier, namespace: web}, spec: {selector: {app: shop, tier: back}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: by-app, namespace: other}, spec: {selector: {app: shop}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: no-selector, namespace: web}, spec: {ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: outside, namespace: web}, spec: {type: ExternalName, externalName: example.org, selector: {app: shop}}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: one, namespace: web}, spec: {defaultBackend: {service: {name: by-app}}, rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: by-app}}}]}}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: two, namespace: web}, spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: by-app}}}]}}]}}
`

func TestWorkload(t *testing.T) {
	result := evaluate(t, shop, "each: workloads\n#   source: [ingresses.networking.k8s.io]", `deny contains json.marshal(object.remove(input.object, ["template"])) if {
	input.object.template.metadata.labels.tier == "front"
	input.object.template.spec.containers[0].name == "shop"
}
`)
	if len(result.Findings) != 1 {
		t.Fatalf("%d findings: %s", len(result.Findings), result.Reason)
	}
	var got, want any
	if err := json.Unmarshal([]byte(result.Findings[0].Message), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"apiVersion": "apps/v1", "kind": "Deployment", "replicas": 2,
		"metadata": {"namespace": "web", "name": "shop", "labels": {"team": "a"}},
		"services": [
			{"name": "by-app", "type": "ClusterIP", "headless": false, "externalTrafficPolicy": "", "externalIPs": ["192.0.2.1"],
			 "publishNotReadyAddresses": false, "ports": [{"name": "", "protocol": "TCP", "port": 9000, "targetPort": 9000}],
			 "containers": [], "undeclared": true, "receivers": ["shop"], "ingresses": ["one", "two"], "reachedBy": ["Ingress", "externalIPs"]},
			{"name": "by-tier", "type": "NodePort", "headless": false, "externalTrafficPolicy": "Cluster", "externalIPs": [],
			 "publishNotReadyAddresses": false, "ports": [{"name": "", "protocol": "TCP", "port": 80, "targetPort": "http"}],
			 "containers": ["shop"], "undeclared": false, "receivers": ["shop"], "ingresses": [], "reachedBy": ["NodePort"]}
		]}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
}

// TestSchemaIsTheWorkload keeps the declared schema and the real object equal.
func TestSchemaIsTheWorkload(t *testing.T) {
	result := evaluate(t, shop, "source: [workloads]", `deny contains concat(" ", object.keys(workload)) if some workload in input.source.workloads

deny contains concat(" ", object.keys(service)) if some service in input.source.workloads[_].services
`)
	var p policy
	p.meta = &metadata{each: workloadsWord}
	properties := p.workloadSchema()["properties"].(map[string]any)
	service := properties["services"].(map[string]any)["items"].(map[string]any)["properties"].(map[string]any)
	for i, want := range []map[string]any{properties, service} {
		if len(result.Findings) != 2 {
			t.Fatalf("%d findings: %s", len(result.Findings), result.Reason)
		}
		got := strings.Fields(result.Findings[i].Message)
		for _, key := range got {
			if want[key] == nil {
				t.Errorf("the schema lacks %s", key)
			}
		}
		if len(got) != len(want) {
			t.Errorf("the object has the keys %v, the schema %d", got, len(want))
		}
	}
	if result.Status != framework.Found {
		t.Error(result.Reason)
	}
}

func TestContainersOf(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	spec := &corev1.PodSpec{
		InitContainers: []corev1.Container{
			{Name: "migrate", Ports: []corev1.ContainerPort{{ContainerPort: 8080}}},
			{Name: "mesh", RestartPolicy: &always, Ports: []corev1.ContainerPort{{ContainerPort: 15001}}},
		},
		Containers: []corev1.Container{
			{Name: "app", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}},
			{Name: "logs"},
		},
	}
	type answer struct {
		Names      []string
		Undeclared bool
	}
	for name, c := range map[string]struct {
		ports []corev1.ServicePort
		want  answer
	}{
		"number":              {[]corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}, answer{[]string{"app"}, false}},
		"default":             {[]corev1.ServicePort{{Port: 8080}}, answer{[]string{"app"}, false}},
		"name":                {[]corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("http")}}, answer{[]string{"app"}, false}},
		"sidecar too":         {[]corev1.ServicePort{{Port: 8080}, {Port: 15001}}, answer{[]string{"app", "mesh"}, false}},
		"twice":               {[]corev1.ServicePort{{Port: 8080}, {Port: 80, TargetPort: intstr.FromString("http")}}, answer{[]string{"app"}, false}},
		"undeclared number":   {[]corev1.ServicePort{{Port: 8080}, {Port: 9090}}, answer{[]string{"app"}, true}},
		"undeclared name":     {[]corev1.ServicePort{{Port: 80, TargetPort: intstr.FromString("grpc")}}, answer{[]string{}, false}},
		"headless, any ports": {nil, answer{[]string{}, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var got answer
			got.Names, got.Undeclared = containersOf(&corev1.Service{Spec: corev1.ServiceSpec{Ports: c.ports}}, spec)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
