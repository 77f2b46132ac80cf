package cluster

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Save writes the snapshot to path: as one archive when path ends in .tar.gz,
// else as a directory. [Archive] and [Directory] read it back.
//
// The files are plain manifests, one object in a line: snapshot.json with what
// is known of the cluster, then one file for each resource. Objects that are
// known by their row of the inventory alone have only metadata. The bytes
// depend on the snapshot alone. Files appear under their name when they are
// complete; a directory must not exist, or be empty, and an archive is replaced.
func Save(s *Snapshot, path string) error {
	plan, err := s.plan()
	if err != nil {
		return fmt.Errorf("save the snapshot: %w", err)
	}
	write := plan.directory
	if strings.HasSuffix(path, archiveSuffix) {
		write = plan.archive
	}
	if err := write(path); err != nil {
		return fmt.Errorf("save the snapshot: %w", err)
	}
	return nil
}

const archiveSuffix = ".tar.gz"

func (p *savePlan) directory(path string) error {
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s exists and is not empty: remove it or name another directory", path)
	}
	parent, base := filepath.Split(filepath.Clean(path))
	if parent == "" {
		parent = "."
	}
	temp, err := os.MkdirTemp(parent, "."+base+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	for _, f := range p.files {
		if err := p.file(filepath.Join(temp, f.name), f); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(temp, path)
}

func (p *savePlan) file(path string, f savedFile) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(p.write(out, f), out.Close())
}

// write puts the objects of the file out, one in a line.
func (p *savePlan) write(w io.Writer, f savedFile) error {
	out := bufio.NewWriterSize(w, 64<<10)
	for _, e := range f.entries {
		data, err := p.encode(f, e)
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
		if _, err := out.Write(append(data, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (p *savePlan) encode(f savedFile, e entry) ([]byte, error) {
	if e.header != nil {
		return json.MarshalIndent(e.header, "", "  ")
	}
	o, err := p.manifest(f, e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(o)
}
