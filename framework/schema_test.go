package framework_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

func reportSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(framework.ReportSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asked is a check of the version that ends as run says.
func asked(id string, run func(context.Context, *framework.Pass) error, reads ...cluster.Resource) *framework.Check {
	return &framework.Check{
		ID: id, Doc: "title\n\nText.", Remedy: "Do it.", Severity: framework.Warning, Step: framework.Data,
		Source: reads, Run: run,
	}
}

// mixedReport has a result of every status and a finding with every field.
func mixedReport(t *testing.T) *framework.Report {
	t.Helper()
	v, err := cluster.ParseVersion("v1.30.1+k3s1")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	known := framework.VersionOnly(v)
	checks := []*framework.Check{
		asked("a/clean", func(context.Context, *framework.Pass) error { return nil }, cluster.ServerVersion),
		asked("a/found", func(_ context.Context, p *framework.Pass) error {
			p.Report(framework.Finding{Message: "about the cluster"})
			p.Report(framework.Finding{
				Severity: framework.Blocker, Step: framework.Retire, Cluster: framework.Target,
				Object:  framework.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "a", Name: "b", FieldPath: "spec", File: "x.yaml", Line: 3},
				Message: "\x1b[31mred", Remedy: "Other.", Details: map[string]string{"removedIn": "1.25"},
				Evidence: []framework.Evidence{{
					Type: "managed-fields", APIVersion: "v1", Manager: "m", Operation: "Apply", Time: &now,
					Cluster: framework.Source, Object: &framework.Ref{Name: "o"}, Note: "n",
				}},
				Patches: []framework.Patch{{Op: "replace", Path: "/spec", Value: json.RawMessage(`{"a":1}`)}},
			})
			return nil
		}, cluster.ServerVersion),
		asked("a/unknown", func(context.Context, *framework.Pass) error { return errors.New("no answer") }, cluster.ServerVersion),
		asked("a/panic", func(context.Context, *framework.Pass) error { panic("oops") }, cluster.ServerVersion),
		asked("a/skipped", func(context.Context, *framework.Pass) error { return nil }, cluster.Pods),
	}
	return framework.Apply(t.Context(), checks, framework.Input{Source: known, Target: cluster.Nothing("nobody asked"), Now: now, Tool: "v0"})
}

func TestReportsValidate(t *testing.T) {
	schema := reportSchema(t)
	report := mixedReport(t)
	statuses := map[framework.Status]bool{}
	for _, r := range report.Results {
		statuses[r.Status] = true
	}
	if len(statuses) != 4 {
		t.Fatalf("the report has only the statuses %v", statuses)
	}
	for name, r := range map[string]*framework.Report{
		"mixed": report,
		"empty": framework.Apply(t.Context(), nil, framework.Input{Source: cluster.Nothing("x"), Target: cluster.Nothing("x")}),
	} {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongReportsDoNotValidate(t *testing.T) {
	schema := reportSchema(t)
	data, err := json.Marshal(mixedReport(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(map[string]any){
		"unknown field":          func(r map[string]any) { r["score"] = 7 },
		"other version":          func(r map[string]any) { r["apiVersion"] = "precheck.dev/v2" },
		"no results":             func(r map[string]any) { delete(r, "results") },
		"no verdict of a step":   func(r map[string]any) { delete(r["verdicts"].(map[string]any), "data") },
		"unknown verdict":        func(r map[string]any) { r["verdicts"].(map[string]any)["data"] = "fine" },
		"no time":                func(r map[string]any) { r["generatedAt"] = "yesterday" },
		"unknown status":         func(r map[string]any) { result(r, 0)["status"] = "ok" },
		"found without findings": func(r map[string]any) { delete(result(r, 1), "findings") },
		"clean with findings":    func(r map[string]any) { result(r, 1)["status"] = "clean" },
		"unknown without reason": func(r map[string]any) { delete(result(r, 2), "reason") },
		"severity as a number":   func(r map[string]any) { finding(r)["severity"] = 3 },
		"finding without text":   func(r map[string]any) { finding(r)["message"] = "" },
		"details that nest":      func(r map[string]any) { finding(r)["details"] = map[string]any{"a": map[string]any{}} },
	} {
		var doc map[string]any
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		spoil(doc)
		if schema.Validate(doc) == nil {
			t.Errorf("a report with this mistake validates: %s", name)
		}
	}
}

func result(report map[string]any, i int) map[string]any {
	return report["results"].([]any)[i].(map[string]any)
}

func finding(report map[string]any) map[string]any {
	return result(report, 1)["findings"].([]any)[0].(map[string]any)
}

// described fails for a property of the schema that nobody described.
func described(t *testing.T, path string, node map[string]any) {
	properties, _ := node["properties"].(map[string]any)
	for name, p := range properties {
		if p := p.(map[string]any); p["description"] == nil {
			t.Errorf("%s.%s has no description", path, name)
		} else {
			described(t, path+"."+name, p)
		}
	}
}

func TestSchemaDescribesEveryField(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(framework.ReportSchema, &schema); err != nil {
		t.Fatal(err)
	}
	described(t, "report", schema)
	for name, def := range schema["$defs"].(map[string]any) {
		described(t, name, def.(map[string]any))
	}
}

// Reading a report back gives the same report.
func TestReadReport(t *testing.T) {
	want, err := json.Marshal(mixedReport(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := framework.ReadReport(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(r); !bytes.Equal(got, want) {
		t.Errorf("read back:\n%s\nwant:\n%s", got, want)
	}
}
