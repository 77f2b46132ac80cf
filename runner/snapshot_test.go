package runner_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/runner"
)

// apiServer answers the few requests that the test checks make. It refuses the
// namespaces when they are forbidden.
func apiServer(t *testing.T, answers map[string]string) (kubeconfig string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodGet {
			t.Errorf("%s %s is no read", r.Method, r.URL.Path)
		}
		answer, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			answer = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"` + r.URL.Path + ` is forbidden"}`
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, fmt.Appendf(nil, oneContext, strings.TrimPrefix(server.URL, "http://")), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

func answers() map[string]string {
	return map[string]string{
		"/version": `{"major":"1","minor":"20","gitVersion":"v1.20.11"}`,
		"/api":     `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],
			"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}]}`,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[
			{"name":"namespaces","kind":"Namespace","verbs":["create","get","list"]}]}`,
		"/apis/apps/v1": `{"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
			{"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["create","get","list"]}]}`,
		"/api/v1/namespaces/kube-system": `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"1234"}}`,
		"/api/v1/namespaces":             `{"kind":"NamespaceList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"shop"}}]}`,
		"/apis/apps/v1/deployments": `{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":[
			{"metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":1}}]}`,
	}
}

// run is one run of the program.
func run(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = runner.Run(t.Context(), testChecks(), args, runner.Streams{Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

func readReport(t *testing.T, text string) *framework.Report {
	t.Helper()
	r, err := framework.ReadReport(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const selected = "--checks=workload/*"

// A cluster, its snapshot as a directory and as an archive give one answer.
func TestSnapshot(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1767323045")
	kubeconfig := apiServer(t, answers())
	code, want, talk := run(t, "run", "--source-kubeconfig", kubeconfig, "--target-version", "v1.37", selected, "-o", "json")
	if code != runner.ExitReady || talk != "" {
		t.Fatalf("run: exit code %d, stderr %q", code, talk)
	}
	for _, name := range []string{"saved", "saved.tar.gz"} {
		path := filepath.Join(t.TempDir(), name)
		for _, force := range []string{"--force=false", "--force"} {
			if code, out, talk := run(t, "snapshot", "--kubeconfig", kubeconfig, selected, "-o", path, force); code != runner.ExitReady || out+talk != "" {
				t.Fatalf("snapshot -o %s %s: exit code %d, %s%s", name, force, code, out, talk)
			}
		}
		code, got, talk := run(t, "run", "--source", path, "--target-version", "v1.37", selected, "-o", "json")
		if code != runner.ExitReady || talk != "" {
			t.Fatalf("run --source %s: exit code %d, stderr %q", name, code, talk)
		}
		live, saved := readReport(t, want), readReport(t, got)
		if live.Source.UID != "1234" || live.Source.UID != saved.Source.UID || live.Source.Version != saved.Source.Version {
			t.Errorf("%s: identities are %+v and %+v", name, live.Source, saved.Source)
		}
		if len(live.Results) != 2 || len(live.Results[0].Findings)+len(live.Results[1].Findings) != 2 {
			t.Fatalf("results: %+v", live.Results)
		}
		for i, result := range live.Results {
			for j, f := range result.Findings {
				if got := saved.Results[i].Findings[j]; got.Message != f.Message || got.Object.Name != f.Object.Name {
					t.Errorf("%s: finding %+v, want %+v", name, got, f)
				}
			}
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("%s: files were left behind: %v", name, entries)
		}
	}
}

// What may not be read is missing in the snapshot, and unknown when it is read back.
func TestIncompleteSnapshot(t *testing.T) {
	some := answers()
	delete(some, "/apis/apps/v1/deployments")
	kubeconfig := apiServer(t, some)
	path := filepath.Join(t.TempDir(), "saved.tar.gz")
	code, _, talk := run(t, "snapshot", "--kubeconfig", kubeconfig, selected, "-o", path)
	if code != runner.ExitInconclusive || strings.Count(talk, "precheck: cluster: deployments.apps: ") != 1 || strings.Count(talk, "\n") != 2 {
		t.Errorf("snapshot: exit code %d, stderr %q", code, talk)
	}
	code, out, _ := run(t, "run", "--source", path, "--target-version", "v1.37", selected, "-o", "json")
	if code != runner.ExitInconclusive {
		t.Errorf("run: exit code %d", code)
	}
	for _, result := range readReport(t, out).Results {
		want := map[string]framework.Status{"workload/replicas": framework.Unknown, "workload/namespaces": framework.Found}[result.Check]
		if result.Status != want {
			t.Errorf("%s is %s, want %s", result.Check, result.Status, want)
		}
	}
}

// A gate that is given the cluster compares it with that of the report.
func TestGateAsksClusters(t *testing.T) {
	kubeconfig := apiServer(t, answers())
	other := answers()
	other["/api/v1/namespaces/kube-system"] = `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"5678"}}`
	target := apiServer(t, other)
	report := filepath.Join(t.TempDir(), "report.json")
	if code, _, talk := run(t, "run", "--source-kubeconfig", kubeconfig, "--target-kubeconfig", target, selected, "-o", "json="+report); code != runner.ExitReady {
		t.Fatalf("run: exit code %d, %s", code, talk)
	}
	gate := []string{"gate", "--report", report, "--step", "retire", "--source-kubeconfig"}
	if code, out, talk := run(t, append(gate, kubeconfig, "--target-kubeconfig", target)...); code != runner.ExitReady {
		t.Errorf("the clusters of the report: exit code %d, %s%s", code, out, talk)
	}
	code, out, _ := run(t, append(gate, target)...)
	if code != runner.ExitInconclusive || !strings.Contains(out, "another source cluster (1234) than the one") {
		t.Errorf("another cluster: exit code %d, %s", code, out)
	}
}
