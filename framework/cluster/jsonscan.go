package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// jsonScan finds the end of a JSON value, and the items of a list on the way.
type jsonScan struct {
	depth         int
	quoted, slash bool
	stringAt      int    // where the last string of the outermost object begins
	key           string // last one of the outermost object, while its value comes
	// inItems: the text ends within the array of the items of a list, and whole
	// items are cut out of it.
	inItems  bool
	itemAt   int
	itemLine int
	list     *head
	given    int
	waiting  []document // items without a kind, until the list tells its own
}

// value takes a piece of JSON until the value is complete.
func (s *splitter) value(part []byte) {
	for i := 0; i < len(part); {
		if s.stopped {
			return
		}
		n, done := s.scan.step(s, part[i:])
		i += n
		if len(s.text) > maxDocument {
			s.bound()
			s.line += bytes.Count(part[i:], newline)
			return
		}
		if !done {
			continue
		}
		s.whole()
		if i < len(part) {
			s.feed(part[i:], false)
		}
		return
	}
}

// step takes at least one byte, and reports how many and whether the value is
// complete.
func (j *jsonScan) step(s *splitter, part []byte) (int, bool) {
	if j.quoted {
		return j.stringStep(s, part), false
	}
	b := part[0]
	if b == '\n' {
		s.line++
	}
	if j.inItems && j.depth == 2 && j.betweenItems(s, b) {
		return 1, false
	}
	s.text = append(s.text, b)
	switch b {
	case '"':
		j.quoted = true
		j.stringAt = len(s.text) - 1
	case ':':
		if j.depth == 1 {
			j.key = textOf(s.text[j.stringAt : len(s.text)-1])
		}
	case ',':
		if j.depth == 1 {
			j.key = ""
		}
	case '{', '[':
		j.depth++
		if b == '[' && j.depth == 2 && j.key == "items" {
			j.openItems(s)
		}
	case '}', ']':
		j.depth--
		if j.inItems && j.depth == 2 {
			j.item(s)
		}
		if j.depth == 1 {
			j.inItems = false
		}
		return 1, j.depth == 0
	}
	return 1, false
}

// stringStep takes what of a string is there.
func (j *jsonScan) stringStep(s *splitter, part []byte) int {
	if j.slash {
		j.slash = false
		s.text = append(s.text, part[0])
		return 1
	}
	n := bytes.IndexAny(part, "\"\\\n")
	if n < 0 {
		s.text = append(s.text, part...)
		return len(part)
	}
	s.text = append(s.text, part[:n+1]...)
	switch part[n] {
	case '\\':
		j.slash = true
	case '\n':
		s.line++
		j.quoted = false // no JSON; found out when it is parsed
	default:
		j.quoted = false
	}
	return n + 1
}

// openItems begins to cut out items, unless it is known that this is no list.
func (j *jsonScan) openItems(s *splitter) {
	j.list = nil
	if start := append(slices.Clone(s.text), "]}"...); json.Valid(start) {
		if h := readHead(start); h.kind != "" {
			if !strings.HasSuffix(h.kind, "List") {
				return
			}
			j.list = &h
		}
	}
	j.inItems = true
}

// betweenItems drops what separates items and notes where the next one begins.
func (j *jsonScan) betweenItems(s *splitter, b byte) bool {
	switch b {
	case ' ', '\t', '\r', '\n':
		return true
	case ',':
		return s.text[len(s.text)-1] == '['
	case '{':
		if s.text[len(s.text)-1] == '[' {
			j.itemAt, j.itemLine = len(s.text), s.line
			return false
		}
	case ']':
		return false
	}
	j.inItems = false // something that is no object: the rest is taken as it is
	return false
}

// item cuts out the item that text ends with.
func (j *jsonScan) item(s *splitter) {
	text := s.text[j.itemAt:]
	d := document{json: text, line: j.itemLine, list: j.list}
	switch {
	case !utf8.Valid(text):
		d = document{line: j.itemLine, err: errors.New("cannot be parsed: it is no UTF-8 text")}
	case !json.Valid(text):
		var v any
		d = document{line: j.itemLine, err: cannotParse(json.Unmarshal(text, &v), text)}
	}
	s.text = s.text[:j.itemAt]
	if d.err == nil && j.list == nil {
		if h := readHead(text); h.kind == "" && h.apiVersion == "" {
			d.json = slices.Clone(text)
			j.waiting = append(j.waiting, d)
			return
		}
	}
	j.given++
	s.give(d)
}

// release gives the items that waited for the list to tell its kind.
func (j *jsonScan) release(s *splitter, list []byte) {
	if len(j.waiting) == 0 {
		return
	}
	h := readHead(list)
	for _, d := range j.waiting {
		d.list = &h
		j.given++
		s.give(d)
	}
	j.waiting = nil
}
