package cluster

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Directory reads a tree of manifests: a GitOps checkout, rendered charts, or
// a snapshot that was saved. It takes what kubectl takes with -R -f: files that
// end in .yaml, .yml or .json, with several documents and lists of every form.
//
// A document that cannot be parsed, or that should be a Kubernetes object and
// is none, becomes a Gap with its file and line and never hides its
// neighbours; one that is plainly something else (the values of a chart)
// becomes a Note.
type Directory struct {
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
	if !root.IsDir() {
		return nil, fmt.Errorf("read manifests: %s is no directory", d.Path)
	}
	l := newLoader(resources, d.Now)
	err = filepath.WalkDir(d.Path, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		name, _ := filepath.Rel(d.Path, path)
		name = filepath.ToSlash(name)
		if err != nil {
			l.gap(Gap{Partial: true, File: name, Reason: fmt.Sprintf("cannot be read: %v", err)})
			return nil
		}
		if entry.IsDir() {
			if entry.Name() == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		if !isManifest(name) {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			l.gap(Gap{Partial: true, File: name, Reason: fmt.Sprintf("cannot be read: %v", err)})
			return nil
		}
		l.file(name, data)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read manifests in %s: %w", d.Path, err)
	}
	return l.finish(d.Path)
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}
