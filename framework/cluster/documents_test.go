package cluster

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// repeat is a stream that is never in memory as a whole.
func repeat(before, part, after string, times int) io.Reader {
	return io.MultiReader(strings.NewReader(before), &repeater{part: part, left: times}, strings.NewReader(after))
}

type repeater struct {
	part string
	rest string
	left int
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.part
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Lists of a hundred times what may be in memory.
func TestLargeListsAreStreamed(t *testing.T) {
	pad := strings.Repeat("x", 10_000)
	item := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"pad":"` + pad + `"}`
	const times = 10_000
	for name, in := range map[string]io.Reader{
		"list in one line":     repeat(`{"apiVersion":"v1","items":[`, item+",", item+`],"kind":"List"}`, times-1),
		"list, kind first":     repeat(`{"kind":"PodList","apiVersion":"v1","items":[`, item+",\n", item+`]}`, times-1),
		"objects in lines":     repeat("", item+"\n", "", times),
		"objects without line": repeat("", item, "", times),
		"documents":            repeat("", "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n# "+pad+"\n", "", times),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			n, most := 0, uint64(0)
			for d := range documents(in) {
				if d.err != nil {
					t.Fatal(d.err)
				}
				if readHead(d.json).kind == "Pod" {
					n++
				}
				if n%2000 == 1 {
					runtime.ReadMemStats(&after)
					most = max(most, after.HeapAlloc)
				}
			}
			if n != times {
				t.Errorf("%d objects, want %d", n, times)
			}
			if grown := int64(most) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
		})
	}
}

func TestDocumentsThatAreTooLarge(t *testing.T) {
	line := strings.Repeat("x", 1<<20-1) + "\n"
	const want = "has a document of more than 32 MiB: split it, or leave it out"
	for name, begin := range map[string]string{"yaml": "a: |\n  ", "json": `{"a":"`, "object": `{"apiVersion":"v1","items":{"a":[`, "broken": "{ a: "} {
		var got []string
		for d := range documents(repeat(begin, line, "\n---\n"+mapA, 40)) {
			if d.err != nil {
				got = append(got, fmt.Sprintf("%d: %v", d.line, d.err))
			} else {
				got = append(got, fmt.Sprintf("%d: %s", d.line, readHead(d.json).kind))
			}
		}
		first := 1
		if len(got) != 2 || got[0] != fmt.Sprintf("%d: %s", first, want) || !strings.HasSuffix(got[1], ": ConfigMap") {
			t.Errorf("%s: %.300q", name, got)
		}
	}
}

// What takes exponential or quadratic time elsewhere.
func TestDocumentsMadeToDoHarm(t *testing.T) {
	laughs := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for name, text := range map[string]string{
		"aliases":        laughs,
		"open objects":   strings.Repeat("{\"a\"\n", 200_000),
		"open brackets":  strings.Repeat("[", 200_000),
		"open maps":      strings.Repeat("{\"a\":", 200_000),
		"broken objects": strings.Repeat("{\"a\":}\n", 200_000),
		"dashes":         strings.Repeat("- ", 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			n, bad := 0, 0
			for d := range documents(bytes.NewReader([]byte(text + "\n---\n" + mapA))) {
				if d.err != nil {
					bad++
				} else if readHead(d.json).kind == "ConfigMap" {
					n++
				}
			}
			if n != 1 || bad == 0 && name != "broken objects" && name != "dashes" {
				t.Errorf("%d objects and %d errors", n, bad)
			}
		})
	}
}
