package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// document is one document of a file, as JSON, or why it is none.
type document struct {
	json []byte
	line int // of its first line, from 1
	err  error
}

// documents splits a file and parses each part on its own.
func documents(name string, data []byte) iter.Seq[document] {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if strings.EqualFold(path.Ext(name), ".json") {
		return jsonDocuments(data)
	}
	return yamlDocuments(data)
}

func jsonDocuments(data []byte) iter.Seq[document] {
	return func(yield func(document) bool) {
		dec := json.NewDecoder(bytes.NewReader(data))
		line, seen := 1, 0
		for {
			var raw json.RawMessage
			err := dec.Decode(&raw)
			if err != nil {
				if rest := bytes.TrimSpace(data[seen:]); len(rest) > 0 {
					start := seen + bytes.Index(data[seen:], rest[:1])
					yield(document{line: line + bytes.Count(data[seen:start], []byte("\n")), err: fmt.Errorf("cannot be parsed: %w", err)})
				}
				return
			}
			end := int(dec.InputOffset())
			start := end - len(raw)
			line += bytes.Count(data[seen:start], []byte("\n"))
			if !yield(document{json: raw, line: line}) {
				return
			}
			line += bytes.Count(raw, []byte("\n"))
			seen = end
		}
	}
}

func yamlDocuments(data []byte) iter.Seq[document] {
	return func(yield func(document) bool) {
		start := 1
		var doc []byte
		line := 0
		flush := func() bool {
			d := parseYAML(doc, start)
			return d.json == nil && d.err == nil || yield(d)
		}
		for l := range bytes.Lines(data) {
			line++
			if isSeparator(l) {
				if !flush() {
					return
				}
				doc, start = nil, line+1
				continue
			}
			doc = append(doc, l...)
		}
		flush()
	}
}

// isSeparator reports whether the line begins a new document.
func isSeparator(l []byte) bool {
	rest, ok := bytes.CutPrefix(l, []byte("---"))
	rest = bytes.TrimSpace(rest)
	return ok && (len(rest) == 0 || rest[0] == '#')
}

var yamlLine = regexp.MustCompile(`^(?:error converting YAML to JSON: )?yaml: (?:line (\d+): )?`)

// parseYAML is the document as JSON; it has neither JSON nor error when the
// text holds nothing but comments.
func parseYAML(text []byte, start int) document {
	first := start
	for l := range bytes.Lines(text) {
		if t := bytes.TrimSpace(l); len(t) > 0 && t[0] != '#' {
			break
		}
		first++
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return document{}
	}
	out, err := yaml.YAMLToJSON(text)
	if err != nil {
		message := err.Error()
		at := first
		if m := yamlLine.FindStringSubmatch(message); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				at = start + n - 1
			}
			message = message[len(m[0]):]
		}
		return document{line: at, err: fmt.Errorf("cannot be parsed: %s", message)}
	}
	if string(out) == "null" {
		return document{}
	}
	return document{json: out, line: first}
}
