package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// input is the part of the input that all evaluations of a run share. Its
// values are Rego values already, so nothing is converted twice.
func (p *policy) input(pass *framework.Pass) (map[string]any, error) {
	input := map[string]any{"now": ast.String(pass.Now.UTC().Format(time.RFC3339))}
	if p.check.Params != nil {
		params, err := plainValue(pass.Params)
		if err != nil {
			return nil, fmt.Errorf("encode parameters: %w", err)
		}
		input["params"] = params
	}
	for _, side := range []struct {
		name     string
		list     []reading
		snapshot *cluster.Snapshot
	}{{framework.Source, p.source, pass.Source}, {framework.Target, p.target, pass.Target}} {
		if len(side.list) == 0 {
			continue
		}
		values := map[string]any{}
		for _, r := range side.list {
			v, err := p.read(r, side.snapshot)
			if err != nil {
				return nil, fmt.Errorf("%s of the %s: %w", r.key, side.name, err)
			}
			values[r.key] = v
		}
		input[side.name] = ast.LazyObject(values)
	}
	return input, nil
}

// read is the value of one declared input.
func (p *policy) read(r reading, s *cluster.Snapshot) (any, error) {
	switch r.key {
	case versionWord:
		v := cluster.ServerVersion.Of(s)
		if v.IsZero() {
			return nil, fmt.Errorf("it is unknown")
		}
		return map[string]any{"major": int64(v.Major), "minor": int64(v.Minor), "text": v.String()}, nil
	case uidWord:
		return cluster.UID.Of(s), nil
	case workloadsWord:
		return list(p.workloads(s))
	}
	var subjects []subject
	for o := range s.Objects(r.resources[0]) {
		subjects = append(subjects, subject{value: func() (map[string]any, error) { return plainJSON(o) }})
	}
	return list(subjects)
}

func list(subjects []subject) ([]any, error) {
	out := make([]any, len(subjects))
	for i, s := range subjects {
		v, err := s.value()
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// plainJSON is the JSON form of an object. It shares nothing that anybody
// could change: Rego values are immutable.
func plainJSON(o runtime.Object) (map[string]any, error) {
	var m map[string]any
	if u, ok := o.(*unstructured.Unstructured); ok {
		m = maps.Clone(u.Object)
		if meta, ok := m["metadata"].(map[string]any); ok {
			m["metadata"] = maps.Clone(meta)
		}
	} else {
		var err error
		if m, err = converter.ToUnstructured(o); err != nil {
			return nil, fmt.Errorf("convert %s: %w", o.GetObjectKind().GroupVersionKind().Kind, err)
		}
	}
	if meta, ok := m["metadata"].(map[string]any); ok && meta["namespace"] == nil {
		meta["namespace"] = ""
	}
	return m, nil
}

// plainValue is the Rego value of anything that has a JSON form.
func plainValue(v any) (ast.Value, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return ast.ValueFromReader(bytes.NewReader(data))
}
