package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// encoder makes Rego values of Go values: the same as their JSON form read
// back, without writing it. It remembers the types it has met and is not for
// several goroutines at once.
type encoder struct {
	layouts map[reflect.Type]layout
}

// layout is what the encoder needs to know of a type.
type layout struct {
	marshals bool // it has a JSON form of its own
	fields   []field
}

// field is one field of a struct or of a struct that is embedded in it.
type field struct {
	index []int
	name  string
	key   *ast.Term
	omit  bool // when it is empty, as encoding/json has it
}

func newEncoder() *encoder { return &encoder{layouts: map[reflect.Type]layout{}} }

// spec is the JSON form of a pod's spec: Rego values for the containers, which
// Rego would convert with all that is in them, and for everything else what
// Rego converts when a policy reads it.
func (e *encoder) spec(spec *corev1.PodSpec) (map[string]any, error) {
	out := map[string]any{}
	v := reflect.ValueOf(spec).Elem()
	for _, f := range e.layout(v.Type()).fields {
		x := v.FieldByIndex(f.index)
		if f.omit && empty(x) {
			continue
		}
		switch x.Kind() {
		case reflect.String:
			out[f.name] = x.String()
		case reflect.Slice:
			if f.name != "containers" && f.name != "initContainers" {
				out[f.name] = x.Interface()
				continue
			}
			t, err := e.term(x)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			out[f.name] = t.Value
		default:
			out[f.name] = x.Interface()
		}
	}
	return out, nil
}

func (e *encoder) term(v reflect.Value) (*ast.Term, error) {
	switch kind := v.Kind(); {
	case kind == reflect.Invalid, (kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Map) && v.IsNil():
		return ast.InternedNullTerm, nil
	case kind == reflect.Pointer:
		return e.term(v.Elem())
	case kind == reflect.String:
		return ast.InternedTerm(v.String()), nil
	case kind == reflect.Bool:
		return ast.InternedTerm(v.Bool()), nil
	case v.CanInt():
		return ast.InternedTerm(v.Int()), nil
	case kind == reflect.Struct:
		return e.object(v)
	case kind == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return e.mapping(v)
	case kind == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return e.array(v)
	}
	return throughJSON(v)
}

func (e *encoder) array(v reflect.Value) (*ast.Term, error) {
	terms := make([]*ast.Term, v.Len())
	for i := range terms {
		t, err := e.term(v.Index(i))
		if err != nil {
			return nil, err
		}
		terms[i] = t
	}
	return ast.ArrayTerm(terms...), nil
}

func (e *encoder) mapping(v reflect.Value) (*ast.Term, error) {
	pairs := make([][2]*ast.Term, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		t, err := e.term(it.Value())
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, [2]*ast.Term{ast.InternedTerm(it.Key().String()), t})
	}
	return ast.ObjectTerm(pairs...), nil
}

func (e *encoder) object(v reflect.Value) (*ast.Term, error) {
	switch x := v.Interface().(type) { // copies: String of a quantity keeps what it made
	case resource.Quantity:
		return ast.StringTerm(x.String()), nil
	case intstr.IntOrString:
		if x.Type == intstr.Int {
			return ast.InternedTerm(x.IntVal), nil
		}
		return ast.InternedTerm(x.StrVal), nil
	}
	l := e.layout(v.Type())
	if l.marshals {
		return throughJSON(v)
	}
	pairs := make([][2]*ast.Term, 0, 8)
	for i := range l.fields {
		f := &l.fields[i]
		x, err := v.FieldByIndexErr(f.index)
		if err != nil || f.omit && empty(x) {
			continue
		}
		t, err := e.term(x)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		pairs = append(pairs, [2]*ast.Term{f.key, t})
	}
	return ast.ObjectTerm(pairs...), nil
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func (e *encoder) layout(t reflect.Type) layout {
	if known, ok := e.layouts[t]; ok {
		return known
	}
	l := layout{marshals: reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]())}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous && name == "" {
			continue
		}
		l.fields = append(l.fields, field{f.Index, name, ast.StringTerm(name), strings.Contains(options, "omitempty")})
	}
	e.layouts[t] = l
	return l
}

// throughJSON is for what has a JSON form of its own.
func throughJSON(v reflect.Value) (*ast.Term, error) {
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	value, err := ast.ValueFromReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	return ast.NewTerm(value), nil
}
