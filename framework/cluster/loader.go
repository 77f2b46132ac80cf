package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// loader turns files into a snapshot.
type loader struct {
	*builder
	want      request
	resources []Resource
	header    *header
	sinks     map[sinkKey]*sink
	extracts  map[string]*collector // by part name
	crds      map[schema.GroupKind]APIResource
	patches   map[string]bool // files that a kustomization names as patches
	files     map[string]int  // documents of each file that hold an object
	sums      []string        // of the files
	count     int
}

func newLoader(resources []Resource, now time.Time) *loader {
	return &loader{
		builder:   newBuilder(Identity{Origin: FromManifests, TakenAt: now.UTC().Truncate(time.Second)}),
		want:      newRequest(resources),
		resources: resources,
		sinks:     map[sinkKey]*sink{}, extracts: map[string]*collector{},
		crds:    map[schema.GroupKind]APIResource{},
		patches: map[string]bool{}, files: map[string]int{},
	}
}

// file takes one file, whose name is relative to the root and has slashes. Its
// documents end up as objects, gaps or notes.
func (l *loader) file(name string, r io.Reader) {
	sum := sha256.New()
	for d := range documents(io.TeeReader(r, sum)) {
		l.document(d, position{name, d.line})
	}
	l.sums = append(l.sums, name+"\x00"+hex.EncodeToString(sum.Sum(nil)))
}

func (l *loader) note(at position, format string, args ...any) {
	l.snapshot.notes = append(l.snapshot.notes, Note{File: at.file, Line: at.line, Reason: fmt.Sprintf(format, args...)})
}

// bad reports a document that may be any object.
func (l *loader) bad(at position, format string, args ...any) {
	l.gap(Gap{Partial: true, File: at.file, Line: at.line, Reason: fmt.Sprintf(format, args...)})
}

func (l *loader) document(d document, at position) {
	switch {
	case d.err != nil:
		l.bad(at, "%v", d.err)
	case d.json[skipSpace(d.json, 0)] == '{':
		h := readHead(d.json)
		if d.given > 0 && !h.isList() {
			l.bad(at, "%s has items and is too large to be anything but a list", h.title())
			return
		}
		if d.list != nil {
			h.inherit(*d.list)
		}
		l.object(h, d.json, at, d.lines)
	case d.list != nil:
		l.bad(at, "holds an item that is no object but a %s", sortOf(d.json))
	case isJSONPatch(d.json):
		l.note(at, "is a JSON patch")
	case d.json[skipSpace(d.json, 0)] == '[':
		l.array(d.json, at)
	default:
		l.bad(at, "is no Kubernetes object but a %s", sortOf(d.json))
	}
}

// sortOf names the sort of a JSON value. What it is stays out of messages: it
// may be a secret.
func sortOf(value []byte) string {
	switch value[skipSpace(value, 0)] {
	case '{':
		return "object"
	case '[':
		return "list"
	case '"':
		return "text"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// inherit gives an item of a typed list, which may leave its kind out, that of
// the list.
func (h *head) inherit(list head) {
	h.item = true
	if h.kindText == nil && h.apiVersionText == nil && list.kind != "List" {
		h.kind, h.apiVersion = strings.TrimSuffix(list.kind, "List"), list.apiVersion
		h.kindText, h.apiVersionText = []byte(`"`), []byte(`"`)
	}
}

// array takes the objects of an array that stands alone.
func (l *loader) array(data []byte, at position) {
	found := false
	for line, e := range elements(data) {
		h := readHead(e)
		if h.apiVersionText == nil && h.kindText == nil {
			continue
		}
		found = true
		l.object(h, e, position{at.file, at.line + line}, nil)
	}
	if !found {
		l.note(at, "is no Kubernetes object (an array without objects that have apiVersion and kind)")
	}
}

var (
	kindPattern       = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	apiVersionPattern = regexp.MustCompile(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
)

func (l *loader) object(h head, data []byte, at position, lines []int) {
	if h.apiVersion == headerAPIVersion && h.kind == headerKind {
		l.readHeader(data, at)
		return
	}
	if why := h.foreign(at.file); why != "" {
		l.note(at, "%s", why)
		l.kustomization(h, data, at)
		return
	}
	if why := h.unfit(); why != "" {
		l.bad(at, "%s", why)
		return
	}
	if h.isList() {
		l.list(h, at, lines)
		return
	}
	l.files[at.file]++
	l.count++
	l.store(h, schema.FromAPIVersionAndKind(h.apiVersion, h.kind), data, at)
}

// unfit says why the document, which should be an object, is none.
func (h head) unfit() string {
	if why := h.untexts(); why != "" {
		return why
	}
	if p := h.placeholder(); p != "" {
		return fmt.Sprintf("holds the placeholder %q where a name must stand: render it first", p)
	}
	switch {
	case h.kind == "" && h.apiVersion == "" && h.keys["object"]:
		return "is an event of a watch: save the list of objects instead"
	case h.kind == "" && h.apiVersion == "":
		return "should be a Kubernetes object and has neither apiVersion nor kind"
	case h.kind == "":
		return fmt.Sprintf("has the apiVersion %q and no kind", h.apiVersion)
	case h.apiVersion == "":
		return fmt.Sprintf("has the kind %q and no apiVersion", h.kind)
	case !kindPattern.MatchString(h.kind):
		return fmt.Sprintf("has the kind %q, which is no name of a kind", h.kind)
	case !apiVersionPattern.MatchString(h.apiVersion):
		return fmt.Sprintf("has the apiVersion %q, which is no group and version", h.apiVersion)
	case h.isList():
		return ""
	case h.kind == "Status" && h.apiVersion == "v1":
		return "is an error message of an API server and no object"
	case h.name == "" && h.generateName == "":
		return fmt.Sprintf("%s %s has no metadata.name", h.apiVersion, h.kind)
	}
	return ""
}

// list takes the items of a list.
func (l *loader) list(h head, at position, lines []int) {
	if !isNull(h.items) && h.items[0] != '[' {
		l.bad(at, "%s %s has items that are no array", h.apiVersion, h.kind)
		return
	}
	i := 0
	for line, e := range elements(h.items) {
		where := position{at.file, at.line}
		if i < len(lines) {
			where.line = lines[i]
		} else if lines == nil {
			where.line += line
		}
		i++
		if e[0] != '{' {
			l.bad(where, "holds an item that is no object but a %s", sortOf(e))
			continue
		}
		item := readHead(e)
		item.inherit(h)
		l.object(item, e, where, nil)
	}
}

// kustomization notes which files are patches: they look like objects and are
// parts of some.
func (l *loader) kustomization(h head, data []byte, at position) {
	if !h.keys["patches"] && !h.keys["patchesStrategicMerge"] {
		return
	}
	var k struct {
		Patches   []struct{ Path string }
		Strategic []string `json:"patchesStrategicMerge"`
	}
	if json.Unmarshal(data, &k) != nil {
		return
	}
	for _, p := range k.Patches {
		k.Strategic = append(k.Strategic, p.Path)
	}
	for _, p := range k.Strategic {
		if p != "" && !strings.Contains(p, "\n") {
			l.patches[relativeTo(at.file, p)] = true
		}
	}
}

func (l *loader) finish(path string) (*Snapshot, error) {
	if l.count == 0 && len(l.snapshot.gaps) == 0 && l.header == nil {
		what := "holds no Kubernetes object (in files that end in .yaml, .yml or .json)"
		if n := len(l.snapshot.notes); n > 0 {
			what += fmt.Sprintf("; %d documents were passed over, the first one %s:%d because it %s", n,
				l.snapshot.notes[0].File, l.snapshot.notes[0].Line, l.snapshot.notes[0].Reason)
		}
		return nil, fmt.Errorf("%s %s", path, what)
	}
	l.settle()
	slices.Sort(l.sums)
	sum := sha256.Sum256([]byte(strings.Join(l.sums, "\n")))
	l.snapshot.Identity.Digest = "sha256:" + hex.EncodeToString(sum[:])
	for _, p := range partsOf(l.resources) {
		l.snapshot.read = append(l.snapshot.read, p.name)
	}
	if l.header != nil {
		l.applyHeader()
	} else {
		l.manifestGaps()
	}
	return l.builder.finish(), nil
}

// manifestGaps says of plain manifests that they hold nothing of what only a
// cluster has.
func (l *loader) manifestGaps() {
	const reason = "manifests were given and no cluster"
	for _, f := range []Resource{API, ServerVersion, UID} {
		l.gap(Gap{Resource: f.String(), Chosen: true, Reason: reason})
	}
	for name, spec := range l.want.kinds {
		if spec.state && len(l.snapshot.objects[name]) == 0 {
			l.gap(Gap{Resource: name, Chosen: true, Reason: reason})
		}
	}
}
