package placement

import (
	"strconv"
	"strings"
)

// Path is the place of a field in an object. The zero value is the object
// itself. It is put into words only when asked, because most are never shown.
type Path struct {
	up   *Path
	name string // of a field, or the key of an entry
	kind stepKind
	at   int
}

type stepKind byte

const (
	root stepKind = iota
	inField
	inList
	inMap
)

// At is the path of nested fields.
func At(names ...string) Path { return Path{}.Child(names...) }

// Child is the path of a field, or of a field of a field.
func (p Path) Child(names ...string) Path {
	for _, n := range names {
		up := p
		p = Path{up: &up, name: n, kind: inField}
	}
	return p
}

// Index is the path of an element of a list.
func (p Path) Index(i int) Path { return Path{up: &p, kind: inList, at: i} }

// Key is the path of an entry of a map.
func (p Path) Key(k string) Path { return Path{up: &p, name: k, kind: inMap} }

// String is the path as people write it: spec.nodeSelector["disktype"].
func (p Path) String() string {
	switch p.kind {
	case inField:
		if before := p.up.String(); before != "" {
			return before + "." + p.name
		}
		return p.name
	case inList:
		return p.up.String() + "[" + strconv.Itoa(p.at) + "]"
	case inMap:
		return p.up.String() + "[" + strconv.Quote(p.name) + "]"
	}
	return ""
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer is the path as a JSON pointer (RFC 6901).
func (p Path) Pointer() string {
	switch p.kind {
	case inField, inMap:
		return p.up.Pointer() + "/" + escaper.Replace(p.name)
	case inList:
		return p.up.Pointer() + "/" + strconv.Itoa(p.at)
	}
	return ""
}
