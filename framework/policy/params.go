package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var paramName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// newParams makes a struct type of the declared parameters, so that whoever
// sets the parameters of a policy is read as strictly as with a check in Go,
// and returns a pointer to a value with the defaults; nil when there are none.
func newParams(defaults map[string]any) (any, error) {
	if len(defaults) == 0 {
		return nil, nil
	}
	var fields []reflect.StructField
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		if !paramName.MatchString(name) {
			return nil, fmt.Errorf("the parameter %q must be a name in lowerCamel", name)
		}
		t := paramType(defaults[name])
		if t == nil {
			return nil, fmt.Errorf("the default of the parameter %q must be text, a number, true or false, or a list of one of these", name)
		}
		fields = append(fields, reflect.StructField{
			Name: strings.ToUpper(name[:1]) + name[1:], Type: t,
			Tag: reflect.StructTag(fmt.Sprintf("json:%q", name)),
		})
	}
	value := reflect.New(reflect.StructOf(fields)).Interface()
	data, err := json.Marshal(defaults)
	if err != nil {
		return nil, fmt.Errorf("encode parameters: %w", err)
	}
	return value, json.Unmarshal(data, value)
}

// paramType is the Go type of a default value, or nil. A list without elements
// is one of texts; a whole number keeps out fractions.
func paramType(v any) reflect.Type {
	switch v := v.(type) {
	case string, bool:
		return reflect.TypeOf(v)
	case float64:
		if v == math.Trunc(v) {
			return reflect.TypeFor[int64]()
		}
		return reflect.TypeFor[float64]()
	case []any:
		if len(v) == 0 {
			return reflect.TypeFor[[]string]()
		}
		first := paramType(v[0])
		for _, e := range v {
			if t := paramType(e); t == nil || t != first || t.Kind() == reflect.Slice {
				return nil
			}
		}
		return reflect.SliceOf(first)
	}
	return nil
}

// paramSchema is the JSON Schema of a default value.
func paramSchema(v any) map[string]any {
	switch v := v.(type) {
	case bool:
		return typed("boolean")
	case float64:
		return typed("number")
	case []any:
		if len(v) > 0 {
			return listOf(paramSchema(v[0]))
		}
		return listOf(typed("string"))
	}
	return typed("string")
}
