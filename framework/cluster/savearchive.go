package cluster

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// archive writes the files as one .tar.gz. An entry of it begins with its
// size, so each file is written aside first.
func (p *savePlan) archive(path string) error {
	parent := filepath.Dir(path)
	out, err := os.CreateTemp(parent, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(out.Name()) }()
	if err := errors.Join(p.pack(out, parent), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}

func (p *savePlan) pack(w io.Writer, parent string) error {
	zipped := gzip.NewWriter(w)
	entries := tar.NewWriter(zipped)
	for _, f := range p.files {
		if err := p.entry(entries, parent, f); err != nil {
			return err
		}
	}
	if err := entries.Close(); err != nil {
		return err
	}
	return zipped.Close()
}

func (p *savePlan) entry(entries *tar.Writer, parent string, f savedFile) error {
	aside, err := os.CreateTemp(parent, ".precheck-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(aside.Name()) }()
	defer func() { _ = aside.Close() }()
	if err := p.write(aside, f); err != nil {
		return err
	}
	size, err := aside.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := aside.Seek(0, io.SeekStart); err != nil {
		return err
	}
	head := &tar.Header{
		Typeflag: tar.TypeReg, Format: tar.FormatPAX, Name: f.name, Size: size, Mode: 0o600,
		ModTime: p.snapshot.Identity.TakenAt.Truncate(1e9),
	}
	if err := entries.WriteHeader(head); err != nil {
		return err
	}
	_, err = io.Copy(entries, aside)
	return err
}
