package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

var findingKeys = []string{"message", "object", "cluster", "fieldPath", "severity", "step", "remedy", "details"}

// finding decodes a member of deny, strictly.
func (e *evaluation) finding(member any, s *subject) (framework.Finding, error) {
	var f framework.Finding
	if text, ok := member.(string); ok {
		member = map[string]any{"message": text}
	}
	m, ok := member.(map[string]any)
	if !ok {
		return f, fmt.Errorf("a finding is %s (want a message, or an object with one)", brief(member))
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(findingKeys, key) {
			return f, fmt.Errorf("a finding has the unknown key %q%s", key, nearest(key, findingKeys))
		}
	}
	for key, into := range map[string]any{
		"message": &f.Message, "cluster": &f.Cluster, "severity": &f.Severity, "step": &f.Step, "remedy": &f.Remedy,
	} {
		if err := decode(m, key, into); err != nil {
			return f, err
		}
	}
	if f.Message == "" {
		return f, fmt.Errorf("a finding has no message")
	}
	if f.Cluster != "" && f.Cluster != framework.Source && f.Cluster != framework.Target {
		return f, fmt.Errorf("the cluster of a finding is %q (want source or target)", f.Cluster)
	}
	details, err := textDetails(m["details"])
	if err != nil {
		return f, err
	}
	f.Details = details
	return f, e.setObject(&f, m, s)
}

func decode(m map[string]any, key string, into any) error {
	v, ok := m[key]
	if !ok {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("the %s of a finding is %s (want text)", key, brief(v))
	}
	data, err := json.Marshal(text)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("the %s of a finding: %w", key, err)
	}
	return nil
}

// textDetails are details as the report holds them; numbers and truth values
// become text.
func textDetails(v any) (map[string]string, error) {
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the details of a finding are %s (want an object)", brief(v))
	}
	out := make(map[string]string, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch v := m[key].(type) {
		case string:
			out[key] = v
		case json.Number:
			out[key] = v.String()
		case bool:
			out[key] = strconv.FormatBool(v)
		default:
			return nil, fmt.Errorf("the detail %q of a finding is %s (want text, a number, true or false)", key, brief(v))
		}
	}
	return out, nil
}

// setObject says what the finding is about: what it names, else the object of
// the evaluation, else the cluster.
func (e *evaluation) setObject(f *framework.Finding, m map[string]any, s *subject) error {
	var fieldPath string
	if err := decode(m, "fieldPath", &fieldPath); err != nil {
		return err
	}
	given, named := m["object"]
	switch {
	case named:
		ref, err := e.lookUp(given, f.Cluster)
		if err != nil {
			return err
		}
		f.Object = ref
	case s != nil && f.Cluster != framework.Target:
		f.Object = e.pass.Source.Ref(s.object)
	case fieldPath != "":
		return fmt.Errorf("a finding has a fieldPath and no object")
	}
	f.Object.FieldPath = fieldPath
	return nil
}

// lookUp finds the object that a finding names among those the policy read.
func (e *evaluation) lookUp(given any, side string) (framework.Ref, error) {
	var ref framework.Ref
	m, ok := given.(map[string]any)
	if !ok {
		return ref, fmt.Errorf("the object of a finding is %s (want apiVersion, kind, namespace and name)", brief(given))
	}
	fields := map[string]*string{"apiVersion": &ref.APIVersion, "kind": &ref.Kind, "namespace": &ref.Namespace, "name": &ref.Name}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		into, ok := fields[key]
		if !ok {
			return ref, fmt.Errorf("the object of a finding has the unknown key %q%s", key, nearest(key, slices.Sorted(maps.Keys(fields))))
		}
		if err := decode(m, key, into); err != nil {
			return ref, err
		}
	}
	if e.known == nil {
		e.known = map[string]map[framework.Ref]framework.Ref{}
	}
	if side == "" {
		side = framework.Source
	}
	if e.known[side] == nil {
		e.known[side] = e.refs(side)
	}
	found, ok := e.known[side][ref]
	if !ok {
		return ref, fmt.Errorf("a finding names %s (apiVersion %q), which is not among what was read of the %s", name(ref), ref.APIVersion, side)
	}
	return found, nil
}

// refs are the references of all objects that the policy may name, by what it
// knows of them.
func (e *evaluation) refs(side string) map[framework.Ref]framework.Ref {
	snapshot, list := e.pass.Source, e.check.Source
	if side == framework.Target {
		snapshot, list = e.pass.Target, e.check.Target
	}
	out := map[framework.Ref]framework.Ref{}
	add := func(r cluster.Resource) {
		for o := range snapshot.Objects(r) {
			full := snapshot.Ref(o.(cluster.Object))
			key := full
			key.File, key.Line = "", 0
			out[key] = full
		}
	}
	for _, r := range list {
		switch r {
		case cluster.ServerVersion, cluster.UID:
		case cluster.Workloads:
			for _, kind := range cluster.Workloads.Kinds() {
				add(kind)
			}
		default:
			add(r)
		}
	}
	return out
}

// brief is a value in few characters.
func brief(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	if len(data) > 60 {
		return string(data[:60]) + "..."
	}
	return string(data)
}
