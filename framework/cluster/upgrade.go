package cluster

// Conversions between API versions, on the JSON form. The API server's own
// live in k8s.io/kubernetes, which is no library; these cover the fields that
// changed their shape, as the deprecated API migration guide lists them.

import "maps"

func object(m map[string]any, path ...string) map[string]any {
	for _, p := range path {
		m, _ = m[p].(map[string]any)
	}
	return m
}

// objects are the elements of a list that are objects.
func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func move(m map[string]any, from, to string) {
	if v, ok := m[from]; ok {
		delete(m, from)
		m[to] = v
	}
}

// defaultSelector does what apps/v1beta1 and extensions/v1beta1 did to a
// workload without selector: it selects by the labels of its template.
func defaultSelector(m map[string]any) {
	spec := object(m, "spec")
	if spec == nil || spec["selector"] != nil {
		return
	}
	if labels := object(spec, "template", "metadata", "labels"); len(labels) > 0 {
		spec["selector"] = map[string]any{"matchLabels": maps.Clone(labels)}
	}
}

// upgradeIngress: backend became defaultBackend, serviceName and servicePort
// became service.name and service.port, and pathType is required.
func upgradeIngress(m map[string]any) {
	spec := object(m, "spec")
	if spec == nil {
		return
	}
	move(spec, "backend", "defaultBackend")
	upgradeBackend(object(spec, "defaultBackend"))
	for _, rule := range objects(spec["rules"]) {
		for _, path := range objects(object(rule, "http")["paths"]) {
			upgradeBackend(object(path, "backend"))
			if path["pathType"] == nil {
				path["pathType"] = "ImplementationSpecific"
			}
		}
	}
}

func upgradeBackend(b map[string]any) {
	if b["serviceName"] == nil && b["servicePort"] == nil {
		return
	}
	service := map[string]any{"name": b["serviceName"]}
	switch port := b["servicePort"].(type) {
	case string:
		service["port"] = map[string]any{"name": port}
	case nil:
	default:
		service["port"] = map[string]any{"number": port}
	}
	delete(b, "serviceName")
	delete(b, "servicePort")
	b["service"] = service
}

// upgradeEndpointSlice: the topology map became nodeName, zone and
// deprecatedTopology.
func upgradeEndpointSlice(m map[string]any) {
	for _, e := range objects(m["endpoints"]) {
		topology := object(e, "topology")
		if node, ok := topology["kubernetes.io/hostname"]; ok && e["nodeName"] == nil {
			e["nodeName"] = node
		}
		if zone, ok := topology["topology.kubernetes.io/zone"]; ok {
			e["zone"] = zone
		}
		move(e, "topology", "deprecatedTopology")
	}
}

// upgradeDisruptionBudget: an empty selector, which selects every pod of the
// namespace in policy/v1, selected none; a missing one selects none in both.
func upgradeDisruptionBudget(m map[string]any) {
	spec := object(m, "spec")
	selector, ok := spec["selector"].(map[string]any)
	if !ok {
		return
	}
	labels, _ := selector["matchLabels"].(map[string]any)
	expressions, _ := selector["matchExpressions"].([]any)
	if len(labels)+len(expressions) == 0 {
		delete(spec, "selector")
	}
}

// upgradeRuntimeClass: the fields of spec moved to the top, and runtimeHandler
// is called handler.
func upgradeRuntimeClass(m map[string]any) {
	spec := object(m, "spec")
	delete(m, "spec")
	maps.Copy(m, spec)
	move(m, "runtimeHandler", "handler")
}

// upgradeAutoscalerV1: the CPU percentage became a metric.
func upgradeAutoscalerV1(m map[string]any) {
	spec := object(m, "spec")
	percent, ok := spec["targetCPUUtilizationPercentage"]
	if !ok {
		return
	}
	delete(spec, "targetCPUUtilizationPercentage")
	spec["metrics"] = []any{map[string]any{
		"type": "Resource",
		"resource": map[string]any{
			"name":   "cpu",
			"target": map[string]any{"type": "Utilization", "averageUtilization": percent},
		},
	}}
}

// upgradeAutoscalerV2beta1: targetX fields of a metric became target and metric.
func upgradeAutoscalerV2beta1(m map[string]any) {
	for _, metric := range objects(object(m, "spec")["metrics"]) {
		for _, source := range []string{"resource", "containerResource", "pods", "object", "external"} {
			if s := object(metric, source); s != nil {
				upgradeMetric(source, s)
			}
		}
	}
}

// metricTargets are the fields that became target; where several are given, the
// last one is what the autoscaler goes by.
var metricTargets = []struct{ old, kind, field string }{
	{"targetValue", "Value", "value"},
	{"targetAverageValue", "AverageValue", "averageValue"},
	{"averageValue", "AverageValue", "averageValue"},
	{"targetAverageUtilization", "Utilization", "averageUtilization"},
}

func upgradeMetric(source string, s map[string]any) {
	target := map[string]any{}
	for _, t := range metricTargets {
		if v, ok := s[t.old]; ok {
			delete(s, t.old)
			target["type"], target[t.field] = t.kind, v
		}
	}
	if source == "object" {
		move(s, "target", "describedObject")
	}
	if name, ok := s["metricName"]; ok {
		metric := map[string]any{"name": name}
		for _, selector := range []string{"selector", "metricSelector"} {
			if v, ok := s[selector]; ok {
				metric["selector"] = v
				delete(s, selector)
			}
		}
		delete(s, "metricName")
		s["metric"] = metric
	}
	s["target"] = target
}
