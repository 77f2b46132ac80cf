package runner

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows what is being read, one line per cluster, on a terminal. It
// rewrites its lines and leaves nothing behind.
type progress struct {
	mu    sync.Mutex
	out   io.Writer // nil shows nothing
	width int
	lines []*progressLine
	drawn int
	last  time.Time
}

type progressLine struct {
	name     string
	resource string
	objects  map[string]int // by resource
}

// redraw is how often the lines are written at most.
const redraw = 100 * time.Millisecond

func newProgress(s Streams) *progress {
	if s.ErrWidth == 0 {
		return &progress{}
	}
	return &progress{out: s.Err, width: s.ErrWidth}
}

// of is the function that a reader tells its progress to: a resource and how
// many objects of it were read so far. It may be called concurrently.
func (p *progress) of(name string) func(resource string, objects int) {
	line := &progressLine{name: name, objects: map[string]int{}}
	p.mu.Lock()
	p.lines = append(p.lines, line)
	p.mu.Unlock()
	return func(resource string, objects int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		line.resource = resource
		line.objects[resource] = objects
		if p.out == nil || time.Since(p.last) < redraw {
			return
		}
		p.last = time.Now()
		p.erase()
		for _, l := range p.lines {
			text := l.String()
			fmt.Fprintln(p.out, text[:min(len(text), p.width-1)])
		}
		p.drawn = len(p.lines)
	}
}

// done erases the lines.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		p.erase()
	}
}

// erase goes up to the first line and clears from there (ECMA-48 CPL and ED).
func (p *progress) erase() {
	if p.drawn > 0 {
		fmt.Fprint(p.out, strings.Repeat("\x1b[F", p.drawn)+"\x1b[J")
		p.drawn = 0
	}
}

// String is the line as it is shown.
func (l *progressLine) String() string {
	sum := 0
	for _, n := range l.objects {
		sum += n
	}
	return fmt.Sprintf("reading %s: %d objects, %s", l.name, sum, l.resource)
}
