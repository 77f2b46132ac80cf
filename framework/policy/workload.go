package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// workloads are the workloads of a snapshot, joined with the Services that
// select their pods.
func (p *policy) workloads(s *cluster.Snapshot) []subject {
	index := newServiceIndex(s, p.ingressNames(s))
	encode := p.encoder()
	var out []subject
	for w := range cluster.Workloads.In(s) {
		out = append(out, subject{w.Object, func() (map[string]any, error) { return encode.workload(w, index) }})
	}
	return out
}

func (e *encoder) workload(w cluster.Workload, index *serviceIndex) (map[string]any, error) {
	spec := e.native(reflect.ValueOf(&w.Template.Spec).Elem())
	if err := e.replace(spec, "containers", w.Template.Spec.Containers); err != nil {
		return nil, err
	}
	if err := e.replace(spec, "initContainers", w.Template.Spec.InitContainers); err != nil {
		return nil, err
	}
	services, err := e.array(index.selecting(w))
	if err != nil {
		return nil, err
	}
	apiVersion, kind := w.Object.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	return map[string]any{
		"apiVersion": apiVersion, "kind": kind, "replicas": int64(w.Replicas),
		"metadata": map[string]any{
			"namespace": w.Object.GetNamespace(), "name": w.Object.GetName(), "labels": w.Object.GetLabels(),
		},
		"template": map[string]any{
			"metadata": map[string]any{"labels": w.Template.Labels, "annotations": w.Template.Annotations},
			"spec":     spec,
			"path":     w.Path,
		},
		"services": services,
	}, nil
}

func (e *encoder) replace(spec map[string]any, name string, list []corev1.Container) error {
	if len(list) == 0 {
		return nil
	}
	array, err := e.array(list)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	spec[name] = array
	return nil
}

// pair is one label of one namespace.
type pair struct{ namespace, key, value string }

// serviceIndex finds the Services that select a pod without looking at all of
// them: each stands below the rarest label of its selector.
type serviceIndex struct {
	below     map[pair][]*corev1.Service
	ingresses map[pair][]string // nil when Ingresses are not read
}

// service is what a workload has of a Service.
type service struct {
	Name                     string             `json:"name"`
	Type                     corev1.ServiceType `json:"type"`
	Headless                 bool               `json:"headless"`
	ExternalTrafficPolicy    string             `json:"externalTrafficPolicy"`
	ExternalIPs              []string           `json:"externalIPs"`
	PublishNotReadyAddresses bool               `json:"publishNotReadyAddresses"`
	Ports                    []servicePort      `json:"ports"`
	Containers               []string           `json:"containers"`
	Undeclared               bool               `json:"undeclared"`
	Receivers                []string           `json:"receivers"`
	Ingresses                *[]string          `json:"ingresses,omitempty"` // nil when Ingresses are not read
	ReachedBy                []string           `json:"reachedBy"`
}

type servicePort struct {
	Name       string             `json:"name"`
	Protocol   corev1.Protocol    `json:"protocol"`
	Port       int32              `json:"port"`
	TargetPort intstr.IntOrString `json:"targetPort"`
}

// newServiceIndex leaves out Services without a selector, which select nothing,
// and of type ExternalName, whose selector means nothing.
func newServiceIndex(s *cluster.Snapshot, ingresses map[pair][]string) *serviceIndex {
	count := map[pair]int{}
	for svc := range cluster.Services.In(s) {
		for k, v := range svc.Spec.Selector {
			count[pair{svc.Namespace, k, v}]++
		}
	}
	x := &serviceIndex{below: map[pair][]*corev1.Service{}, ingresses: ingresses}
	for svc := range cluster.Services.In(s) {
		if len(svc.Spec.Selector) == 0 || svc.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		rarest := rarestOf(svc, count)
		x.below[rarest] = append(x.below[rarest], svc)
	}
	return x
}

// rarestOf is the label of the selector that the fewest Services ask for; of
// those that controllers add to pods, the key alone.
func rarestOf(svc *corev1.Service, count map[pair]int) pair {
	var pairs []pair
	for k, v := range svc.Spec.Selector {
		if added(k) {
			v = ""
		}
		pairs = append(pairs, pair{svc.Namespace, k, v})
	}
	return slices.MinFunc(pairs, func(a, b pair) int {
		return cmp.Or(compareBool(added(a.key), added(b.key)), cmp.Compare(count[a], count[b]), cmp.Compare(a.key, b.key))
	})
}

// selecting are the Services that select pods of the workload, by name, each
// with the containers it sends to.
func (x *serviceIndex) selecting(w cluster.Workload) []*service {
	out := []*service{}
	add := func(at pair) {
		for _, svc := range x.below[at] {
			if !selects(svc.Spec.Selector, w) {
				continue
			}
			value := x.service(svc)
			value.Containers, value.Undeclared = containersOf(svc, &w.Template.Spec)
			value.Receivers = receiversOf(value.Containers, value.Undeclared, &w.Template.Spec)
			out = append(out, value)
		}
	}
	for k, v := range w.Template.Labels {
		if !added(k) {
			add(pair{w.Object.GetNamespace(), k, v})
		}
	}
	for _, k := range addedLabels {
		add(pair{w.Object.GetNamespace(), k, ""})
	}
	slices.SortFunc(out, func(a, b *service) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// containersOf are the names of the containers that declare a port which the
// Service sends to, and whether it sends to one that no container declares:
// declaring is optional, so any container may listen there. A port by name
// that nobody declares leads nowhere, and a Service without ports (headless)
// publishes the pods as they are.
func containersOf(svc *corev1.Service, spec *corev1.PodSpec) (names []string, undeclared bool) {
	names, undeclared = []string{}, len(svc.Spec.Ports) == 0
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
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
		undeclared = undeclared || !declared && target.Type == intstr.Int
	}
	return names, undeclared
}

// receiversOf are the containers and, where any may listen, the other regular
// ones.
func receiversOf(containers []string, undeclared bool, spec *corev1.PodSpec) []string {
	if !undeclared {
		return containers
	}
	out := slices.Clip(containers)
	for i := range spec.Containers {
		if name := spec.Containers[i].Name; !slices.Contains(containers, name) {
			out = append(out, name)
		}
	}
	return out
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

// service is the Service without what depends on the pods.
func (x *serviceIndex) service(svc *corev1.Service) *service {
	value := newService(svc)
	if x.ingresses == nil {
		return value
	}
	names := append([]string{}, x.ingresses[pair{svc.Namespace, svc.Name, ""}]...)
	value.Ingresses = &names
	if len(names) > 0 {
		value.ReachedBy = append([]string{"Ingress"}, value.ReachedBy...)
	}
	return value
}

// newService has what a policy about the pods behind a Service asks, with the
// defaults of the API server, which manifests leave out.
func newService(svc *corev1.Service) *service {
	ports := make([]servicePort, len(svc.Spec.Ports))
	for i, p := range svc.Spec.Ports {
		ports[i] = servicePort{p.Name, cmp.Or(p.Protocol, corev1.ProtocolTCP), p.Port, targetOf(p)}
	}
	kind := cmp.Or(svc.Spec.Type, corev1.ServiceTypeClusterIP)
	policy := svc.Spec.ExternalTrafficPolicy
	if kind != corev1.ServiceTypeClusterIP {
		policy = cmp.Or(policy, corev1.ServiceExternalTrafficPolicyCluster)
	}
	reached := []string{}
	if kind == corev1.ServiceTypeLoadBalancer || kind == corev1.ServiceTypeNodePort {
		reached = append(reached, string(kind))
	}
	if len(svc.Spec.ExternalIPs) > 0 {
		reached = append(reached, "externalIPs")
	}
	return &service{
		Name: svc.Name, Type: kind, Headless: svc.Spec.ClusterIP == corev1.ClusterIPNone,
		ExternalTrafficPolicy: string(policy), ExternalIPs: append([]string{}, svc.Spec.ExternalIPs...),
		PublishNotReadyAddresses: svc.Spec.PublishNotReadyAddresses, Ports: ports, ReachedBy: reached,
	}
}

// ingressNames are the names of the Ingresses that send to a Service, by its
// namespace and name; nil when the policy does not read Ingresses.
func (p *policy) ingressNames(s *cluster.Snapshot) map[pair][]string {
	if !p.readsIngresses() {
		return nil
	}
	out := map[pair][]string{}
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
