package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/runner/render"
)

// element is what junit-10.xsd (jenkinsci/xunit-plugin) says of an element,
// without the ones that no renderer here writes.
type element struct {
	children, attributes, required []string
	text                           bool
}

var junit10 = map[string]element{
	"testsuites": {children: []string{"testsuite"}, attributes: []string{"name", "time", "tests", "failures", "errors"}},
	"testsuite": {
		children:   []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
		attributes: []string{"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
		required:   []string{"name", "tests", "failures", "errors"},
	},
	"properties": {children: []string{"property"}},
	"property":   {attributes: []string{"name", "value"}, required: []string{"name", "value"}},
	"testcase": {
		children:   []string{"skipped", "error", "failure", "system-out", "system-err"},
		attributes: []string{"name", "time", "classname", "group"}, required: []string{"name"},
	},
	"skipped":    {attributes: []string{"type", "message"}, text: true},
	"error":      {attributes: []string{"type", "message"}, text: true},
	"failure":    {attributes: []string{"type", "message"}, text: true},
	"system-out": {text: true},
	"system-err": {text: true},
}

func junitOf(t *testing.T, r *framework.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.JUnit(&b, r, render.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// conforms checks the document against the structure above.
func conforms(t *testing.T, data []byte) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(data))
	var path []string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("is no XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			start(t, path, token)
			path = append(path, token.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && !junit10[path[len(path)-1]].text && strings.TrimSpace(string(token)) != "" {
				t.Errorf("%v holds text: %q", path, token)
			}
		}
	}
}

func start(t *testing.T, path []string, e xml.StartElement) {
	t.Helper()
	name := e.Name.Local
	if len(path) == 0 && name != "testsuites" || len(path) > 0 && !slices.Contains(junit10[path[len(path)-1]].children, name) {
		t.Errorf("%v holds a %s", path, name)
	}
	rule := junit10[name]
	var given []string
	for _, a := range e.Attr {
		given = append(given, a.Name.Local)
		if !slices.Contains(rule.attributes, a.Name.Local) {
			t.Errorf("%s has the attribute %s", name, a.Name.Local)
		}
		if a.Name.Local == "time" && !regexp.MustCompile(`^(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?$`).MatchString(a.Value) {
			t.Errorf("%s has the time %q", name, a.Value)
		}
	}
	for _, r := range rule.required {
		if !slices.Contains(given, r) {
			t.Errorf("%s lacks the attribute %s", name, r)
		}
	}
}

func TestJUnit(t *testing.T) {
	for name, r := range map[string]*framework.Report{"long": longReport(t), "nasty": nastyReport(t)} {
		t.Run(name, func(t *testing.T) { conforms(t, junitOf(t, r)) })
	}
	short := longReport(t)
	short.Results[0].Findings = short.Results[0].Findings[410:]
	golden(t, "junit.xml", string(junitOf(t, short)))
}

// What a reader of the file gets.
type (
	gotSuites struct {
		Tests    string     `xml:"tests,attr"`
		Failures string     `xml:"failures,attr"`
		Errors   string     `xml:"errors,attr"`
		Suites   []gotSuite `xml:"testsuite"`
	}
	gotSuite struct {
		Name      string    `xml:"name,attr"`
		Tests     int       `xml:"tests,attr"`
		Failures  int       `xml:"failures,attr"`
		Errors    int       `xml:"errors,attr"`
		Skipped   int       `xml:"skipped,attr"`
		Timestamp string    `xml:"timestamp,attr"`
		Cases     []gotCase `xml:"testcase"`
	}
	gotCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure []gotEnd `xml:"failure"`
		Error   []gotEnd `xml:"error"`
		Skipped []gotEnd `xml:"skipped"`
		Out     string   `xml:"system-out"`
	}
	gotEnd struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func TestJUnitCounts(t *testing.T) {
	var got gotSuites
	if err := xml.Unmarshal(junitOf(t, longReport(t)), &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	tests, failures, errs := 0, 0, 0
	for _, s := range got.Suites {
		names = append(names, s.Name)
		tests, failures, errs = tests+s.Tests, failures+s.Failures, errs+s.Errors
		if s.Timestamp != "2026-01-02T03:04:05Z" {
			t.Errorf("%s has the timestamp %s", s.Name, s.Timestamp)
		}
		var counted gotSuite
		for _, c := range s.Cases {
			counted.Failures += len(c.Failure)
			counted.Errors += len(c.Error)
			counted.Skipped += len(c.Skipped)
		}
		if s.Tests != len(s.Cases) || s.Failures != counted.Failures || s.Errors != counted.Errors || s.Skipped != counted.Skipped {
			t.Errorf("%s miscounts: %+v, counted %+v", s.Name, s, counted)
		}
	}
	if diff := cmp.Diff([]string{"api", "cluster", "scheduling", "storage", "traffic"}, names); diff != "" {
		t.Errorf("suites (-want +got):\n%s", diff)
	}
	want := []string{strconv.Itoa(tests), strconv.Itoa(failures), strconv.Itoa(errs)}
	if diff := cmp.Diff(want, []string{got.Tests, got.Failures, got.Errors}); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if tests != 8 || failures != 2 || errs != 3 {
		t.Errorf("%d tests, %d failures, %d errors; want 8, 2, 3", tests, failures, errs)
	}
}

func TestJUnitCases(t *testing.T) {
	var got gotSuites
	if err := xml.Unmarshal(junitOf(t, longReport(t)), &got); err != nil {
		t.Fatal(err)
	}
	cases := map[string]gotCase{}
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			if c.Class != s.Name {
				t.Errorf("%s has the classname %s", c.Name, c.Class)
			}
			cases[c.Name] = c
		}
	}
	removed := cases["api/removed"].Failure
	if len(removed) != 1 || removed[0].Type != "blocker" || !strings.Contains(removed[0].Text, "blocker: source Ingress shop/web-411: the target does not serve") {
		t.Errorf("api/removed: %+v", removed)
	}
	if f := cases["traffic/backends"].Failure; len(f) != 1 || f[0].Type != "warning" || f[0].Message != "service has no backend: 9 findings" {
		t.Errorf("traffic/backends: %+v", f)
	}
	if c := cases["cluster/version-skew"]; len(c.Failure) != 0 || !strings.Contains(c.Out, "info: target cluster: the target is 17 minors newer") {
		t.Errorf("cluster/version-skew: %+v", c)
	}
	if e := cases["traffic/readiness-probe"].Error; len(e) != 1 || e[0].Message != "source: pods: the cluster does not answer" || !strings.Contains(e[0].Text, "no readiness probe") {
		t.Errorf("traffic/readiness-probe: %+v", e)
	}
	if s := cases["storage/class-missing"].Skipped; len(s) != 1 || s[0].Message != "target: only the version of the cluster was given" {
		t.Errorf("storage/class-missing: %+v", s)
	}
	if c := cases["scheduling/node-labels"]; len(c.Failure)+len(c.Error)+len(c.Skipped) != 0 || c.Out != "" {
		t.Errorf("scheduling/node-labels: %+v", c)
	}
}

// Names come back as they are shown elsewhere, whatever they hold.
func TestJUnitKeepsNastyNames(t *testing.T) {
	var got gotSuites
	if err := xml.Unmarshal(junitOf(t, nastyReport(t)), &got); err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Suites[0].Cases {
		for _, end := range slices.Concat(c.Failure, c.Error) {
			if !strings.Contains(end.Text, render.Clean(nasty)) {
				t.Errorf("%s: the text %q lacks %q", c.Name, end.Text, render.Clean(nasty))
			}
		}
	}
}
