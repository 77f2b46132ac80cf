package policy

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// The JSON Schemas of input. An object without declared properties stays open,
// so whatever has none is left out of the input altogether.

func typed(name string) map[string]any { return map[string]any{"type": name} }

func listOf(items map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": items}
}

func closed(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// attachSchema declares the schema of the input to OPA's type checker, for the
// package of this policy only.
func (p *policy) attachSchema(schemas *ast.SchemaSet) {
	ref := ast.SchemaRootRef.Append(ast.StringTerm(p.check.ID))
	schemas.Put(ref, p.schema())
	p.meta.annotation.Schemas = []*ast.SchemaAnnotation{{Path: ast.InputRootRef, Schema: ref}}
}

func (p *policy) schema() map[string]any {
	input := map[string]any{"now": typed("string")}
	if len(p.meta.params) > 0 {
		params := map[string]any{}
		for name, v := range p.meta.params {
			params[name] = paramSchema(v)
		}
		input["params"] = closed(params)
	}
	for side, list := range map[string][]reading{"source": p.source, "target": p.target} {
		if len(list) == 0 {
			continue
		}
		resources := map[string]any{}
		for _, r := range list {
			resources[r.key] = p.readingSchema(r.key)
		}
		input[side] = closed(resources)
	}
	switch p.meta.each {
	case "":
	case workloadsWord:
		input["object"] = p.workloadSchema()
	default:
		input["object"] = map[string]any{}
	}
	return closed(input)
}

func (p *policy) readingSchema(key string) map[string]any {
	switch key {
	case versionWord:
		return closed(map[string]any{"major": typed("integer"), "minor": typed("integer"), "text": typed("string")})
	case uidWord:
		return typed("string")
	case workloadsWord:
		return listOf(p.workloadSchema())
	}
	return listOf(map[string]any{})
}

func (p *policy) workloadSchema() map[string]any {
	text, labels := typed("string"), typed("object")
	service := map[string]any{
		"name": text, "type": text, "headless": typed("boolean"), "externalTrafficPolicy": text,
		"externalIPs": listOf(text), "publishNotReadyAddresses": typed("boolean"), "containers": listOf(text), "undeclared": typed("boolean"), "reachedBy": listOf(text), "receivers": listOf(text),
		"ports": listOf(closed(map[string]any{
			"name": text, "protocol": text, "port": typed("integer"), "targetPort": map[string]any{},
		})),
	}
	if p.readsIngresses() {
		service["ingresses"] = listOf(text)
	}
	return closed(map[string]any{
		"apiVersion": text, "kind": text, "replicas": typed("integer"),
		"metadata": closed(map[string]any{"namespace": text, "name": text, "labels": labels}),
		"template": closed(map[string]any{
			"metadata": closed(map[string]any{"labels": labels, "annotations": labels}),
			"spec":     map[string]any{},
			"path":     text,
		}),
		"services": listOf(closed(service)),
	})
}
