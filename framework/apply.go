package framework

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// Input is what checks are applied to.
type Input struct {
	// Source and Target must both be given; of a target that was not asked for,
	// give cluster.FromVersionOnly or cluster.Nothing.
	Source, Target *cluster.Snapshot
	// Params replaces the default parameters of a check, by its ID. A value has
	// the type of the check's own Params.
	Params map[string]any
	// Now is the time written into the report.
	Now time.Time
	// Tool is the version of the program, written into the report.
	Tool string
	// Parallel limits how many checks run at once; zero means one per processor.
	Parallel int
}

// Apply runs the checks over the two snapshots. It never fails: what goes
// wrong in a check, a panic included, makes that check unknown. The report is
// the same for the same input.
func Apply(ctx context.Context, checks []*Check, in Input) *Report {
	r := &Report{
		APIVersion: ReportAPIVersion, Kind: ReportKind,
		GeneratedAt: in.Now.UTC().Truncate(time.Second), Tool: in.Tool,
		Source: in.Source.Identity, Target: in.Target.Identity,
		Coverage: Coverages{Source: coverage(in.Source), Target: coverage(in.Target)},
		Results:  make([]Result, len(checks)),
		Verdicts: map[Step]Verdict{},
	}
	limit := in.Parallel
	if limit <= 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	tokens := make(chan struct{}, limit)
	var wg sync.WaitGroup
	for i, c := range checks {
		tokens <- struct{}{}
		wg.Go(func() {
			defer func() { <-tokens }()
			r.Results[i], _ = ApplyOne(ctx, c, in)
		})
	}
	wg.Wait()
	for _, s := range Steps {
		r.Verdicts[s] = Gate{Step: s}.Decide(r)
	}
	return r
}

func coverage(s *cluster.Snapshot) Coverage {
	c := Coverage{Gaps: s.Gaps(), Ignored: s.Notes()}
	for _, n := range s.Counts() {
		c.Resources++
		c.Objects += n
	}
	return c
}

// ApplyOne runs one check and says how it ended. The pass is the one that ran,
// or nil when the check did not run because of what was not read.
//
// A finding is mostly "the source needs what the target lacks". An incomplete
// source therefore hides findings, and those that are made stand; an
// incomplete target would invent them, so such a check does not run.
func ApplyOne(ctx context.Context, c *Check, in Input) (Result, *Pass) {
	result := Result{Check: c.ID, Title: c.Title(), Step: c.Step}
	need := needs{}
	need.add(Source, in.Source.GapsFor(c.Source), false)
	need.add(Target, in.Target.GapsFor(c.Target), true)
	switch {
	case len(need.unknown) > 0:
		result.Status, result.Reason = Unknown, reason(need.unknown)
		return result, nil
	case len(need.skipped) > 0:
		result.Status, result.Reason = Skipped, reason(need.skipped)
		return result, nil
	}
	p := &Pass{Check: c, Source: in.Source.For(c.Source), Target: in.Target.For(c.Target), Params: c.Params, Now: in.Now}
	if given, ok := in.Params[c.ID]; ok {
		p.Params = given
	}
	err := run(ctx, c, p)
	result.Findings = sorted(p.findings)
	if err != nil {
		need.partial = append(need.partial, err.Error())
	}
	switch {
	case len(need.partial) > 0:
		result.Status, result.Reason = Unknown, reason(need.partial)
	case len(result.Findings) > 0:
		result.Status = Found
	default:
		result.Status = Clean
	}
	return result, p
}

// needs sorts the gaps of a check by what they do to it.
type needs struct{ unknown, skipped, partial []string }

func (n *needs) add(side string, gaps []cluster.Gap, target bool) {
	for _, g := range gaps {
		text := side + ": " + g.String()
		switch {
		case g.Chosen:
			n.skipped = append(n.skipped, text)
		case !g.Partial || target && g.Resource == "":
			n.unknown = append(n.unknown, text)
		default:
			n.partial = append(n.partial, text)
		}
	}
}

// reason joins reasons, naming at most three.
func reason(all []string) string {
	const most = 3
	all = slices.Compact(slices.Clone(all))
	if len(all) <= most {
		return strings.Join(all, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(all[:most], "; "), len(all)-most)
}

// run calls the check and turns a panic into an error.
func run(ctx context.Context, c *Check, p *Pass) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if u, ok := v.(cluster.Undeclared); ok {
			err = u
			return
		}
		err = fmt.Errorf("panic: %v at %s", v, panicSite())
	}()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := c.Run(ctx, p); err != nil {
		return err
	}
	all := len(p.findings)
	p.findings = slices.DeleteFunc(p.findings, invalid)
	if len(p.findings) < all {
		return errors.New("a finding has no message, or an invalid severity, step or cluster")
	}
	return nil
}

func invalid(f Finding) bool {
	return f.Message == "" || f.Severity < Info || f.Severity > Blocker || f.Step < Application || f.Step > Retire ||
		f.Cluster != Source && f.Cluster != Target
}

// panicSite is the function that panicked, without addresses or paths, so that
// two runs say the same.
func panicSite() string {
	lines := strings.Split(string(debug.Stack()), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") {
			for _, f := range lines[i+2:] {
				if !strings.HasPrefix(f, "\t") && !strings.HasPrefix(f, "runtime.") {
					name, _, _ := strings.Cut(f, "(0x")
					name, _, _ = strings.Cut(name, "({")
					return name
				}
			}
		}
	}
	return "an unknown place"
}

// sorted puts findings into the order of severity (worst first), object,
// field and message.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Cluster, b.Cluster),
			cmp.Compare(a.Object.Namespace, b.Object.Namespace), cmp.Compare(a.Object.Kind, b.Object.Kind),
			cmp.Compare(a.Object.Name, b.Object.Name), cmp.Compare(a.Object.File, b.Object.File),
			cmp.Compare(a.Object.Line, b.Object.Line), cmp.Compare(a.Object.FieldPath, b.Object.FieldPath),
			cmp.Compare(a.Message, b.Message))
	})
	return findings
}
