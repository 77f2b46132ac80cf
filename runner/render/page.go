package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Colours of a terminal (ECMA-48 select graphic rendition).
const (
	bold   = "1"
	faint  = "2"
	red    = "1;31"
	green  = "1;32"
	yellow = "1;33"
	blue   = "1;34"
)

// page collects text of a limited width. The first error of a table stays.
type page struct {
	buf      bytes.Buffer
	width    int
	terminal bool
	err      error
}

func newPage(o Options) *page {
	p := &page{width: o.Width, terminal: o.Terminal}
	if p.width <= 0 {
		p.width = 80
	}
	return p
}

// writeTo hands over everything that was collected.
func (p *page) writeTo(w io.Writer) error {
	if p.err != nil {
		return p.err
	}
	_, err := p.buf.WriteTo(w)
	return err
}

// paint colours text, on a terminal.
func (p *page) paint(colour, s string) string {
	if !p.terminal || s == "" || colour == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// line writes one line that the caller knows to fit, coloured.
func (p *page) line(colour, s string) {
	fmt.Fprintln(&p.buf, p.paint(colour, truncate(s, p.width)))
}

func (p *page) blank() { fmt.Fprintln(&p.buf) }

// text writes a paragraph: the first line after lead, the others below it.
func (p *page) text(colour, lead, s string) {
	indent := strings.Repeat(" ", width(lead))
	for i, l := range wrap(s, p.width-width(lead)) {
		if i > 0 {
			lead = indent
		}
		fmt.Fprintln(&p.buf, p.paint(colour, truncate(lead+l, p.width)))
	}
}

// spread writes left and right at the two ends of a line, or on two lines when
// they do not fit on one.
func (p *page) spread(left, right string) {
	space := p.width - width(left) - width(right)
	if space < 2 {
		p.line(bold, left)
		p.line(faint, strings.Repeat(" ", max(0, p.width-width(right)))+right)
		return
	}
	fmt.Fprintln(&p.buf, p.paint(bold, left)+strings.Repeat(" ", space)+p.paint(faint, right))
}

// A grid is a small table. Cells may hold several lines and colours.
type grid struct {
	header []string
	align  []tw.Align
	rows   [][]string
}

// boxed writes the grid with lines around it on a terminal, and without when
// they do not fit.
func (p *page) boxed(g grid) {
	if p.terminal {
		if out := p.render(g, frame()); fits(out, p.width) {
			p.buf.WriteString(out)
			return
		}
	}
	p.open(g)
}

// open writes the grid without lines.
func (p *page) open(g grid) {
	for line := range strings.Lines(p.render(g, bare())) {
		line = strings.TrimRight(line, " \n")
		if !fits(line, p.width) {
			line = truncate(ansi.ReplaceAllString(line, ""), p.width)
		}
		fmt.Fprintln(&p.buf, line)
	}
}

func fits(s string, columns int) bool {
	for line := range strings.Lines(s) {
		if width(ansi.ReplaceAllString(strings.TrimSuffix(line, "\n"), "")) > columns {
			return false
		}
	}
	return true
}

func frame() tw.Rendition {
	return tw.Rendition{
		Symbols:  tw.NewSymbols(tw.StyleRounded),
		Settings: tw.Settings{Separators: tw.Separators{BetweenRows: tw.Off}},
	}
}

func bare() tw.Rendition {
	return tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleNone),
		Settings: tw.Settings{
			Separators: tw.SeparatorsNone,
			Lines:      tw.LinesNone,
		},
	}
}

func (p *page) render(g grid, style tw.Rendition) string {
	var out bytes.Buffer
	pad := tw.CellPadding{Global: tw.Padding{Left: " ", Right: " ", Overwrite: true}}
	if style.Borders == tw.BorderNone {
		pad.Global.Left, pad.Global.Right = "", "  "
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Padding:    pad,
		Alignment:  tw.CellAlignment{PerColumn: g.align},
	}
	head := cell
	if g.align == nil {
		head.Alignment.Global = tw.AlignLeft
	}
	t := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewBlueprint(style)),
		tablewriter.WithConfig(tablewriter.Config{Header: head, Row: cell}),
		tablewriter.WithTrimSpace(tw.Off), tablewriter.WithTrimLine(tw.Off),
		tablewriter.WithEastAsian(tw.Off))
	if g.header != nil {
		t.Header(g.header)
	}
	if err := t.Bulk(g.rows); err != nil {
		p.err = fmt.Errorf("lay out table: %w", err)
	} else if err := t.Render(); err != nil {
		p.err = fmt.Errorf("lay out table: %w", err)
	}
	return out.String()
}
