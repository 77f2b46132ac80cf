package cluster

import (
	"bytes"
	"encoding/json"
	"iter"
)

// members yields the keys of a JSON object and their values as text, in the
// order in which they stand. The text must be valid JSON.
func members(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		i := skipSpace(object, 0)
		if i >= len(object) || object[i] != '{' {
			return
		}
		for i++; ; i++ {
			i = skipSpace(object, i)
			if i >= len(object) || object[i] != '"' {
				return
			}
			end := endOfValue(object, i)
			key := textOf(object[i:end])
			i = skipSpace(object, end)
			if i >= len(object) || object[i] != ':' {
				return
			}
			i = skipSpace(object, i+1)
			end = endOfValue(object, i)
			if !yield(key, object[i:end]) {
				return
			}
			i = skipSpace(object, end)
			if i >= len(object) || object[i] != ',' {
				return
			}
		}
	}
}

// elements yields the elements of a JSON array as text, with the number of
// lines between the beginning of the array and that of the element.
func elements(array []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		i := skipSpace(array, 0)
		if i >= len(array) || array[i] != '[' {
			return
		}
		line := 0
		for i++; ; i++ {
			start := i
			i = skipSpace(array, i)
			line += bytes.Count(array[start:i], newline)
			if i >= len(array) || array[i] == ']' {
				return
			}
			end := endOfValue(array, i)
			if end == i || !yield(line, array[i:end]) {
				return
			}
			line += bytes.Count(array[i:end], newline)
			start = end
			i = skipSpace(array, end)
			line += bytes.Count(array[start:i], newline)
			if i >= len(array) || array[i] != ',' {
				return
			}
		}
	}
}

var newline = []byte("\n")

// textOf is the value of a JSON string, and empty for anything else.
func textOf(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// endOfValue is the index behind the JSON value that begins at i.
func endOfValue(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return min(i+1, len(text))
		}
	}
	return len(text)
}

// endOfString is the index behind the JSON string that begins at i.
func endOfString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
