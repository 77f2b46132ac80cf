package cluster

import (
	"maps"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The annotations that an object of a saved snapshot carries, so that reading
// it gives what was saved. They mean nothing anywhere else.
const (
	markPrefix = "precheck.dev/"
	// markOnly: only the metadata of the object was read.
	markOnly = markPrefix + "metadata-only"
	// markNoRow: the object has no row in the inventory.
	markNoRow = markPrefix + "not-in-inventory"
	// markExtractor: what the extractor of that name kept of a ConfigMap.
	markExtractor = markPrefix + "extractor"
	// markGenerated: whether a cluster makes the object by itself, when what is
	// left of the object does not tell.
	markGenerated = markPrefix + "generated"
	// markReadAs: the API version that the object was read in, when it was
	// converted to the one that it is written in.
	markReadAs = markPrefix + "read-as"
	// markListedAs: the API version of its row, when that is another one.
	markListedAs = markPrefix + "listed-as"
	// markPosition: file and line of the manifest that it was read from.
	markPosition = markPrefix + "position"
)

// marks are the annotations of one object, or what holds without them.
type marks struct {
	only, noRow bool
	generated   *bool
	extractor   string
	readAs, row schema.GroupVersionKind
	resource    schema.GroupResource
	origin      position // where the document stands
	at          position // that the snapshot tells
	any         bool
}

func (l *loader) marksOf(h head, gvk schema.GroupVersionKind, at position) marks {
	m := marks{readAs: gvk, row: gvk, origin: at, at: at}
	if l.header == nil || !l.header.Saved {
		return m
	}
	m.at, m.resource = position{}, resourceOf(at.file)
	listed := ""
	for key, value := range members(h.annotations) {
		text := textOf(value)
		switch key {
		case markOnly:
			m.only = true
		case markNoRow:
			m.noRow = true
		case markGenerated:
			yes := text == "true"
			m.generated = &yes
		case markExtractor:
			m.extractor = text
		case markReadAs:
			m.readAs = schema.FromAPIVersionAndKind(text, gvk.Kind)
		case markListedAs:
			listed = text
		case markPosition:
			m.at = parsePosition(text)
		default:
			continue
		}
		m.any = true
	}
	m.row = m.readAs
	if listed != "" {
		m.row = schema.FromAPIVersionAndKind(listed, gvk.Kind)
	}
	return m
}

// drop removes the annotations from the object.
func (m marks) drop(o Object) {
	if !m.any {
		return
	}
	a := o.GetAnnotations()
	maps.DeleteFunc(a, func(key, _ string) bool { return strings.HasPrefix(key, markPrefix) })
	if len(a) == 0 {
		a = nil
	}
	o.SetAnnotations(a)
}

func (p position) String() string { return p.file + ":" + strconv.Itoa(p.line) }

func parsePosition(text string) position {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return position{file: text}
	}
	line, err := strconv.Atoi(text[i+1:])
	if err != nil {
		return position{file: text}
	}
	return position{text[:i], line}
}
