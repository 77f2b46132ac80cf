package cluster

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Bounds of an archive, so that one made to do harm, or taken of the wrong
// directory, ends in an error and not in a full memory. A saved snapshot of
// 100,000 objects has about 0.5 GiB in some 300 files.
const (
	// maxArchiveBytes bounds what an archive unpacks to.
	maxArchiveBytes = 4 << 30
	// maxFileBytes bounds what one file of an archive unpacks to.
	maxFileBytes = 2 << 30
	// maxArchiveEntries bounds the files and directories of an archive.
	maxArchiveEntries = 200_000
)

// Archive reads what [Directory] reads from one .tar.gz, without unpacking it
// to disk.
//
// It refuses an archive that is larger than any snapshot, or whose entries lie
// outside of it. An entry that is neither file nor directory is a Gap; so is
// the part of an archive that cannot be read.
type Archive struct {
	Path string
	// Now is the time that the snapshot of plain manifests carries.
	Now time.Time

	limits *limits // nil: the constants above
}

type limits struct{ total, file, entries int64 }

// Read implements Reader.
func (a Archive) Read(ctx context.Context, resources []Resource) (*Snapshot, error) {
	if a.limits == nil {
		a.limits = &limits{maxArchiveBytes, maxFileBytes, maxArchiveEntries}
	}
	first, err := a.findHeader(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the archive %s: %w", a.Path, err)
	}
	l := newLoader(resources, a.Now)
	if first != "" {
		err = a.each(ctx, func(name string, _ *tar.Header, r io.Reader) (bool, error) {
			if name != first {
				return true, nil
			}
			l.file(name, r)
			return false, nil
		})
	}
	if err == nil {
		err = a.each(ctx, func(name string, h *tar.Header, r io.Reader) (bool, error) {
			if name != first {
				l.entry(name, h, r)
			}
			return true, nil
		})
	}
	var partial *damaged
	if errors.As(err, &partial) {
		l.gap(Gap{Partial: true, File: filepath.Base(a.Path), Reason: partial.Error()})
	} else if err != nil {
		return nil, fmt.Errorf("read the archive %s: %w", a.Path, err)
	}
	return l.finish(a.Path)
}

// entry takes one entry of an archive.
func (l *loader) entry(name string, h *tar.Header, r io.Reader) {
	switch h.Typeflag {
	case tar.TypeDir, tar.TypeXGlobalHeader:
	case tar.TypeReg:
		if isManifest(name) {
			l.file(name, r)
		}
	default:
		l.gap(Gap{Partial: true, File: name, Reason: "is a link or device in an archive, which is not followed: pack the files themselves (tar --dereference)"})
	}
}

// damaged is the error of an archive of which the beginning could be read.
type damaged struct{ err error }

func (d *damaged) Error() string {
	return fmt.Sprintf("the archive is damaged or cut off (%v): what follows was not read; make it again", d.err)
}
func (d *damaged) Unwrap() error { return d.err }

// findHeader is the name of the description of a saved snapshot, which must be
// read before anything else; empty when there is none. In an archive that Save
// wrote it is the first entry.
func (a Archive) findHeader(ctx context.Context) (string, error) {
	found := ""
	err := a.each(ctx, func(name string, h *tar.Header, _ io.Reader) (bool, error) {
		if h.Typeflag == tar.TypeReg && path.Base(name) == headerFile && (found == "" || strings.Count(name, "/") < strings.Count(found, "/")) {
			found = name
		}
		return found != headerFile, nil
	})
	var partial *damaged
	if errors.As(err, &partial) {
		return found, nil // reported when it is read
	}
	return found, err
}

// each calls f with every entry until it returns false. Its errors are of type
// damaged when the archive ends or breaks within.
func (a Archive) each(ctx context.Context, f func(string, *tar.Header, io.Reader) (bool, error)) error {
	file, err := os.Open(a.Path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("it is no gzip file: %w", err)
	}
	bounded := &boundedReader{r: unzipped, ctx: ctx, most: a.limits.total, left: a.limits.total}
	entries := tar.NewReader(bounded)
	for n := int64(1); ; n++ {
		h, err := entries.Next()
		if bounded.err != nil {
			return bounded.err
		}
		if errors.Is(err, io.EOF) {
			return a.drain(bounded)
		}
		if err != nil {
			return &damaged{err}
		}
		name, err := a.check(h, n)
		if err != nil {
			return err
		}
		inner := &entryReader{r: entries}
		more, err := f(name, h, inner)
		if bounded.err != nil {
			return bounded.err
		}
		if inner.err != nil {
			return &damaged{inner.err}
		}
		if err != nil || !more {
			return err
		}
	}
}

// drain reads what follows the last entry, so that the checksum is compared.
func (a Archive) drain(r *boundedReader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		if r.err != nil {
			return r.err
		}
		return &damaged{err}
	}
	return nil
}

// check refuses an entry that is out of bounds.
func (a Archive) check(h *tar.Header, n int64) (string, error) {
	if n > a.limits.entries {
		return "", fmt.Errorf("it has more than %d entries: pack only the manifests", a.limits.entries)
	}
	name := path.Clean(h.Name)
	if path.IsAbs(h.Name) || name == ".." || strings.HasPrefix(name, "../") || strings.Contains(h.Name, "\\") {
		return "", fmt.Errorf("its entry %q lies outside of it: make it with relative names (tar -C DIRECTORY .)", h.Name)
	}
	if h.Size > a.limits.file {
		return "", fmt.Errorf("its file %q unpacks to more than %d bytes, the most that is read of one: split it", h.Name, a.limits.file)
	}
	return name, nil
}

// boundedReader ends a stream that grows too large, or when the context ends.
type boundedReader struct {
	r    io.Reader
	ctx  context.Context
	most int64
	left int64
	err  error
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		b.err = context.Cause(b.ctx)
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.err = fmt.Errorf("it unpacks to more than %d bytes, the most that is read: pack only the manifests", b.most)
		return 0, b.err
	}
	return n, err
}

// entryReader remembers that an entry could not be read to its end.
type entryReader struct {
	r   io.Reader
	err error
}

func (e *entryReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
	}
	return n, err
}
