package e2e

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// expected is everything that the checks find about the applications of
// testdata, worst first, then by object. A finding of the source unless a
// cluster is named.
var expected = map[string][]string{
	"api/removed": {
		"blocker PodSecurityPolicy restricted",
		"warning CronJob billing/invoices",
		"warning EndpointSlice chat/directory-external",
		"warning HorizontalPodAutoscaler shop/checkout",
		"warning PodDisruptionBudget shop/checkout",
	},
	"api/deprecated":       {},
	"cluster/same-cluster": {},
	"cluster/version-skew": {},
	"scheduling/node-labels": {
		"blocker Deployment chat/rooms",
		"blocker DaemonSet monitoring/etcd-metrics",
		"blocker StatefulSet orders/mysql",
		"blocker Deployment shop/storefront",
		"warning PersistentVolume d-orders-0",
		"warning PersistentVolume d-orders-1",
		"info StorageClass ssd-zonal",
	},
	"traffic/external-traffic-policy": {
		"warning Service chat/rooms",
		"warning Service shop/storefront",
		"info Service chat/rooms",
	},
	"traffic/kube-proxy-mode": {
		"warning Service chat/rooms",
		"warning Node dst-control-1 (target)",
		"warning Node dst-worker-1 (target)",
		"warning Node dst-worker-2 (target)",
		"warning Node dst-worker-3 (target)",
		"info ConfigMap kube-system/kube-proxy",
		"info ConfigMap kube-system/kube-proxy (target)",
	},
	"traffic/pre-stop": {
		"warning Deployment chat/rooms",
		"warning Deployment shop/storefront",
		"info StatefulSet orders/mysql",
	},
	"workload/sleep-action": {},
	"traffic/readiness-probe": {
		"blocker Deployment shop/storefront",
	},
}

// sound are the workloads and Services that nothing may be found about.
var sound = []string{"Deployment shop/checkout", "Service shop/checkout", "Ingress shop/shop", "Service chat/directory"}

// TestFindings runs every check against both clusters and compares what is
// found with what was put there.
func TestFindings(t *testing.T) {
	c := clusters(t)
	out := precheck(t, live(admin(t, c.source), admin(t, c.target), "-o", "json")...).must(t, blocked)
	if lines := out.complaints(t); len(lines) > 0 {
		t.Errorf("stderr is %q, want nothing", lines)
	}
	r := out.report(t)
	for check, want := range expected {
		got := []string{}
		for _, f := range r.result(t, check).Findings {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", check, diff)
		}
	}
	for _, each := range r.Results {
		if each.Status != "clean" && each.Status != "found" {
			t.Errorf("%s is %s: %s", each.Check, each.Status, each.Reason)
		}
		for _, f := range each.Findings {
			if slices.ContainsFunc(sound, func(object string) bool { return strings.HasSuffix(f.String(), " "+object) }) {
				t.Errorf("%s finds %s: %s", each.Check, f, f.Message)
			}
		}
	}
	for step, verdict := range r.Verdicts {
		if verdict != "blocked" {
			t.Errorf("verdict of %s is %s, want blocked", step, verdict)
		}
	}
}

// String says what was found where.
func (f finding) String() string {
	name := strings.TrimPrefix(f.Object.Namespace+"/"+f.Object.Name, "/")
	text := fmt.Sprintf("%s %s %s", f.Severity, f.Object.Kind, name)
	if f.Cluster != "source" {
		text += " (" + f.Cluster + ")"
	}
	return text
}

// TestSameCluster gives one cluster twice, through different kubeconfigs.
func TestSameCluster(t *testing.T) {
	c := clusters(t)
	out := precheck(t, live(admin(t, c.source), admin(t, c.source), "-o", "json", "--checks", "cluster")...).must(t, blocked)
	if found := out.report(t).with("found"); !slices.Contains(found, "cluster/same-cluster") {
		t.Errorf("found are %q, want cluster/same-cluster among them", found)
	}
}

// TestFormats writes every format in one run and reads it as others would.
func TestFormats(t *testing.T) {
	c := clusters(t)
	dir := t.TempDir()
	jsonFile, junitFile := filepath.Join(dir, "report.json"), filepath.Join(dir, "junit.xml")
	args := live(admin(t, c.source), admin(t, c.target), "-o", "json="+jsonFile, "-o", "junit="+junitFile, "-o", "table")
	out := precheck(t, args...).must(t, blocked)
	for line := range strings.Lines(out.stdout) {
		if width := len([]rune(strings.TrimRight(line, "\n"))); width > 80 {
			t.Errorf("the table has a line of %d columns: %q", width, line)
		}
	}
	for _, want := range []string{"PodSecurityPolicy restricted", "v1.24.17", "v1.37.2", "blocked"} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, out.stdout)
		}
	}
	data, err := os.ReadFile(jsonFile)
	if err != nil {
		t.Fatal(err)
	}
	checkSchema(t, string(data))
	checkJUnit(t, junitFile, outcome{stdout: string(data)}.report(t))
}

// checkSchema validates a report with the published schema.
func checkSchema(t *testing.T, text string) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("..", "framework", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("the report breaks its schema: %v", err)
	}
}

// A suite is a <testsuite> of JUnit.
type suite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Cases    []struct {
		Name      string     `xml:"name,attr"`
		Classname string     `xml:"classname,attr"`
		Failures  []struct{} `xml:"failure"`
		Errors    []struct{} `xml:"error"`
	} `xml:"testcase"`
}

// checkJUnit reads the file strictly: a suite for each domain, a case for each
// check, and numbers that agree with the cases and the report.
func checkJUnit(t *testing.T, file string, r report) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, s := range document.Suites {
		failures := 0
		for _, c := range s.Cases {
			if len(c.Failures) > 0 {
				failures++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != 0 {
			t.Errorf("suite %s counts %d tests, %d failures, %d errors; it has %d, %d, 0", s.Name, s.Tests, s.Failures, s.Errors, len(s.Cases), failures)
		}
		cases += len(s.Cases)
	}
	domains := map[string]bool{}
	for _, each := range r.Results {
		domain, _, _ := strings.Cut(each.Check, "/")
		domains[domain] = true
	}
	if cases != len(r.Results) || len(document.Suites) != len(domains) {
		t.Errorf("JUnit has %d cases in %d suites, want %d in %d", cases, len(document.Suites), len(r.Results), len(domains))
	}
}
