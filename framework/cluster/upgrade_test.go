package cluster

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// lostFields are the fields of old versions that the version of the Go type does not
// have, so that nobody can read them.
var lostFields = map[string][]string{
	"apps/v1beta1 Deployment":                {`unknown field "spec.rollbackTo"`},
	"extensions/v1beta1 Deployment":          {`unknown field "spec.rollbackTo"`},
	"extensions/v1beta1 DaemonSet":           {`unknown field "spec.templateGeneration"`},
	"autoscaling/v1 HorizontalPodAutoscaler": {`unknown field "status.currentCPUUtilizationPercentage"`},
}

// Every field of the old versions, as k8s.io/api's own test data has them, is
// there after the upgrade.
func TestUpgradesLoseNothing(t *testing.T) {
	dir := filepath.Join(apiTestdata(t), "HEAD")
	tried := 0
	for _, spec := range builtinSpecs {
		for i, v := range spec.versions[1:] {
			name := v.gv.String() + " " + spec.kind
			data, err := os.ReadFile(filepath.Join(dir, v.gv.Group+"."+v.gv.Version+"."+spec.kind+".yaml"))
			if os.IsNotExist(err) {
				continue // k8s.io/api has dropped this version
			}
			if err != nil {
				t.Fatal(err)
			}
			tried++
			t.Run(name, func(t *testing.T) { strictUpgrade(t, name, spec, i+1, data) })
		}
	}
	if tried < 15 {
		t.Errorf("only %d old versions were tried", tried)
	}
}

func strictUpgrade(t *testing.T, name string, spec *kindSpec, version int, data []byte) {
	var m map[string]any
	if err := yaml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	if upgrade := spec.versions[version].upgrade; upgrade != nil {
		upgrade(m)
	}
	upgraded, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	strict, err := kjson.UnmarshalStrict(upgraded, spec.new())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range strict {
		got = append(got, e.Error())
	}
	if diff := cmp.Diff(lostFields[name], got); diff != "" {
		t.Errorf("fields that are lost (-want +got):\n%s", diff)
	}
}

func TestUpgrades(t *testing.T) {
	tests := []struct{ name, old, want string }{
		{"Ingress",
			`apiVersion: networking.k8s.io/v1beta1
kind: Ingress
spec:
  backend: {serviceName: fallback, servicePort: http}
  rules:
  - host: a.example.com
    http: {paths: [{path: /, backend: {serviceName: web, servicePort: 80}}, {path: /x, pathType: Exact, backend: {resource: {kind: Bucket, name: b}}}]}
  - host: b.example.com`,
			`spec:
  defaultBackend: {service: {name: fallback, port: {name: http}}}
  rules:
  - host: a.example.com
    http:
      paths:
      - {path: /, pathType: ImplementationSpecific, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /x, pathType: Exact, backend: {resource: {kind: Bucket, name: b}}}
  - host: b.example.com`},
		{"EndpointSlice",
			`apiVersion: discovery.k8s.io/v1beta1
kind: EndpointSlice
addressType: IPv4
endpoints:
- addresses: [10.0.0.1]
  topology: {kubernetes.io/hostname: node-1, topology.kubernetes.io/zone: z1, rack: r1}
- addresses: [10.0.0.2]
  nodeName: node-2
  topology: {kubernetes.io/hostname: other}`,
			`addressType: IPv4
endpoints:
- addresses: [10.0.0.1]
  nodeName: node-1
  zone: z1
  deprecatedTopology: {kubernetes.io/hostname: node-1, topology.kubernetes.io/zone: z1, rack: r1}
- addresses: [10.0.0.2]
  nodeName: node-2
  deprecatedTopology: {kubernetes.io/hostname: other}`},
		{"HorizontalPodAutoscaler v1",
			`apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
spec: {maxReplicas: 5, targetCPUUtilizationPercentage: 70, scaleTargetRef: {kind: Deployment, name: web}}`,
			`spec:
  maxReplicas: 5
  scaleTargetRef: {kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]`},
		{"HorizontalPodAutoscaler v2beta1",
			`apiVersion: autoscaling/v2beta1
kind: HorizontalPodAutoscaler
spec:
  maxReplicas: 5
  scaleTargetRef: {kind: Deployment, name: web}
  metrics:
  - {type: Resource, resource: {name: cpu, targetAverageUtilization: 70}}
  - {type: Resource, resource: {name: memory, targetAverageValue: 1Gi}}
  - {type: ContainerResource, containerResource: {name: cpu, container: web, targetAverageUtilization: 60}}
  - {type: Pods, pods: {metricName: qps, targetAverageValue: "10", selector: {matchLabels: {a: b}}}}
  - {type: Object, object: {metricName: hits, targetValue: "100", averageValue: "5", target: {kind: Ingress, name: web}}}
  - {type: External, external: {metricName: queue, targetValue: "30", metricSelector: {matchLabels: {q: jobs}}}}`,
			`spec:
  maxReplicas: 5
  scaleTargetRef: {kind: Deployment, name: web}
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
  - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Gi}}}
  - {type: ContainerResource, containerResource: {name: cpu, container: web, target: {type: Utilization, averageUtilization: 60}}}
  - {type: Pods, pods: {metric: {name: qps, selector: {matchLabels: {a: b}}}, target: {type: AverageValue, averageValue: "10"}}}
  - {type: Object, object: {metric: {name: hits}, target: {type: AverageValue, value: "100", averageValue: "5"}, describedObject: {kind: Ingress, name: web}}}
  - {type: External, external: {metric: {name: queue, selector: {matchLabels: {q: jobs}}}, target: {type: Value, value: "30"}}}`},
		{"HorizontalPodAutoscaler v2beta2",
			`apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
spec: {maxReplicas: 5, scaleTargetRef: {kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]}`,
			`spec:
  maxReplicas: 5
  scaleTargetRef: {kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]`},
		{"PodDisruptionBudget",
			`apiVersion: policy/v1beta1
kind: PodDisruptionBudget
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}`,
			`spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}`},
		{"PodDisruptionBudget that selects nothing",
			`apiVersion: policy/v1beta1
kind: PodDisruptionBudget
spec: {minAvailable: 50%, selector: {}}`,
			`spec: {minAvailable: 50%}`},
		{"CronJob",
			`apiVersion: batch/v1beta1
kind: CronJob
spec: {schedule: "@daily", concurrencyPolicy: Forbid, jobTemplate: {spec: {template: {spec: {restartPolicy: Never}}}}}`,
			`spec: {schedule: "@daily", concurrencyPolicy: Forbid, jobTemplate: {spec: {template: {spec: {restartPolicy: Never}}}}}`},
		{"Deployment without selector",
			`apiVersion: extensions/v1beta1
kind: Deployment
spec: {replicas: 2, template: {metadata: {labels: {app: web}}}}`,
			`spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}`},
		{"Deployment with selector",
			`apiVersion: extensions/v1beta1
kind: Deployment
spec: {selector: {matchLabels: {tier: a}}, template: {metadata: {labels: {app: web, tier: a}}}}`,
			`spec: {selector: {matchLabels: {tier: a}}, template: {metadata: {labels: {app: web, tier: a}}}}`},
		{"RuntimeClass",
			`apiVersion: node.k8s.io/v1alpha1
kind: RuntimeClass
spec: {runtimeHandler: gvisor, scheduling: {nodeSelector: {a: b}}}`,
			`{handler: gvisor, scheduling: {nodeSelector: {a: b}}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, spec := upgraded(t, test.old)
			want := spec.new()
			if err := yaml.UnmarshalStrict([]byte(test.want), want); err != nil {
				t.Fatal(err)
			}
			want.GetObjectKind().SetGroupVersionKind(got.GetObjectKind().GroupVersionKind())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// upgraded is the manifest in the Go type of its kind.
func upgraded(t *testing.T, manifest string) (runtime.Object, *kindSpec) {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	h := readHead(data)
	for _, spec := range builtinSpecs {
		for i, v := range spec.versions {
			if spec.kind == h.kind && v.gv.String() == h.apiVersion {
				o, err := decode(spec, i, data)
				if err != nil {
					t.Fatal(err)
				}
				return o, spec
			}
		}
	}
	t.Fatalf("no kind for %s", strings.SplitN(manifest, "spec", 2)[0])
	return nil, nil
}
