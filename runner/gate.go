package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/runner/render"
)

// gateOptions are the flags of precheck gate.
type gateOptions struct {
	gate           framework.Gate
	report         string
	maxAge         time.Duration
	source, target *side
}

func (p *program) gateCommand() *cobra.Command {
	o := &gateOptions{}
	o.source = newSide(framework.Source, "source-", nil)
	o.target = newSide(framework.Target, "target-", nil)
	c := &cobra.Command{
		Use:   "gate --report FILE --step STEP",
		Short: "Decide from a report whether a step may begin",
		Long: `Decide from a report in JSON whether a step of the migration may begin.

A gate opens only for a report that names both clusters by their UIDs and is
fresh: a report about manifests or about a version alone is inconclusive.
When clusters are given, they must be the ones of the report.

Exit codes: 0 ready, 1 blocked, 2 wrong usage or unreadable report,
3 inconclusive.`,
		Example: `  precheck gate --report report.json --step data
  precheck gate --report report.json --step traffic --max-age 2h --source-context old --target-context new`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("step") {
				return errors.New("no step: give --step application, data, traffic or retire")
			}
			return p.gate(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.report, "report", "", "File with the report (precheck run -o json=FILE), or - for stdin.")
	f.DurationVar(&o.maxAge, "max-age", 24*time.Hour, "Oldest report, and oldest snapshot in it, that is believed.")
	gateFlags(c, &o.gate)
	o.source.clusterFlags(f)
	o.target.clusterFlags(f)
	return c
}

func (p *program) gate(ctx context.Context, o *gateOptions) error {
	if o.report == "" {
		return errors.New("no report: give --report FILE")
	}
	if o.maxAge <= 0 {
		return fmt.Errorf("--max-age is %s (want a positive duration such as 24h)", o.maxAge)
	}
	for _, s := range []*side{o.source, o.target} {
		if err := s.check(); err != nil {
			return err
		}
	}
	now, err := clock()
	if err != nil {
		return err
	}
	report, err := p.readReport(o.report)
	if err != nil {
		return fmt.Errorf("%s: %w", o.report, err)
	}
	reasons := unfit(report, now, o.maxAge)
	strange, err := p.strangers(ctx, o, report, now)
	if err != nil {
		return err
	}
	reasons = append(reasons, strange...)
	verdict := o.gate.Decide(report)
	if len(reasons) > 0 {
		verdict = framework.Inconclusive
	}
	err = buffered(p.streams.Out, func(w io.Writer) error {
		return render.Gate(w, report, render.Decision{Gate: o.gate, Verdict: verdict, Reasons: reasons}, p.terminal())
	})
	if err != nil {
		return fmt.Errorf("write verdict: %w", err)
	}
	return exit(verdict)
}

func (p *program) readReport(path string) (*framework.Report, error) {
	if path == "-" {
		return framework.ReadReport(p.streams.In)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", reasonOf(err))
	}
	defer func() { _ = f.Close() }()
	return framework.ReadReport(f)
}

// clockSkew is how far in the future a report may lie.
const clockSkew = 5 * time.Minute

// unfit says why nobody should decide by the report.
func unfit(r *framework.Report, now time.Time, maxAge time.Duration) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, t := range []struct {
		what, again string
		at          time.Time
	}{
		{"the report is", "run precheck again", r.GeneratedAt},
		{"what the report knows of the source is", "read the cluster again", r.Source.TakenAt},
		{"what the report knows of the target is", "read the cluster again", r.Target.TakenAt},
	} {
		age := now.Sub(t.at)
		switch {
		case t.at.IsZero():
		case age > maxAge:
			say("%s %s old (--max-age is %s): %s", t.what, duration.HumanDuration(age), maxAge, t.again)
		case age < -clockSkew:
			say("%s from the future, %s ahead of the clock", t.what, duration.HumanDuration(-age))
		}
	}
	for _, side := range []struct {
		name string
		id   cluster.Identity
	}{{framework.Source, r.Source}, {framework.Target, r.Target}} {
		if side.id.Origin != cluster.FromCluster || side.id.UID == "" {
			say("the report does not identify the %s cluster (%s): run precheck with the cluster itself", side.name, known(side.id))
		}
	}
	if r.Source.UID != "" && r.Source.UID == r.Target.UID {
		say("source and target of the report are the same cluster")
	}
	return out
}

func known(id cluster.Identity) string {
	switch id.Origin {
	case cluster.FromManifests:
		return "it was made from manifests"
	case cluster.FromVersion:
		return "only its version was given"
	}
	return "its UID is unknown"
}

// strangers reads the UIDs of the clusters that were given and says which are
// not those of the report.
func (p *program) strangers(ctx context.Context, o *gateOptions, r *framework.Report, now time.Time) ([]string, error) {
	sides := []*side{o.source, o.target}
	uids := []string{r.Source.UID, r.Target.UID}
	found := make([]string, len(sides))
	group, both := errgroup.WithContext(ctx)
	for i, s := range sides {
		if s.given() {
			group.Go(func() (err error) {
				found[i], err = stranger(both, s, uids[i], now)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []string
	for _, reason := range found {
		if reason != "" {
			out = append(out, reason)
		}
	}
	return out, ctx.Err()
}

func stranger(ctx context.Context, s *side, uid string, now time.Time) (string, error) {
	reader, err := s.reader(now, nil)
	if err != nil {
		return "", err
	}
	snapshot, err := reader.Read(ctx, []cluster.Resource{cluster.UID})
	if err != nil {
		return "", fmt.Errorf("read %s: %w", s.name, err)
	}
	got := snapshot.Identity.UID
	switch {
	case got == "":
		return fmt.Sprintf("the %s cluster does not tell its identity: %s", s.name, strings.Join(problems(snapshot.Gaps()), "; ")), nil
	case got != uid:
		return fmt.Sprintf("the report is about another %s cluster (%s) than the one given (%s)", s.name, orUnknown(uid), got), nil
	}
	return "", nil
}

func orUnknown(uid string) string {
	if uid == "" {
		return "unknown"
	}
	return uid
}
