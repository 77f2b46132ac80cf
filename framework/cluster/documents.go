package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"unicode/utf8"
)

// maxDocument is the largest single document that is read, in bytes. The items
// of a JSON list count on their own. An object in etcd has 1.5 MiB at most
// (etcd documentation, "Request size limit"), so nothing that a cluster holds
// comes near; a file that does is a log or a data set.
const maxDocument = 32 << 20

// maxResyncs is how often a file is taken up again behind text that is neither
// JSON nor YAML; what is left after that is one gap.
const maxResyncs = 100

// document is one document of a file, as JSON, or why it is none. The JSON is
// valid until the next document is asked for.
type document struct {
	json []byte
	line int // of its first line, from 1
	err  error
	// list is what the list says of itself that the document is an item of.
	list *head
	// lines are those of the items, when json is a list of another form.
	lines []int
	// given is the number of items of this list that came as documents before.
	given int
}

// documents splits a stream into its documents: YAML and JSON, as kubectl does
// whatever the file is called, and parses each one on its own. The items of
// large lists come one by one, so that memory does not grow with the file.
func documents(r io.Reader) iter.Seq[document] {
	return func(yield func(document) bool) {
		s := &splitter{yield: yield, line: 1, begin: true}
		in := bufio.NewReaderSize(r, 64<<10)
		if name := otherEncoding(in); name != "" {
			s.give(document{line: 1, err: fmt.Errorf("is %s text: save it as UTF-8", name)})
			return
		}
		for !s.stopped {
			part, err := in.ReadSlice('\n')
			if len(part) > 0 {
				s.feed(part)
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				s.flush()
				if !errors.Is(err, io.EOF) {
					s.give(document{line: s.line, err: fmt.Errorf("cannot be read to its end: %w", err)})
				}
				return
			}
		}
	}
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// otherEncoding names the encoding of a stream that its first bytes show not
// to be UTF-8.
func otherEncoding(in *bufio.Reader) string {
	start, _ := in.Peek(4)
	for _, e := range []struct{ mark, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(start, []byte(e.mark)) {
			return e.name
		}
	}
	return ""
}

type mode int

const (
	between  mode = iota // before the content of a document
	yamlText             // until the next separator
	flowText             // began like JSON and is none: until a separator or the next beginning of JSON
	jsonText             // until the value is complete
	tooLarge             // skipped until the next separator
)

// splitter cuts a stream of lines, or pieces of long lines, into documents.
type splitter struct {
	yield   func(document) bool
	stopped bool
	mode    mode
	line    int  // that comes next
	begin   bool // what comes next begins a line
	text    []byte
	first   int // line on which text begins
	resyncs int
	scan    jsonScan
}

func (s *splitter) give(d document) {
	if !s.stopped {
		s.stopped = !s.yield(d)
	}
}

var jsonBeginning = regexp.MustCompile(`^(\{\s*("|\}|$)|\[\s*(\{|\]|$))`)

// feed takes a line, or a piece of one.
func (s *splitter) feed(part []byte) {
	begin := s.begin
	s.begin = part[len(part)-1] == '\n'
	if begin && s.mode == between {
		part = bytes.TrimPrefix(part, byteOrderMark)
	}
	switch {
	case begin && isMark(part, "---"):
		s.separator(part)
	case begin && isMark(part, "..."):
		s.flush()
		s.line++
	case s.mode == jsonText:
		s.value(part)
	case s.mode == flowText && begin && jsonBeginning.Match(bytes.TrimRight(part, "\r\n")):
		s.flush()
		s.start(part)
	case s.mode == between:
		s.start(part)
	default:
		s.keep(part)
	}
}

// isMark reports whether the line is the given document marker of YAML.
func isMark(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r')
}

// separator begins a new document, which may begin on the separator's line.
func (s *splitter) separator(line []byte) {
	s.flush()
	rest := bytes.TrimSpace(line[3:])
	if len(rest) > 0 && rest[0] != '#' {
		s.mode, s.first = yamlText, s.line
		s.keep(line)
		return
	}
	s.line++
}

// start takes text before a document or the first of it. Directives of YAML
// are dropped: the version of YAML changes nothing here, and a tag that one
// would define is no tag that a Kubernetes object has.
func (s *splitter) start(part []byte) {
	rest := bytes.TrimLeft(part, " \t\r\n")
	if len(rest) == 0 || rest[0] == '#' || rest[0] == '%' && len(rest) == len(part) {
		s.line += bytes.Count(part, newline)
		return
	}
	s.first = s.line
	if rest[0] == '{' || rest[0] == '[' {
		s.mode, s.scan = jsonText, jsonScan{}
		s.value(rest)
		return
	}
	s.mode = yamlText
	s.keep(part)
}

func (s *splitter) keep(part []byte) {
	s.line += bytes.Count(part, newline)
	if s.mode == tooLarge {
		return
	}
	s.text = append(s.text, part...)
	s.bound()
}

// bound gives a document up that is too large.
func (s *splitter) bound() {
	if len(s.text) <= maxDocument {
		return
	}
	s.give(document{line: s.first, err: fmt.Errorf("has a document of more than %d MiB: split it, or leave it out", maxDocument>>20)})
	s.text, s.mode = nil, tooLarge
}

// flush ends the document that is being read.
func (s *splitter) flush() {
	text, first, mode := s.text, s.first, s.mode
	s.text, s.mode = nil, between
	switch mode {
	case yamlText, flowText:
		for d := range yamlDocuments(text, first) {
			s.give(d)
		}
	case jsonText:
		s.broken(text, first)
	}
	if len(text) < 1<<20 && s.text == nil {
		s.text = text[:0]
	}
}

// broken takes up again behind a JSON value that never ends.
func (s *splitter) broken(text []byte, first int) {
	s.scan.giveUp(s, text)
	rest := nextBeginning(text)
	for d := range yamlDocuments(text[:rest], first) {
		if d.err != nil && jsonBeginning.Match(text[:rest]) {
			d = document{line: s.scan.brokenLine(first), err: cannotParse(errors.New("the JSON value that begins here has no end"), text[:rest])}
		}
		s.give(d)
	}
	if rest == len(text) {
		return
	}
	line := first + bytes.Count(text[:rest], newline)
	text = slices.Clone(text[rest:])
	if s.resyncs++; s.resyncs > maxResyncs {
		s.give(document{line: line, err: errors.New("cannot be parsed: too much of it is neither JSON nor YAML")})
		return
	}
	after := s.line
	s.line = line
	for l := range bytes.Lines(text) {
		s.begin = true
		s.feed(l)
	}
	s.flush()
	s.line = after
}

// nextBeginning is where the next line begins that could begin a JSON value.
func nextBeginning(text []byte) int {
	at := 0
	for l := range bytes.Lines(text) {
		if at > 0 && jsonBeginning.Match(bytes.TrimRight(l, "\r\n")) {
			return at
		}
		at += len(l)
	}
	return at
}

// whole gives the JSON value that text holds, or goes on as YAML when it is none.
func (s *splitter) whole() {
	text := s.text
	if !utf8.Valid(text) {
		s.give(document{line: s.first, err: errors.New("cannot be parsed: it is no UTF-8 text")})
	} else if !json.Valid(text) {
		s.mode = flowText
		return
	} else {
		text = s.scan.release(s, text)
		s.give(document{json: text, line: s.first, given: s.scan.given})
	}
	s.text, s.mode = text[:0], between
}
