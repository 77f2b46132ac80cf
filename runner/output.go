package runner

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/runner/render"
)

type renderer func(io.Writer, *framework.Report, render.Options) error

// formatNames are the names of the formats, the default first.
var formatNames = []string{"table", "json", "junit"}

func rendererOf(format string) renderer {
	switch format {
	case "table":
		return render.Table
	case "json":
		return render.JSON
	case "junit":
		return render.JUnit
	}
	return nil
}

// output is one format and where it goes.
type output struct {
	format string
	path   string // empty for stdout
}

// outputs reads the values of -o: FORMAT for stdout, or FORMAT=FILE. The table
// goes to stdout unless another format does.
func outputs(values []string) ([]output, error) {
	var out []output
	paths := map[string]string{}
	for _, v := range values {
		format, path, file := strings.Cut(v, "=")
		if rendererOf(format) == nil {
			return nil, fmt.Errorf("-o %s: %q is no format, did you mean %q?", v, format, nearest(format, formatNames))
		}
		if file && path == "" {
			return nil, fmt.Errorf("-o %s: the file name is empty", v)
		}
		if path == "-" {
			path = ""
		}
		if other, ok := paths[path]; ok {
			where := path
			if where == "" {
				where = "stdout"
			}
			return nil, fmt.Errorf("-o %s: %s goes to %s already; write one of them to a file of its own (-o %s=FILE)", v, other, where, format)
		}
		paths[path] = format
		out = append(out, output{format, path})
	}
	if _, ok := paths[""]; !ok {
		out = append(out, output{format: formatNames[0]})
	}
	return out, nil
}

// write writes the report to every output, the files first, so that whoever
// sees the report on stdout has them.
func (p *program) write(r *framework.Report, outs []output, o render.Options) error {
	for _, out := range outs {
		if out.path == "" {
			continue
		}
		err := writeFile(out.path, func(w io.Writer) error { return rendererOf(out.format)(w, r, o) })
		if err != nil {
			return fmt.Errorf("write %s: %w", out.path, err)
		}
	}
	for _, out := range outs {
		if out.path != "" {
			continue
		}
		if err := buffered(p.streams.Out, func(w io.Writer) error { return rendererOf(out.format)(w, r, o) }); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

func buffered(w io.Writer, write func(io.Writer) error) error {
	b := bufio.NewWriter(w)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// writeFile writes a file whole or not at all: into a neighbour that takes its
// name when everything is on the disk. What is no regular file (a device, a
// pipe) is written directly.
func writeFile(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return errors.New("is a directory")
		}
		return writeThrough(path, write)
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return reasonOf(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	err = buffered(f, write)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	return reasonOf(err)
}

func writeThrough(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return reasonOf(err)
	}
	err = buffered(f, write)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return reasonOf(err)
}

// reasonOf is the error without the name of the temporary file.
func reasonOf(err error) error {
	var atPath *os.PathError
	if errors.As(err, &atPath) {
		return atPath.Err
	}
	var atLink *os.LinkError
	if errors.As(err, &atLink) {
		return atLink.Err
	}
	return err
}
