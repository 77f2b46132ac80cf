package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// policy is one loaded policy. Nothing of it changes after [Load].
type policy struct {
	*file
	meta           *metadata
	source, target []reading // what is below input.source and input.target
	each           reading   // only its resources matter; empty without each
	check          *framework.Check
	compiler       *ast.Compiler
	limit          time.Duration // for a whole run, besides perObject
}

const (
	// timeLimit is what a policy may take for its first evaluation.
	timeLimit = 10 * time.Second
	// perObject is added for every object of each; about twenty times what one
	// takes, so that only a policy that hangs meets it.
	perObject = time.Millisecond
)

// newPolicy checks all that can be checked before compiling.
func newPolicy(f *file) (*policy, error) {
	meta, err := readMetadata(f)
	if err != nil {
		return nil, err
	}
	p := &policy{file: f, meta: meta, limit: timeLimit}
	if err := p.readDeclarations(); err != nil {
		return nil, at(meta.annotation.Location, "%w", err)
	}
	params, err := newParams(meta.params)
	if err != nil {
		return nil, at(meta.annotation.Location, "custom.params: %w", err)
	}
	p.check = &framework.Check{
		ID:  strings.TrimSuffix(f.name, ".rego"),
		Doc: meta.doc(), Remedy: meta.remedy, Severity: meta.severity, Step: meta.step,
		Source: resources(append(slices.Clone(p.source), p.each)), Target: resources(p.target),
		Params: params, Run: p.run,
	}
	if err := framework.Validate([]*framework.Check{p.check}); err != nil {
		return nil, at(meta.annotation.Location, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return p, errors.Join(checkDeny(f), checkInput(f, p.declared()),
		checkLeftOut(f, slices.Concat(p.source, p.target, []reading{p.each})))
}

func (p *policy) readDeclarations() (err error) {
	if p.source, err = readings(p.meta.source); err != nil {
		return fmt.Errorf("custom.source: %w", err)
	}
	if p.target, err = readings(p.meta.target); err != nil {
		return fmt.Errorf("custom.target: %w", err)
	}
	if p.meta.each == "" {
		return nil
	}
	if p.each, err = parseReading(p.meta.each); err != nil {
		return fmt.Errorf("custom.each: %w", err)
	}
	if p.meta.each == versionWord || p.meta.each == uidWord {
		return fmt.Errorf("custom.each: %q is no list of objects", p.meta.each)
	}
	return nil
}

// resources are the distinct resources of the readings.
func resources(list []reading) []cluster.Resource {
	var out []cluster.Resource
	for _, r := range list {
		for _, resource := range r.resources {
			if !slices.ContainsFunc(out, func(o cluster.Resource) bool { return o.String() == resource.String() }) {
				out = append(out, resource)
			}
		}
	}
	return out
}

// readsWorkloads reports whether workloads are among the input.
func (p *policy) readsWorkloads() bool {
	return p.meta.each == workloadsWord ||
		slices.ContainsFunc(slices.Concat(p.source, p.target), func(r reading) bool { return r.key == workloadsWord })
}

// readsIngresses reports whether the source's Ingresses are among the input.
func (p *policy) readsIngresses() bool {
	return slices.ContainsFunc(p.source, func(r reading) bool { return r.key == ingressesWord })
}
