package runner

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/policies"
)

// selection says which checks are asked.
type selection struct {
	policies   []string
	only, skip []string
}

func (s *selection) flags(p *program, c *cobra.Command) {
	f := c.Flags()
	s.policyFlag(c)
	f.StringSliceVar(&s.only, "checks", nil, "Ask only these checks: IDs, domains, or patterns such as 'traffic/*'.")
	f.StringSliceVar(&s.skip, "skip", nil, "Leave these checks out of the report: IDs, domains, or patterns.")
	for _, name := range []string{"checks", "skip"} {
		_ = c.RegisterFlagCompletionFunc(name, func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return p.completeIDs(s.policies), cobra.ShellCompDirectiveNoFileComp
		})
	}
}

func (s *selection) policyFlag(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.policies, "policies", nil, "Directory with Rego policies to ask as well; can be repeated.")
	_ = c.MarkFlagDirname("policies")
}

// checks loads the policies and picks the checks, in their order.
func (s *selection) checks(p *program) ([]*framework.Check, error) {
	all, err := p.withPolicies(s.policies)
	if err != nil {
		return nil, err
	}
	return choose(all, s.only, s.skip)
}

// left are the IDs of all checks that were not picked.
func left(all, picked []*framework.Check) []string {
	var out []string
	for _, c := range all {
		if !slices.Contains(picked, c) {
			out = append(out, c.ID)
		}
	}
	return out
}

// withPolicies are the checks of the program and those of the directories.
func (p *program) withPolicies(dirs []string) ([]*framework.Check, error) {
	all := slices.Clone(p.checks)
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("load policies: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("load policies: %s is no directory", dir)
		}
		loaded, err := policies.Load(os.DirFS(dir))
		if err != nil {
			return nil, within(dir, err)
		}
		all = append(all, loaded...)
	}
	if len(dirs) > 0 {
		if err := framework.Validate(all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// within says of every mistake in which directory it is.
func within(dir string, err error) error {
	var out []error
	for _, e := range each(err) {
		out = append(out, fmt.Errorf("load policies of %s: %w", dir, e))
	}
	return errors.Join(out...)
}

// each are the errors that were joined to one.
func each(err error) []error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, each(e)...)
	}
	return out
}

// choose picks the checks that a pattern of only matches (all of them without
// one) and no pattern of skip does. A pattern that matches nothing is an error.
func choose(all []*framework.Check, only, skip []string) ([]*framework.Check, error) {
	if len(all) == 0 {
		return nil, errors.New("this program has no checks")
	}
	for _, pattern := range slices.Concat(only, skip) {
		if err := matchesAny(pattern, all); err != nil {
			return nil, err
		}
	}
	var out []*framework.Check
	for _, c := range all {
		if (len(only) == 0 || matched(c, only)) && !matched(c, skip) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("--checks and --skip leave no check to ask")
	}
	return out, nil
}

func matched(c *framework.Check, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, c.ID) })
}

// matches reports whether the pattern (of path.Match) means the ID. A pattern
// without a slash means a domain.
func matches(pattern, id string) bool {
	if !strings.Contains(pattern, "/") {
		pattern += "/*"
	}
	ok, err := path.Match(pattern, id)
	return err == nil && ok
}

func matchesAny(pattern string, all []*framework.Check) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is no pattern of checks: %w", pattern, err)
	}
	if matched := slices.ContainsFunc(all, func(c *framework.Check) bool { return matches(pattern, c.ID) }); matched {
		return nil
	}
	return fmt.Errorf("%q matches no check, did you mean %q?", pattern, nearest(pattern, names(all)))
}

// names are the IDs and then the domains of the checks.
func names(all []*framework.Check) []string {
	ids, domains := make([]string, 0, len(all)), []string{}
	for _, c := range all {
		ids = append(ids, c.ID)
		domains = append(domains, c.Domain())
	}
	slices.Sort(domains)
	return append(ids, slices.Compact(domains)...)
}

// nearest is the name that takes the fewest edits to get from what was given;
// the first one of several.
func nearest(given string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return slices.MinFunc(names, func(a, b string) int {
		return levenshtein.ComputeDistance(given, a) - levenshtein.ComputeDistance(given, b)
	})
}

func (p *program) completeIDs(dirs []string) []string {
	all, err := p.withPolicies(dirs)
	if err != nil {
		return nil
	}
	return names(all)
}

// resources are what the checks read of both clusters, and what tells the
// clusters' identity.
func resources(checks []*framework.Check) (source, target []cluster.Resource) {
	source = []cluster.Resource{cluster.UID, cluster.ServerVersion}
	target = slices.Clone(source)
	for _, c := range checks {
		source = append(source, c.Source...)
		target = append(target, c.Target...)
	}
	return source, target
}
