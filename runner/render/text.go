package render

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Clean makes text that came from a cluster fit to be shown: newlines and tabs
// become spaces, and everything else that does not print (control characters,
// ANSI escapes, bidirectional overrides, invalid UTF-8) becomes a visible
// escape such as \x1b. The result is valid UTF-8 and valid in XML.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

func isClean(s string) bool {
	for i, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

// width is the number of columns, whatever the locale.
func width(s string) int { return displaywidth.String(s) }

// truncate shortens the text to so many columns.
func truncate(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	tail := "..."
	if columns < 2*len(tail) {
		tail = ""
	}
	return displaywidth.TruncateString(s, columns, tail)
}

// wrap breaks the text at spaces into lines of at most so many columns, and
// words that are longer than that anywhere.
func wrap(s string, columns int) []string {
	columns = max(columns, 2)
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for {
			joined := strings.TrimPrefix(line+" "+word, " ")
			if width(joined) <= columns {
				line = joined
				break
			}
			if line != "" {
				lines, line = append(lines, line), ""
				continue
			}
			head := displaywidth.TruncateString(word, columns, "")
			if head == "" || head == word {
				line = word
				break
			}
			lines, word = append(lines, head), word[len(head):]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// count is "1 object" or "3 objects".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
