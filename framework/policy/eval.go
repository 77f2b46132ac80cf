package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// run is the Run of the check.
func (p *policy) run(ctx context.Context, pass *framework.Pass) error {
	base, err := p.input(pass)
	if err != nil {
		return fmt.Errorf("build the input of %s: %w", p.name, err)
	}
	subjects, err := p.subjects(pass)
	if err != nil {
		return fmt.Errorf("build the input of %s: %w", p.name, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e, err := p.evaluation(ctx, pass, base)
	if err != nil {
		return err
	}
	defer e.store.Abort(ctx, e.txn)
	total := p.total + time.Duration(len(subjects))*perObject
	defer time.AfterFunc(total, func() { cancel(fmt.Errorf("it was not done after %s", total)) }).Stop()
	e.timer = time.AfterFunc(p.limit, func() { cancel(fmt.Errorf("it was not done after %s", p.limit)) })
	defer e.timer.Stop()
	defer context.AfterFunc(ctx, e.cancel.Cancel)()
	if p.meta.each == "" {
		return e.about(ctx, nil)
	}
	return e.aboutEach(ctx, subjects)
}

// evaluation is one run of a policy.
type evaluation struct {
	*policy
	pass     *framework.Pass
	base     map[string]any
	query    ast.Body // deny = found
	prepared ast.QueryCompiler
	store    storage.Store // empty: policies have no data but their rules
	txn      storage.Transaction
	cancel   topdown.Cancel
	timer    *time.Timer                                // of one evaluation
	known    map[string]map[framework.Ref]framework.Ref // by cluster; built when a finding first names an object
}

const found = ast.Var("found")

func (p *policy) evaluation(ctx context.Context, pass *framework.Pass, base map[string]any) (*evaluation, error) {
	e := &evaluation{policy: p, pass: pass, base: base, prepared: p.compiler.QueryCompiler(), store: inmem.New(), cancel: topdown.NewCancel()}
	deny := p.module.Package.Path.Append(ast.StringTerm(denyRule))
	var err error
	if e.query, err = e.prepared.Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(deny), ast.NewTerm(found)))); err != nil {
		return nil, fmt.Errorf("prepare: %w", oneLine(p.name, err))
	}
	e.txn, err = e.store.NewTransaction(ctx)
	return e, err
}

// eval is the set deny for an input. It goes around package rego, whose own
// work takes longer than a small policy.
func (e *evaluation) eval(ctx context.Context, input ast.Value) (ast.Set, error) {
	e.timer.Reset(e.limit)
	results, err := topdown.NewQuery(e.query).WithQueryCompiler(e.prepared).WithCompiler(e.compiler).
		WithStore(e.store).WithTransaction(e.txn).WithCancel(e.cancel).WithInput(ast.NewTerm(input)).
		WithMetrics(metrics.NoOp()).WithTime(e.pass.Now).WithStrictBuiltinErrors(true).Run(ctx)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, fmt.Errorf("evaluate %s: %w", e.name, cause)
		}
		return nil, fmt.Errorf("evaluate: %w", plain(err))
	}
	if len(results) != 1 || results[0][found] == nil {
		return nil, errors.New("evaluate: deny is undefined")
	}
	set, ok := results[0][found].Value.(ast.Set)
	if !ok {
		return nil, errors.New("evaluate: deny is no set")
	}
	return set, nil
}

// subject is one object of each.
type subject struct {
	object cluster.Object
	value  func() (map[string]any, error) // its JSON form, not shared
}

// aboutEach evaluates every subject. What goes wrong with one does not hide
// the findings about the others; the error names the first and how many there
// were. When the time is over it stops.
func (e *evaluation) aboutEach(ctx context.Context, subjects []subject) error {
	var first error
	failed := 0
	for i := range subjects {
		err := e.about(ctx, &subjects[i])
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s: %w", name(e.pass.Source.Ref(subjects[i].object)), err)
		if ctx.Err() != nil {
			return err
		}
		if failed++; first == nil {
			first = err
		}
	}
	if failed > 1 {
		return fmt.Errorf("%d of %d objects could not be judged; the first: %w", failed, len(subjects), first)
	}
	return first
}

// about evaluates the policy once; s is nil without each.
func (e *evaluation) about(ctx context.Context, s *subject) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	input := make(map[string]any, len(e.base)+1)
	for k, v := range e.base {
		input[k] = v
	}
	if s != nil {
		value, err := s.value()
		if err != nil {
			return err
		}
		input["object"] = value
	}
	members, err := e.eval(ctx, e.value(input))
	if err != nil {
		return err
	}
	var errs []error
	members.Foreach(func(m *ast.Term) {
		f, err := e.findingOf(m, s)
		if err != nil {
			errs = append(errs, err)
			return
		}
		e.pass.Report(f)
	})
	return errors.Join(errs...)
}

// findingOf reads a member of deny; see [ast.JSONOpt] for what an object of the
// input would be without CopyMaps.
func (e *evaluation) findingOf(member *ast.Term, s *subject) (framework.Finding, error) {
	v, err := ast.JSONWithOpt(member.Value, ast.JSONOpt{SortSets: true, CopyMaps: true})
	if err != nil {
		return framework.Finding{}, fmt.Errorf("read a finding: %w", err)
	}
	return e.finding(v, s)
}

// value is the input for Rego, which converts what a policy reads of it.
// Built-in functions that write an object as text take one that was never
// converted as it is in Go, so where they are used all is converted.
func (e *evaluation) value(input map[string]any) ast.Value {
	if e.serialises {
		return ast.MustInterfaceToValue(input)
	}
	return ast.LazyObject(input)
}

// plain is an error of OPA in one line.
func plain(err error) error {
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// name is a reference as people read it.
func name(r framework.Ref) string {
	if r.Namespace == "" {
		return fmt.Sprintf("%s %q", r.Kind, r.Name)
	}
	return fmt.Sprintf("%s %q", r.Kind, r.Namespace+"/"+r.Name)
}

// subjects are the objects of each, sorted.
func (p *policy) subjects(pass *framework.Pass) ([]subject, error) {
	switch p.meta.each {
	case "":
		return nil, nil
	case workloadsWord:
		return p.workloads(pass.Source), nil
	}
	var out []subject
	for o := range pass.Source.Objects(p.each.resources[0]) {
		out = append(out, subject{o.(cluster.Object), func() (map[string]any, error) { return plainJSON(o) }})
	}
	return out, nil
}

var converter = runtime.DefaultUnstructuredConverter
