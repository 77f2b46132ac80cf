package cluster

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Directory reads a tree of manifests: a GitOps checkout, rendered charts, or
// a snapshot that was saved. It takes what kubectl takes with -R -f: files that
// end in .yaml, .yml or .json, with several documents and lists of every form.
// Links are followed, each file is read once, and .git is left out.
//
// A document that cannot be parsed, or that should be a Kubernetes object and
// is none, becomes a Gap with its file and line and never hides its
// neighbours; one that is plainly something else (the values of a chart)
// becomes a Note.
type Directory struct {
	// Path of the directory, or of a single file.
	Path string
	// Now is the time that the snapshot of plain manifests carries.
	Now time.Time
}

// Read implements Reader.
func (d Directory) Read(ctx context.Context, resources []Resource) (*Snapshot, error) {
	root, err := os.Stat(d.Path)
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	w := &walk{ctx: ctx, loader: newLoader(resources, d.Now), seen: map[string]bool{}}
	if !root.IsDir() {
		if !isManifest(d.Path) {
			return nil, fmt.Errorf("read manifests: %s is no directory, and no file that ends in .yaml, .yml or .json", d.Path)
		}
		w.file(d.Path, filepath.Base(d.Path))
		return w.loader.finish(d.Path)
	}
	if header := filepath.Join(d.Path, headerFile); exists(header) {
		w.file(header, headerFile)
	}
	if err := w.directory(d.Path, ""); err != nil {
		return nil, fmt.Errorf("read manifests in %s: %w", d.Path, err)
	}
	return w.loader.finish(d.Path)
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

func exists(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

// walk goes through a tree in the order of the names.
type walk struct {
	ctx    context.Context
	loader *loader
	seen   map[string]bool // files and directories, by their path without links
}

func (w *walk) gap(name string, err error) {
	w.loader.gap(Gap{Partial: true, File: name, Reason: fmt.Sprintf("cannot be read: %v", reasonOf(err))})
}

// directory reads what is in it; name is its path below the root.
func (w *walk) directory(dir, name string) error {
	if !w.first(dir, name) {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.gap(name, err)
	}
	for _, e := range entries {
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if e.Name() == ".git" {
			continue
		}
		if err := w.entry(filepath.Join(dir, e.Name()), path.Join(name, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(at, name string) error {
	info, err := os.Stat(at)
	switch {
	case err != nil:
		w.gap(name, err)
	case info.IsDir():
		return w.directory(at, name)
	case !isManifest(name):
	case !info.Mode().IsRegular():
		w.gap(name, fmt.Errorf("it is no regular file"))
	default:
		w.file(at, name)
	}
	return nil
}

// first reports whether the file or directory was not read before under
// another name.
func (w *walk) first(at, name string) bool {
	target, err := filepath.EvalSymlinks(at)
	if err != nil {
		w.gap(name, err)
		return false
	}
	if w.seen[target] {
		return false
	}
	w.seen[target] = true
	return true
}

func (w *walk) file(at, name string) {
	if !w.first(at, name) {
		return
	}
	f, err := os.Open(at)
	if err != nil {
		w.gap(name, err)
		return
	}
	defer func() { _ = f.Close() }()
	w.loader.file(name, f)
}

// reasonOf is the error of a file operation without its path, which messages
// give relative to the root.
func reasonOf(err error) error {
	if p, ok := err.(*os.PathError); ok { //nolint:errorlint // the outermost one is meant
		return p.Err
	}
	return err
}
