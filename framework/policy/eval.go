package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
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
	limit := p.limit + time.Duration(len(subjects))*perObject
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it was not done after %s", limit))
	defer cancel()
	query, err := rego.New(
		rego.Query(p.module.Package.Path.Append(ast.StringTerm(denyRule)).String()),
		rego.Compiler(p.compiler), rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return fmt.Errorf("prepare %s: %w", p.name, oneLine(p.name, err))
	}
	e := evaluation{policy: p, pass: pass, query: query, base: base}
	if p.meta.each == "" {
		return e.about(ctx, nil)
	}
	return e.aboutEach(ctx, subjects)
}

// evaluation is one run of a policy.
type evaluation struct {
	*policy
	pass  *framework.Pass
	query rego.PreparedEvalQuery
	base  map[string]any
	known map[string]map[framework.Ref]framework.Ref // by cluster; built when a finding first names an object
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
	results, err := e.query.Eval(ctx, rego.EvalParsedInput(ast.LazyObject(input)))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("evaluate %s: %w", e.name, cause)
		}
		return fmt.Errorf("evaluate: %w", plain(err))
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return errors.New("evaluate: deny is undefined")
	}
	members, ok := results[0].Expressions[0].Value.([]any)
	if !ok {
		return errors.New("evaluate: deny is no set")
	}
	var errs []error
	for _, m := range members {
		f, err := e.finding(m, s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e.pass.Report(f)
	}
	return errors.Join(errs...)
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
