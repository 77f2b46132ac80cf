package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

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
	f.BoolVar(&o.force, "force", false, "Replace what is there.")
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
	if !o.force {
		if err := vacant(o.path); err != nil {
			return err
		}
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
	return p.save(s, o.path)
}

// save writes the snapshot, however incomplete, unless there is nothing in it.
func (p *program) save(s *cluster.Snapshot, path string) error {
	p.complain("cluster", s)
	if s.Identity.Version.IsZero() && len(s.Counts()) == 0 {
		return inconclusive("nothing could be read, so no snapshot was written")
	}
	if err := clusterSave(s, path); err != nil {
		return fmt.Errorf("save snapshot: %w", err)
	}
	if len(problems(s.Gaps())) > 0 {
		return inconclusive("the snapshot in %s is incomplete: checks that need what is missing will be unknown", path)
	}
	return nil
}

// vacant refuses to overwrite an existing file or a directory that holds
// anything.
func vacant(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write snapshot: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s exists; choose another name or replace it with --force", path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty; choose another name or replace it with --force", path)
	}
	return nil
}
