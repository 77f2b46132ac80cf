package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"
)

// jsonScan finds the end of a JSON value, and the items of a list on the way.
type jsonScan struct {
	depth         int
	quoted, slash bool
	stringAt      int    // where the last string of the outermost object begins
	key           string // last one of the outermost object, while its value comes
	// inItems: the text ends within the array of the items of a list, or within
	// an item when open is set; whole items are cut out of it.
	inItems, open bool
	itemAt        int
	itemLine      int
	list          *head
	given         int
	waiting       []document // items without a kind, until the list tells its own
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
			s.begin = false
			s.feed(part[i:])
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
	if j.inItems && j.depth == 2 && j.boundary(s, b) {
		return 1, false
	}
	s.text = append(s.text, b)
	switch b {
	case '"':
		j.quoted = true
		j.stringAt = len(s.text) - 1
	case ':':
		if j.depth == 1 {
			j.key = textOf(bytes.TrimRight(s.text[j.stringAt:len(s.text)-1], " \t\r\n"))
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
		if j.depth == 1 {
			j.inItems = false
		}
		return 1, j.depth <= 0
	}
	return 1, false
}

// stringStep takes what of a string is there.
func (j *jsonScan) stringStep(s *splitter, part []byte) int {
	if j.slash && part[0] != '\n' {
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
		j.quoted, j.slash = false, false // no JSON; found out when it is parsed
	default:
		j.quoted = false
	}
	return n + 1
}

// openItems begins to cut out items, unless it is known that this is no list.
func (j *jsonScan) openItems(s *splitter) {
	j.list, j.inItems, j.itemAt = nil, true, len(s.text)
	start := append(slices.Clone(s.text), "]}"...)
	if !json.Valid(start) {
		j.inItems = false
		return
	}
	switch h := readHead(start); {
	case h.kind == "", h.kind != "List" && h.isList() && h.metadata == nil:
		// it is not yet known
	case h.isList():
		j.list = &h
	default:
		j.inItems = false
	}
}

// boundary ends an item, and reports whether the byte is one that stands
// between two of them.
func (j *jsonScan) boundary(s *splitter, b byte) bool {
	if b == ' ' || b == '\t' || b == '\r' || b == '\n' {
		return true
	}
	if b == ',' || b == ']' {
		if j.open {
			j.item(s)
		}
		j.open = false
		return b == ','
	}
	if !j.open {
		j.open, j.itemLine = true, s.line
	}
	return false
}

// giveUp gives the items that waited when the list has no end.
func (j *jsonScan) giveUp(s *splitter, text []byte) {
	if len(j.waiting) == 0 {
		return
	}
	h := readHead(append(slices.Clone(text[:j.itemAt]), "]}"...))
	if !h.isList() {
		return
	}
	for _, d := range j.waiting {
		d.list = &h
		s.give(d)
	}
}

// brokenLine is the line of the item that was being read, or else the one that
// is given.
func (j *jsonScan) brokenLine(first int) int {
	if j.inItems && j.open {
		return j.itemLine
	}
	return first
}

// item cuts out the item that text ends with.
func (j *jsonScan) item(s *splitter) {
	text := s.text[j.itemAt:]
	s.text = s.text[:j.itemAt]
	d := document{json: text, line: j.itemLine, list: j.list}
	switch {
	case !utf8.Valid(text):
		d = document{line: j.itemLine, err: errors.New("cannot be parsed: it is no UTF-8 text")}
	case !json.Valid(text):
		var v any
		d = document{line: j.itemLine, err: cannotParse(json.Unmarshal(text, &v), text)}
	case j.list == nil:
		if h := readHead(text); h.kind == "" || h.apiVersion == "" {
			d.json = slices.Clone(text)
			j.waiting = append(j.waiting, d)
			return
		}
	}
	j.given++
	s.give(d)
}

// release gives the items that waited for the list to tell its kind. It puts
// them back when this is no list.
func (j *jsonScan) release(s *splitter, list []byte) []byte {
	if len(j.waiting) == 0 {
		return list
	}
	h := readHead(list)
	if !h.isList() && j.given == 0 {
		var items [][]byte
		for _, d := range j.waiting {
			items = append(items, d.json)
		}
		return slices.Insert(slices.Clone(list), j.itemAt, bytes.Join(items, []byte(","))...)
	}
	for _, d := range j.waiting {
		d.list = &h
		j.given++
		s.give(d)
	}
	return list
}
