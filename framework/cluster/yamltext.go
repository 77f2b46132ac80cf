package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	yamlv2 "go.yaml.in/yaml/v2"
	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// yamlDocuments parses the text of one YAML document, which begins on the
// given line. It yields more than one when the document is a list, or when
// something is wrong with it.
func yamlDocuments(text []byte, first int) iter.Seq[document] {
	return func(yield func(document) bool) {
		if len(bytes.TrimSpace(text)) == 0 {
			return
		}
		if strangeLineEnd.Match(text) {
			yield(document{line: first, err: errors.New("separates documents with line ends that are neither LF nor CRLF: save it with LF")})
			return
		}
		if l, ok := splitList(text, first); ok && l.yield(text, first, yield) {
			return
		}
		for _, d := range parseYAML(text, first) {
			if !yield(d) {
				return
			}
		}
	}
}

// strangeLineEnd finds a document marker behind a line end of YAML that does
// not end a line elsewhere.
var strangeLineEnd = regexp.MustCompile("(\r|\u0085|\u2028|\u2029)(---|\\.\\.\\.)")

// parseYAML is the document as JSON, followed by what is wrong with it; one
// that cannot be parsed is only the latter.
func parseYAML(text []byte, first int) []document {
	var out []document
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil && strings.Contains(err.Error(), "already set in map") {
		if d, ok := duplicateKey(text, first); ok {
			out = append(out, d)
		}
		data, err = yaml.YAMLToJSON(text)
	}
	if err != nil {
		return append(out, yamlError(err, text, first))
	}
	if d, ok := trailing(text, first); ok {
		out = append(out, d)
	}
	if string(data) != "null" {
		out = append(out, document{json: data, line: first + preamble(text)})
	}
	return out
}

// preamble is the number of lines before the content of a document.
func preamble(text []byte) int {
	n := 0
	for l := range bytes.Lines(text) {
		l = bytes.TrimSpace(l)
		if len(l) > 0 && l[0] != '#' && l[0] != '%' && !bytes.Equal(l, []byte("---")) {
			return n
		}
		n++
	}
	return 0
}

// duplicateKey finds a key that stands twice in one object. The YAML package's
// own test also takes a key for one that overrides a merged one.
func duplicateKey(text []byte, first int) (document, bool) {
	var root yamlv3.Node
	if err := yamlv3.Unmarshal(text, &root); err != nil {
		return yamlError(err, text, first), true
	}
	key := repeated(&root)
	if key == nil {
		return document{}, false
	}
	err := fmt.Errorf("the key %q stands twice in one object: remove one (for kubectl the last one counts)", key.Value)
	return document{line: first + key.Line - 1, err: err}, true
}

func repeated(n *yamlv3.Node) *yamlv3.Node {
	if n.Kind == yamlv3.MappingNode {
		seen := map[string]bool{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind == yamlv3.ScalarNode && seen[key.Value] {
				return key
			}
			seen[key.Value] = true
		}
	}
	for _, child := range n.Content {
		if found := repeated(child); found != nil {
			return found
		}
	}
	return nil
}

// trailing finds text behind the end of the document, which the YAML package
// passes over. Only a document that does not begin as a block at the left
// margin can end before its text does.
func trailing(text []byte, first int) (document, bool) {
	if !mayEnd(text) {
		return document{}, false
	}
	dec := yamlv2.NewDecoder(bytes.NewReader(text))
	var v any
	if err := dec.Decode(&v); err != nil {
		return document{}, false
	}
	err := dec.Decode(&v)
	if errors.Is(err, io.EOF) {
		return document{}, false
	}
	if err == nil {
		err = errors.New("text follows the end of the document")
	}
	return yamlError(err, text, first), true
}

func mayEnd(text []byte) bool {
	content := bytes.TrimLeft(text, " ")
	if len(content) == 0 {
		return false
	}
	if bytes.ContainsAny(content[:1], "{[\"'&*!|>%\t") || bytes.HasPrefix(text, []byte("---")) {
		return true
	}
	margin := text[:len(text)-len(content)]
	for l := range bytes.Lines(text) {
		if len(bytes.TrimSpace(l)) > 0 && !bytes.HasPrefix(l, margin) {
			return true
		}
	}
	return false
}

var yamlLine = regexp.MustCompile(`^(?:error converting YAML to JSON: )?yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?`)

// yamlError turns an error of the YAML package into a document; its lines
// count from the beginning of the text. The package counts from one where its
// scanner is at fault and from zero where its parser is.
func yamlError(err error, text []byte, first int) document {
	message, line := err.Error(), first
	m := yamlLine.FindStringSubmatch(message)
	if m != nil {
		message, _, _ = strings.Cut(message[len(m[0]):], "\n")
	}
	if m != nil && m[1] != "" {
		n, _ := strconv.Atoi(m[1])
		line += n
		if !parserFault.MatchString(message) {
			line--
		}
	} else if at := bytes.Index(text, []byte("{{")); at >= 0 {
		line += bytes.Count(text[:at], newline)
	}
	if strings.HasPrefix(message, "invalid map key") {
		message = "invalid map key" // the key itself may be secret
	}
	return document{line: line, err: cannotParse(errors.New(message), text)}
}

var parserFault = regexp.MustCompile("^(did not find expected|found undefined tag handle|found duplicate %|found incompatible)")

// cannotParse adds to a parser's error what a person can do about it.
func cannotParse(err error, text []byte) error {
	switch {
	case bytes.Contains(text, []byte("{{")):
		return fmt.Errorf("cannot be parsed: %w; it looks like a Helm template: render it first (helm template)", err)
	case strings.Contains(err.Error(), "found character that cannot start any token") && bytes.Contains(text, []byte("\t")):
		return fmt.Errorf("cannot be parsed: %w; YAML is indented with spaces, not tabs", err)
	}
	return fmt.Errorf("cannot be parsed: %w", err)
}

// A listText is a YAML list cut into the text of its items.
type listText struct {
	head  []byte
	items []itemText
}

type itemText struct {
	text []byte
	line int
}

var itemsKey = regexp.MustCompile(`^items:\s*(#.*)?$`)

// splitList cuts a list in block style, as kubectl writes it, into its items,
// so that each keeps its line and a broken one does not take the rest with it.
func splitList(text []byte, first int) (listText, bool) {
	var l listText
	margin := len(text) - len(bytes.TrimLeft(text, " "))
	line, indent, in := first-1, -1, false
	for t := range bytes.Lines(text) {
		line++
		content := bytes.TrimLeft(t, " ")
		at := len(t) - len(content)
		content = bytes.TrimRight(content, " \t\r\n")
		blank := len(content) == 0 || content[0] == '#'
		switch {
		case !in && at == margin && itemsKey.Match(content):
			if indent >= 0 {
				return l, false
			}
			in = true
		case !in:
			l.head = append(l.head, t...)
		case blank && indent < 0:
		case blank || indent >= 0 && at > indent:
			last := &l.items[len(l.items)-1]
			last.text = append(last.text, t...)
		case (indent < 0 && at >= margin || at == indent) && isDash(content):
			indent = at
			item := append(bytes.Repeat([]byte(" "), at+1), t[at+1:]...)
			l.items = append(l.items, itemText{item, line})
		case at == margin:
			in = false
			l.head = append(l.head, t...)
		default:
			return l, false
		}
	}
	return l, len(l.items) > 0
}

func isDash(content []byte) bool {
	return content[0] == '-' && (len(content) == 1 || content[1] == ' ' || content[1] == '\t')
}

// yield gives the items of the list; it gives none and returns false when the
// text is better parsed as one.
func (l listText) yield(text []byte, first int, yield func(document) bool) bool {
	docs := parseYAML(l.head, first)
	if len(docs) != 1 || docs[0].err != nil || docs[0].json[0] != '{' {
		return false
	}
	h := readHead(docs[0].json)
	if h.keys["items"] = true; !h.isList() || h.apiVersion == "" {
		return false
	}
	parsed := make([][]document, len(l.items))
	for i, item := range l.items {
		parsed[i] = l.item(item, &h)
	}
	if l.needsWhole(parsed) {
		if whole := parseYAML(text, first); len(whole) == 1 && whole[0].err == nil {
			for _, item := range l.items {
				whole[0].lines = append(whole[0].lines, item.line)
			}
			yield(whole[0])
			return true
		}
	}
	for _, docs := range parsed {
		for _, d := range docs {
			if !yield(d) {
				return true
			}
		}
	}
	return true
}

func (l listText) item(item itemText, h *head) []document {
	var out []document
	for d := range yamlDocuments(item.text, item.line) {
		if d.list == nil {
			d.list = h
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		out = append(out, document{json: []byte("null"), line: item.line, list: h})
	}
	return out
}

// needsWhole reports whether an item cannot be parsed alone, for example
// because it has an alias of an anchor in another one.
func (l listText) needsWhole(parsed [][]document) bool {
	for _, docs := range parsed {
		for _, d := range docs {
			if d.err != nil {
				return true
			}
		}
	}
	return false
}
