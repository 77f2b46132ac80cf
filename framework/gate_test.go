package framework_test

import (
	"testing"

	"github.com/precheck-dev/precheck/framework"
)

func TestGate(t *testing.T) {
	result := func(step framework.Step, status framework.Status, severities ...framework.Severity) framework.Result {
		r := framework.Result{Check: "a/b", Step: step, Status: status}
		for _, s := range severities {
			r.Findings = append(r.Findings, framework.Finding{Severity: s, Step: step})
		}
		return r
	}
	clean := result(framework.Application, framework.Clean)
	tests := []struct {
		name    string
		gate    framework.Gate
		results []framework.Result
		want    framework.Verdict
	}{
		{"nothing was asked", framework.Gate{Step: framework.Retire}, nil, framework.Inconclusive},
		{"clean", framework.Gate{Step: framework.Application}, []framework.Result{clean}, framework.Ready},
		{"only skipped", framework.Gate{Step: framework.Retire}, []framework.Result{result(framework.Data, framework.Skipped)}, framework.Inconclusive},
		{"one skipped", framework.Gate{Step: framework.Retire}, []framework.Result{clean, result(framework.Data, framework.Skipped)}, framework.Ready},
		{"only later steps were asked", framework.Gate{Step: framework.Data}, []framework.Result{result(framework.Traffic, framework.Clean)}, framework.Inconclusive},
		{"unknown", framework.Gate{Step: framework.Data}, []framework.Result{clean, result(framework.Data, framework.Unknown)}, framework.Inconclusive},
		{"unknown later", framework.Gate{Step: framework.Application}, []framework.Result{clean, result(framework.Data, framework.Unknown)}, framework.Ready},
		{"a status nobody knows", framework.Gate{Step: framework.Data}, []framework.Result{clean, result(framework.Data, "fine")}, framework.Inconclusive},
		{"blocker", framework.Gate{Step: framework.Data}, []framework.Result{result(framework.Data, framework.Found, framework.Blocker)}, framework.Blocked},
		{"blocker before", framework.Gate{Step: framework.Retire}, []framework.Result{result(framework.Data, framework.Found, framework.Blocker)}, framework.Blocked},
		{"blocker later", framework.Gate{Step: framework.Application}, []framework.Result{clean, result(framework.Data, framework.Found, framework.Blocker)}, framework.Ready},
		{"blocker and unknown", framework.Gate{Step: framework.Data}, []framework.Result{result(framework.Data, framework.Unknown, framework.Blocker)}, framework.Blocked},
		{"warning", framework.Gate{Step: framework.Data}, []framework.Result{result(framework.Data, framework.Found, framework.Warning)}, framework.Ready},
		{"warning counts", framework.Gate{Step: framework.Data, FailOn: framework.Warning}, []framework.Result{result(framework.Data, framework.Found, framework.Warning)}, framework.Blocked},
		{"info counts", framework.Gate{Step: framework.Data, FailOn: framework.Info}, []framework.Result{result(framework.Data, framework.Found, framework.Info)}, framework.Blocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.gate.Decide(&framework.Report{Results: tt.results}); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
