package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// snapshotOptions are the flags of precheck snapshot.
type snapshotOptions struct {
	selection
	side  *side
	qps   float32
	path  string
	force bool
}

func (p *program) snapshotCommand() *cobra.Command {
	o := &snapshotOptions{}
	o.side = newSide("cluster", "", &o.qps)
	c := &cobra.Command{
		Use:   "snapshot -o DIR|FILE.tar.gz",
		Short: "Save what the checks read of a cluster",
		Long: `Read of one cluster what the checks read of a source or a target, and save
it as a directory of manifests or as one archive. It holds no values of
Secrets, ConfigMaps and environment variables. precheck run reads it back
with --source and --target, so that the two clusters never need to be
reachable from the same place.

What could not be read is recorded in the snapshot; the exit code is then 3.`,
		Example: `  precheck snapshot --context old -o old.tar.gz
  precheck snapshot --kubeconfig new.yaml -o new/ --force`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.snapshot(c.Context(), o) },
	}
	f := c.Flags()
	o.side.clusterFlags(f)
	f.Float32Var(&o.qps, "qps", 0, "Most requests per second; 0 leaves the limit to the server.")
	o.flags(p, c)
	f.StringVarP(&o.path, "output", "o", "", "Directory or FILE.tar.gz to write.")
	f.BoolVar(&o.force, "force", false, "Replace a snapshot that is there.")
	return c
}

func (p *program) snapshot(ctx context.Context, o *snapshotOptions) error {
	if o.path == "" {
		return errors.New("no output: give -o DIR or -o FILE.tar.gz")
	}
	if err := o.side.check(); err != nil {
		return err
	}
	now, err := clock()
	if err != nil {
		return err
	}
	checks, err := o.checks(p)
	if err != nil {
		return err
	}
	if err := o.vacant(); err != nil {
		return err
	}
	bar := newProgress(p.streams)
	reader, err := o.side.reader(now, bar.of(o.side.name))
	if err != nil {
		return err
	}
	source, target := resources(checks)
	s, err := reader.Read(ctx, append(source, target...))
	bar.done()
	if err := cmp.Or(ctx.Err(), err); err != nil {
		return err
	}
	p.complain("cluster", s)
	if s.Identity.Version.IsZero() && len(s.Counts()) == 0 {
		return inconclusive("nothing could be read, so no snapshot was written")
	}
	if err := save(s, o.path); err != nil {
		return err
	}
	if len(problems(s.Gaps())) > 0 {
		return inconclusive("the snapshot in %s is incomplete: checks that need what is missing will be unknown", o.path)
	}
	return nil
}

// save writes the snapshot. A directory that it replaces goes when the new one
// is complete.
func save(s *cluster.Snapshot, path string) error {
	entries, _ := os.ReadDir(path)
	if len(entries) == 0 {
		return cluster.Save(s, path)
	}
	path = filepath.Clean(path)
	beside, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("save the snapshot: %w", err)
	}
	defer func() { _ = os.RemoveAll(beside) }()
	if err := cluster.Save(s, filepath.Join(beside, "new")); err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(beside, "old")); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	if err := os.Rename(filepath.Join(beside, "new"), path); err != nil {
		return fmt.Errorf("replace %s: %w", path, errors.Join(err, os.Rename(filepath.Join(beside, "old"), path)))
	}
	return nil
}

// vacant refuses to overwrite an existing file or a directory that holds
// anything. With force it still refuses a directory that is no snapshot, which
// would all be lost.
func (o *snapshotOptions) vacant() error {
	info, err := os.Stat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write snapshot: %w", err)
	case !info.IsDir() && isArchive(o.path) && o.force:
		return nil
	case !info.IsDir() && isArchive(o.path):
		return fmt.Errorf("%s exists; choose another name or replace it with --force", o.path)
	case !info.IsDir() || isArchive(o.path):
		return fmt.Errorf("%s cannot be replaced: a snapshot is a directory, or a file that ends in .tar.gz", o.path)
	}
	entries, err := os.ReadDir(o.path)
	switch {
	case err != nil:
		return fmt.Errorf("write snapshot: %w", err)
	case len(entries) == 0:
		return nil
	case !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == snapshotFile }):
		return fmt.Errorf("%s is not empty and holds no snapshot; choose another name", o.path)
	case !o.force:
		return fmt.Errorf("%s holds a snapshot; choose another name or replace it with --force", o.path)
	}
	return nil
}

// snapshotFile is what every directory has that cluster.Save wrote.
const snapshotFile = "snapshot.json"
