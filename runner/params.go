package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/precheck-dev/precheck/framework"
)

// readParams reads a YAML file that maps IDs of checks to their parameters. A
// value replaces the default of that parameter; what the file leaves out stays.
// Unknown checks and parameters are errors. An empty path means no parameters.
func readParams(path string, checks []*framework.Check) (map[string]any, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	var given map[string]map[string]any
	if err := yaml.UnmarshalStrict(data, &given); err != nil {
		return nil, fmt.Errorf("read parameters: %s: %w", path, err)
	}
	var doc yamlnode.Node
	if err := yamlnode.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("read parameters: %s: %w", path, err)
	}
	out := map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		at := func(err error, keys ...string) error {
			return fmt.Errorf("%s:%d: %w", path, lineOf(&doc, append([]string{id}, keys...)), err)
		}
		c := byID(checks, id)
		if c == nil {
			return nil, at(fmt.Errorf("there is no selected check %q, did you mean %q?", id, nearest(id, ids(checks))))
		}
		value, key, err := params(c, given[id])
		if err != nil {
			return nil, at(err, key)
		}
		out[id] = value
	}
	return out, nil
}

func ids(checks []*framework.Check) []string {
	var out []string
	for _, c := range checks {
		out = append(out, c.ID)
	}
	return out
}

func byID(checks []*framework.Check, id string) *framework.Check {
	for _, c := range checks {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// params lays the given values over a copy of the check's parameters. With an
// error it returns the key that is wrong.
func params(c *framework.Check, given map[string]any) (value any, key string, err error) {
	if c.Params == nil {
		return nil, "", fmt.Errorf("check %s has no parameters", c.ID)
	}
	defaults, err := json.Marshal(c.Params)
	if err != nil {
		return nil, "", fmt.Errorf("copy parameters: %w", err)
	}
	into := reflect.New(reflect.TypeOf(c.Params).Elem()).Interface()
	if err := json.Unmarshal(defaults, into); err != nil {
		return nil, "", fmt.Errorf("copy parameters: %w", err)
	}
	known := parameterNames(c.Params, defaults)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, key) {
			return nil, key, fmt.Errorf("check %s has no parameter %q, did you mean %q?", c.ID, key, nearest(key, known))
		}
		one, err := json.Marshal(map[string]any{key: given[key]})
		if err != nil {
			return nil, key, fmt.Errorf("read parameter %s: %w", key, err)
		}
		dec := json.NewDecoder(bytes.NewReader(one))
		dec.DisallowUnknownFields()
		if err := dec.Decode(into); err != nil {
			return nil, key, fmt.Errorf("parameter %s of check %s: %w", key, c.ID, plain(err))
		}
	}
	return into, "", nil
}

// parameterNames are the JSON names of the parameters: the fields of the
// struct, or the keys of the default map.
func parameterNames(params any, defaults []byte) []string {
	t := reflect.TypeOf(params).Elem()
	if t.Kind() != reflect.Struct {
		var m map[string]any
		_ = json.Unmarshal(defaults, &m)
		return slices.Sorted(maps.Keys(m))
	}
	var out []string
	for i := range t.NumField() {
		if name := jsonName(t.Field(i)); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func jsonName(f reflect.StructField) string {
	name, _, _ := bytes.Cut([]byte(f.Tag.Get("json")), []byte(","))
	switch {
	case !f.IsExported() || string(name) == "-":
		return ""
	case len(name) > 0:
		return string(name)
	}
	return f.Name
}

// plain says what a JSON error means to somebody who wrote YAML.
func plain(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("is a %s (want %s)", wrong.Value, wrong.Type)
	}
	return err
}

// lineOf is the line of the last key that the document has on the way.
func lineOf(n *yamlnode.Node, keys []string) int {
	if n.Kind == yamlnode.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := n.Line
	for _, key := range keys {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Kind == yamlnode.MappingNode && n.Content[i].Value == key {
				line, n = n.Content[i].Line, n.Content[i+1]
				break
			}
		}
	}
	return line
}
