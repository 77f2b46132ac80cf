package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// encoder makes Rego values of structs that convert a field when a policy first
// reads it, and are otherwise the JSON form of the struct. It remembers the
// types it has met and is not for several goroutines at once.
type encoder struct {
	strict  bool // convert everything at once
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
	hash  int  // of the name
	omit  bool // when it is empty, as encoding/json has it
}

func (p *policy) encoder() *encoder {
	return &encoder{strict: p.serialises, layouts: map[reflect.Type]layout{}}
}

// native is the JSON form of a struct for [ast.LazyObject]: structs below
// pointers are objects of the same kind, the values of all other fields are
// those of Go, which Rego converts by their JSON form.
func (e *encoder) native(v reflect.Value) map[string]any {
	out := make(map[string]any, 8)
	for _, f := range e.layout(v.Type()).fields {
		x, err := v.FieldByIndexErr(f.index)
		if err != nil || f.omit && empty(x) {
			continue
		}
		switch kind := x.Kind(); {
		case null(x):
			out[f.name] = nil
		case kind == reflect.String:
			out[f.name] = x.String()
		case x.CanInt():
			out[f.name] = x.Int()
		case kind == reflect.Pointer && x.Elem().CanInt():
			out[f.name] = x.Elem().Int()
		case kind == reflect.Pointer && x.Elem().Kind() == reflect.Struct && !e.layout(x.Elem().Type()).marshals:
			out[f.name] = e.native(x.Elem())
		default:
			out[f.name] = x.Interface()
		}
	}
	return out
}

// hashed stands for a value of which only the hash is known.
type hashed int

// Hash implements [ast.Value], as the other methods do.
func (h hashed) Hash() int                       { return int(h) }
func (h hashed) Compare(ast.Value) int           { return 0 }
func (h hashed) Find(ast.Ref) (ast.Value, error) { return h, nil }
func (h hashed) IsGround() bool                  { return true }
func (h hashed) String() string                  { return "" }
func (h hashed) StringLength() int               { return 0 }

// array is the Rego value of a slice of structs. An array wants the hash of its
// elements, for which Rego would convert all of them; here it is taken from
// the struct.
func (e *encoder) array(slice any) (ast.Value, error) {
	if e.strict {
		return plainValue(slice)
	}
	v := reflect.ValueOf(slice)
	terms := make([]*ast.Term, v.Len())
	for i := range terms {
		h, err := e.hash(v.Index(i))
		if err != nil {
			return nil, err
		}
		terms[i] = ast.NewTerm(hashed(h))
	}
	array := ast.NewArray(terms...)
	for i := range terms {
		terms[i].Value = ast.LazyObject(e.native(reflect.Indirect(v.Index(i))))
	}
	return array, nil
}

// hash is the hash that the Rego value of v has.
func (e *encoder) hash(v reflect.Value) (int, error) {
	switch kind := v.Kind(); {
	case null(v):
		return ast.NullValue.Hash(), nil
	case kind == reflect.Pointer:
		return e.hash(v.Elem())
	case kind == reflect.String:
		return ast.String(v.String()).Hash(), nil
	case kind == reflect.Bool:
		return ast.Boolean(v.Bool()).Hash(), nil
	case v.CanInt():
		return hashInt(v.Int()), nil
	case kind == reflect.Struct:
		return e.hashStruct(v)
	case kind == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		sum := 0
		for i := range v.Len() {
			h, err := e.hash(v.Index(i))
			if err != nil {
				return 0, err
			}
			sum += h
		}
		return sum, nil
	case kind == reflect.Map && v.Type().Key().Kind() == reflect.String:
		sum := 0
		for it := v.MapRange(); it.Next(); {
			h, err := e.hash(it.Value())
			if err != nil {
				return 0, err
			}
			sum += ast.String(it.Key().String()).Hash() + h
		}
		return sum, nil
	}
	return hashJSON(v)
}

func (e *encoder) hashStruct(v reflect.Value) (int, error) {
	switch v.Type() {
	case reflect.TypeFor[resource.Quantity]():
		q := v.Interface().(resource.Quantity) // a copy: String keeps what it made
		return ast.String(q.String()).Hash(), nil
	case reflect.TypeFor[intstr.IntOrString]():
		p := v.Interface().(intstr.IntOrString)
		if p.Type == intstr.Int {
			return hashInt(int64(p.IntVal)), nil
		}
		return ast.String(p.StrVal).Hash(), nil
	}
	l := e.layout(v.Type())
	if l.marshals {
		return hashJSON(v)
	}
	sum := 0
	for i := range l.fields {
		f := &l.fields[i]
		x, err := v.FieldByIndexErr(f.index)
		if err != nil || f.omit && empty(x) {
			continue
		}
		h, err := e.hash(x)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", f.name, err)
		}
		sum += f.hash + h
	}
	return sum, nil
}

func hashInt(n int64) int { return ast.Number(strconv.FormatInt(n, 10)).Hash() }

// hashJSON is for what has a JSON form of its own.
func hashJSON(v reflect.Value) (int, error) {
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return 0, fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	value, err := ast.ValueFromReader(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("encode %s: %w", v.Type(), err)
	}
	return value.Hash(), nil
}

func null(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return v.IsNil()
	}
	return false
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
		l.fields = append(l.fields, field{f.Index, name, ast.String(name).Hash(), strings.Contains(options, "omitempty")})
	}
	e.layouts[t] = l
	return l
}
