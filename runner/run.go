package runner

import (
	"context"
	"slices"
	"time"

	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// runOptions are the flags of precheck run.
type runOptions struct {
	selection
	source, target *side
	qps            float32
	outputs        []string
	params         string
	all            bool
	gate           framework.Gate
}

const runLong = `Read both clusters, ask every check, write the risk report and say whether
the migration may go on.

Each cluster is a live one (--source-kubeconfig, --source-context,
--source-in-cluster), or a directory of manifests, a saved snapshot or an
archive of either (--source DIR, --source FILE.tar.gz). Of the target the
version is enough (--target-version): checks that need the cluster itself
are then skipped. Nothing is ever written to a cluster.

Exit codes: 0 ready, 1 blocked, 2 wrong usage or configuration,
3 inconclusive (something could not be found out).`

func (p *program) runCommand() *cobra.Command {
	o := &runOptions{}
	o.source = newSide(framework.Source, "source-", &o.qps)
	o.target = newSide(framework.Target, "target-", &o.qps)
	c := &cobra.Command{
		Use:   "run",
		Short: "Compare two clusters and write the risk report",
		Long:  runLong,
		Example: `  # two contexts of one kubeconfig
  precheck run --source-context old --target-context new
  # a live source, a target of which only the version is known
  precheck run --source-kubeconfig old.yaml --target-version v1.37
  # two saved snapshots; the table here, other formats to files
  precheck run --source old.tar.gz --target new.tar.gz -o json=report.json -o junit=junit.xml
  # may the traffic be shifted? warnings count too
  precheck run --source-context old --target-context new --step traffic --fail-on warning`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.run(c.Context(), o) },
	}
	f := c.Flags()
	for _, s := range []*side{o.source, o.target} {
		s.clusterFlags(f)
		s.fileFlags(f)
	}
	f.Float32Var(&o.qps, "qps", 0, "Most `requests` per second to each cluster; 0 leaves the limit to the servers.")
	o.flags(p, c)
	f.StringArrayVarP(&o.outputs, "output", "o", nil, "`FORMAT` of the report: table, json or junit, or FORMAT=FILE; can be repeated.")
	f.StringVar(&o.params, "params", "", "YAML file with parameters of checks, by ID (precheck explain shows them).")
	f.BoolVar(&o.all, "all", false, "Show every message and object in the table.")
	gateFlags(c, &o.gate)
	fixed(c, "output", formatNames)
	return c
}

// gateFlags registers what decides the exit code.
func gateFlags(c *cobra.Command, g *framework.Gate) {
	c.Flags().TextVar(&g.FailOn, "fail-on", framework.Blocker, "Least `severity` that blocks: info, warning or blocker.")
	c.Flags().TextVar(&g.Step, "step", framework.Retire, "The `step` that is to begin: application, data, traffic or retire; those before it count too.")
	fixed(c, "fail-on", []string{"blocker", "warning", "info"})
	fixed(c, "step", []string{"application", "data", "traffic", "retire"})
}

// fixed completes a flag with a few words.
func fixed(c *cobra.Command, flag string, words []string) {
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

func (p *program) run(ctx context.Context, o *runOptions) error {
	outs, err := outputs(o.outputs)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	now, err := clock()
	if err != nil {
		return err
	}
	all, err := p.withPolicies(o.policies)
	if err != nil {
		return err
	}
	checks, err := choose(all, o.only, o.skip)
	if err != nil {
		return err
	}
	params, err := readParams(o.params, checks)
	if err != nil {
		return err
	}
	in, err := p.read(ctx, o, checks, now)
	if err != nil {
		return err
	}
	in.Params = params
	p.complain(framework.Source, in.Source)
	p.complain(framework.Target, in.Target)
	report := framework.Apply(ctx, checks, in)
	if err := ctx.Err(); err != nil {
		return err
	}
	report.NotSelected = left(all, checks)
	p.log.Info("checks applied", "checks", len(checks), "took", time.Since(now))
	style := p.terminal()
	style.All, style.Gate = o.all, o.gate
	if err := p.write(report, outs, style); err != nil {
		return err
	}
	return exit(o.gate.Decide(report))
}

// check refuses missing and contradicting clusters.
func (o *runOptions) check() error {
	for _, s := range []*side{o.source, o.target} {
		if err := s.check(); err != nil {
			return err
		}
		if _, err := s.stated(); err != nil {
			return err
		}
	}
	if !o.source.given() {
		return o.source.missing()
	}
	if !o.target.given() && o.target.version == "" {
		return o.target.missing()
	}
	return nil
}

// read takes both snapshots at the same time.
func (p *program) read(ctx context.Context, o *runOptions, checks []*framework.Check, now time.Time) (framework.Input, error) {
	in := framework.Input{Now: now, Tool: version()}
	bar := newProgress(p.streams)
	defer bar.done()
	source, target := resources(checks)
	reads := []struct {
		side      *side
		resources []cluster.Resource
		into      **cluster.Snapshot
	}{{o.source, source, &in.Source}, {o.target, target, &in.Target}}
	group, both := errgroup.WithContext(ctx)
	for _, r := range reads {
		tell := bar.of(r.side.name)
		group.Go(func() error {
			begin := time.Now()
			s, err := r.side.read(both, r.resources, now, tell)
			*r.into = s
			p.log.Info("cluster read", "cluster", r.side.name, "took", time.Since(begin), "error", err)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return in, err
	}
	return in, ctx.Err()
}

// most is how many problems of a cluster are told one by one.
const most = 10

// complain tells every distinct problem of a cluster in one line.
func (p *program) complain(name string, s *cluster.Snapshot) {
	var lines []string
	for _, line := range problems(s.Gaps()) {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, line := range lines[:min(most, len(lines))] {
		if strings.Contains(line, "is forbidden") {
			line += " (precheck rbac prints the roles that it takes)"
		}
		p.say("%s: %s", name, line)
	}
	if more := len(lines) - most; more > 0 {
		p.say("%s: and %d more problems (-o json has them under coverage)", name, more)
	}
}

// problems joins the gaps that nobody chose and that have one reason. A reason
// that ends with another one is the same problem, seen from further away.
func problems(gaps []cluster.Gap) []string {
	var out, order []string
	of := map[string][]string{}
	for _, g := range gaps {
		switch {
		case g.Chosen:
		case g.File != "" || g.Resource == "":
			out = append(out, g.String())
		default:
			if of[g.Reason] == nil {
				order = append(order, g.Reason)
			}
			of[g.Reason] = append(of[g.Reason], g.Resource)
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return len(a) - len(b) })
	for i, reason := range order {
		if !slices.ContainsFunc(order[:i], func(shorter string) bool { return strings.HasSuffix(reason, ": "+shorter) }) {
			out = append(out, listed(of[reason])+": "+reason)
		}
	}
	return out
}

// listed joins names, naming at most three.
func listed(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
