package placement

import (
	"strconv"
	"strings"
)

// Path is the place of a field in an object, in the form for people and in the
// form of RFC 6901. The zero value is the object itself.
type Path struct{ field, pointer string }

// At is the path of nested fields.
func At(names ...string) Path { return Path{}.Child(names...) }

// Child is the path of a field, or of a field of a field.
func (p Path) Child(names ...string) Path {
	for _, n := range names {
		if p.field != "" {
			p.field += "."
		}
		p.field += n
		p.pointer += "/" + n
	}
	return p
}

// Index is the path of an element of a list.
func (p Path) Index(i int) Path {
	n := strconv.Itoa(i)
	return Path{p.field + "[" + n + "]", p.pointer + "/" + n}
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// Key is the path of an entry of a map.
func (p Path) Key(k string) Path {
	return Path{p.field + "[" + strconv.Quote(k) + "]", p.pointer + "/" + escaper.Replace(k)}
}

// String is the path as people write it: spec.nodeSelector["disktype"].
func (p Path) String() string { return p.field }

// Pointer is the path as a JSON pointer.
func (p Path) Pointer() string { return p.pointer }
