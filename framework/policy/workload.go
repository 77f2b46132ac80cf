package policy

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// workloads are the workloads of a snapshot, joined with the Services that
// select their pods.
func (p *policy) workloads(s *cluster.Snapshot) []subject {
	index := newServiceIndex(s, p.ingressNames(s))
	var out []subject
	for w := range cluster.Workloads.In(s) {
		out = append(out, subject{w.Object, func() (map[string]any, error) { return workloadJSON(w, index) }})
	}
	return out
}

func workloadJSON(w cluster.Workload, index *serviceIndex) (map[string]any, error) {
	spec, err := converter.ToUnstructured(&w.Template.Spec)
	if err != nil {
		return nil, err
	}
	apiVersion, kind := w.Object.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	return map[string]any{
		"apiVersion": apiVersion, "kind": kind, "replicas": int64(w.Replicas),
		"metadata": map[string]any{
			"namespace": w.Object.GetNamespace(), "name": w.Object.GetName(), "labels": texts(w.Object.GetLabels()),
		},
		"template": map[string]any{
			"metadata": map[string]any{"labels": texts(w.Template.Labels), "annotations": texts(w.Template.Annotations)},
			"spec":     spec,
		},
		"services": index.selecting(w.Object.GetNamespace(), w.Template),
	}, nil
}

func texts(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// pair is one label of one namespace.
type pair struct{ namespace, key, value string }

// serviceIndex finds the Services that select a pod without looking at all of
// them: each stands below the rarest label of its selector.
type serviceIndex struct {
	below map[pair][]indexed
}

type indexed struct {
	service  *corev1.Service
	selector labels.Selector
	value    map[string]any // what does not depend on the pods; never changed
}

// newServiceIndex leaves out Services without a selector, which select nothing,
// and of type ExternalName, whose selector means nothing.
func newServiceIndex(s *cluster.Snapshot, ingresses map[pair][]any) *serviceIndex {
	count := map[pair]int{}
	for svc := range cluster.Services.In(s) {
		for k, v := range svc.Spec.Selector {
			count[pair{svc.Namespace, k, v}]++
		}
	}
	x := &serviceIndex{below: map[pair][]indexed{}}
	for svc := range cluster.Services.In(s) {
		if len(svc.Spec.Selector) == 0 || svc.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		var pairs []pair
		for k, v := range svc.Spec.Selector {
			pairs = append(pairs, pair{svc.Namespace, k, v})
		}
		rarest := slices.MinFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(count[a], count[b]), cmp.Compare(a.key, b.key)) })
		value := serviceJSON(svc)
		if ingresses != nil {
			names := ingresses[pair{svc.Namespace, svc.Name, ""}]
			value["ingresses"] = append([]any{}, names...)
		}
		x.below[rarest] = append(x.below[rarest], indexed{svc, labels.SelectorFromSet(svc.Spec.Selector), value})
	}
	return x
}

// selecting are the Services that select pods of the template, by name, each
// with the containers it sends to.
func (x *serviceIndex) selecting(namespace string, template *corev1.PodTemplateSpec) []any {
	var found []indexed
	for k, v := range template.Labels {
		for _, svc := range x.below[pair{namespace, k, v}] {
			if svc.selector.Matches(labels.Set(template.Labels)) {
				found = append(found, svc)
			}
		}
	}
	slices.SortFunc(found, func(a, b indexed) int { return cmp.Compare(a.service.Name, b.service.Name) })
	out := make([]any, len(found))
	for i, svc := range found {
		value := maps.Clone(svc.value)
		value["containers"], value["undeclared"] = containersOf(svc.service, &template.Spec)
		out[i] = value
	}
	return out
}

// containersOf are the names of the containers that declare a port which the
// Service sends to, and whether it sends to one that no container declares:
// declaring is optional, so any container may listen there. A port by name
// that nobody declares leads nowhere, and a Service without ports (headless)
// publishes the pods as they are.
func containersOf(svc *corev1.Service, spec *corev1.PodSpec) (names []any, undeclared bool) {
	names, undeclared = []any{}, len(svc.Spec.Ports) == 0
	for _, p := range svc.Spec.Ports {
		target := targetOf(p)
		declared := false
		for _, c := range lasting(spec) {
			if !slices.ContainsFunc(c.Ports, func(d corev1.ContainerPort) bool {
				return target.Type == intstr.Int && d.ContainerPort == target.IntVal || target.Type == intstr.String && d.Name == target.StrVal
			}) {
				continue
			}
			declared = true
			if !slices.Contains(names, any(c.Name)) {
				names = append(names, c.Name)
			}
		}
		undeclared = undeclared || !declared && target.Type == intstr.Int
	}
	return names, undeclared
}

// lasting are the containers that run as long as the pod does: the regular ones
// and the init containers that restart (sidecars, Kubernetes 1.28 and newer).
func lasting(spec *corev1.PodSpec) []corev1.Container {
	out := spec.Containers
	for _, c := range spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			out = append(slices.Clip(out), c)
		}
	}
	return out
}

// targetOf is the target port with the API server's default, the port itself.
func targetOf(p corev1.ServicePort) intstr.IntOrString {
	if p.TargetPort == intstr.FromInt32(0) || p.TargetPort == intstr.FromString("") {
		return intstr.FromInt32(p.Port)
	}
	return p.TargetPort
}

// serviceJSON has what a policy about the pods behind a Service asks, with the
// defaults of the API server, which manifests leave out.
func serviceJSON(svc *corev1.Service) map[string]any {
	ports := make([]any, len(svc.Spec.Ports))
	for i, p := range svc.Spec.Ports {
		target := any(targetOf(p).StrVal)
		if targetOf(p).Type == intstr.Int {
			target = int64(targetOf(p).IntVal)
		}
		ports[i] = map[string]any{
			"name": p.Name, "protocol": string(cmp.Or(p.Protocol, corev1.ProtocolTCP)), "port": int64(p.Port), "targetPort": target,
		}
	}
	addresses := make([]any, len(svc.Spec.ExternalIPs))
	for i, a := range svc.Spec.ExternalIPs {
		addresses[i] = a
	}
	kind := cmp.Or(svc.Spec.Type, corev1.ServiceTypeClusterIP)
	policy := svc.Spec.ExternalTrafficPolicy
	if kind != corev1.ServiceTypeClusterIP {
		policy = cmp.Or(policy, corev1.ServiceExternalTrafficPolicyCluster)
	}
	return map[string]any{
		"name": svc.Name, "type": string(kind), "headless": svc.Spec.ClusterIP == corev1.ClusterIPNone,
		"externalTrafficPolicy": string(policy), "externalIPs": addresses,
		"publishNotReadyAddresses": svc.Spec.PublishNotReadyAddresses, "ports": ports,
	}
}

// ingressNames are the names of the Ingresses that send to a Service, by its
// namespace and name; nil when the policy does not read Ingresses.
func (p *policy) ingressNames(s *cluster.Snapshot) map[pair][]any {
	if !p.readsIngresses() {
		return nil
	}
	out := map[pair][]any{}
	add := func(ing *networkingv1.Ingress, b *networkingv1.IngressBackend) {
		if b == nil || b.Service == nil {
			return
		}
		at := pair{ing.Namespace, b.Service.Name, ""}
		if names := out[at]; len(names) == 0 || names[len(names)-1] != ing.Name {
			out[at] = append(names, ing.Name)
		}
	}
	for ing := range cluster.Ingresses.In(s) {
		add(ing, ing.Spec.DefaultBackend)
		for _, r := range ing.Spec.Rules {
			if r.HTTP == nil {
				continue
			}
			for i := range r.HTTP.Paths {
				add(ing, &r.HTTP.Paths[i].Backend)
			}
		}
	}
	return out
}
