package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/framework"
)

// head is the METADATA and the package of test/rule.rego; the package is in
// line 11 and the rules follow from line 13.
const head = `# METADATA
# title: pods need a label
# description: An explanation.
# related_resources:
# - ref: https://kubernetes.io/docs/
# custom:
#   severity: warning
#   step: application
#   remedy: Add the label.
#   {more}
package precheck.test.rule

`

// ruleWith is test/rule.rego with more custom keys (as a YAML flow) and rules.
func ruleWith(more, rules string) string {
	return strings.Replace(head, "{more}", more, 1) + rules
}

func one(text string) fstest.MapFS { return fstest.MapFS{"test/rule.rego": {Data: []byte(text)}} }

func TestLoadMakesCheck(t *testing.T) {
	checks, err := Load(one(ruleWith("source: [pods, version]\n#   target: [nodes]\n#   params: {limit: 3, names: [a], on: true}",
		`deny contains "found" if {
	input.source.pods[_].spec.replicas > input.params.limit
	input.source.version.minor > 20
	input.target.nodes[_].metadata.name in input.params.names
	input.params.on
}
`)))
	if err != nil {
		t.Fatal(err)
	}
	c := checks[0]
	got := []string{c.ID, c.Doc, c.Remedy, c.Severity.String(), c.Step.String(), fmt.Sprint(c.Source), fmt.Sprint(c.Target), fmt.Sprintf("%+v", c.Params)}
	want := []string{
		"test/rule", "pods need a label\n\nAn explanation.\n\nSources:\n- https://kubernetes.io/docs/", "Add the label.",
		"warning", "application", "[pods version]", "[nodes]", "&{Limit:3 Names:[a] On:true}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("check (-want +got):\n%s", diff)
	}
	if err := framework.Validate(checks); err != nil {
		t.Error(err)
	}
}

const each = "each: pods"

// refused are policies with one silent door each: what stands below custom, the
// rules, and the beginning of the error, which must be one line.
type refused map[string]struct{ custom, rules, want string }

func (r refused) test(t *testing.T) {
	t.Helper()
	for name, c := range r {
		t.Run(name, func(t *testing.T) {
			_, err := Load(one(ruleWith(c.custom, c.rules+"\n")))
			wantError(t, err, c.want)
		})
	}
}

func TestLoadRefusesInput(t *testing.T) {
	refused{
		"misspelt input": {"source: [pods]", `deny contains "x" if input.sorce.pods`,
			`test/rule.rego:13: input.sorce.pods is not declared in custom; did you mean source?`},
		"undeclared resource": {"source: [pods]", `deny contains "x" if { input.source.pods; input.source.services[_] }`,
			`test/rule.rego:13: input.source.services[_] is not declared in custom (want one of now, source.pods)`},
		"undeclared target": {"source: [pods]", `deny contains "x" if { input.source.pods; input.target.pods }`,
			`test/rule.rego:13: input.target.pods is not declared in custom (want one of now, source)`},
		"undeclared version": {"source: [pods]", `deny contains "x" if { input.source.pods; input.source.version.minor > 3 }`,
			`test/rule.rego:13: input.source.version.minor is not declared in custom (want one of now, source.pods)`},
		"misspelt field of the version": {"source: [version]", `deny contains "x" if input.source.version.mnor > 3`,
			`test/rule.rego:13: undefined ref: input.source.version.mnor (want one of "major" "minor" "text")`},
		"parameter": {each + "\n#   params: {limit: 1}", `deny contains "x" if { input.object.spec; input.params.limits > 1 }`,
			`test/rule.rego:14: input.params.limits is not declared in custom; did you mean params.limit?`},
		"type of a parameter": {each + "\n#   params: {limit: 1}", `deny contains "x" if input.params.limit == "many"`,
			`test/rule.rego:14: match error (left : number, right : string)`},
		"object without each": {"source: [pods]", `deny contains "x" if { input.source.pods; input.object.spec }`,
			`test/rule.rego:13: input.object.spec is not declared in custom (want one of now, source)`},
		"field of a workload": {"each: workloads", `deny contains "x" if input.object.spec.replicas == 0`,
			`test/rule.rego:13: undefined ref: input.object.spec.replicas (want one of "apiVersion" "kind" "metadata" "replicas" "services" "template")`},
		"ingresses of a service without declaring": {"each: workloads", `deny contains "x" if input.object.services[_].ingresses`,
			`test/rule.rego:13: undefined ref: input.object.services[_].ingresses (want one of "containers" "externalIPs" "externalTrafficPolicy" "headless" "name" "ports" "publishNotReadyAddresses" "reachedBy" "receivers" "type" "undeclared")`},
		"whole input": {each, `deny contains "x" if object.get(input, "sorce", 1) == 1`,
			`test/rule.rego:13: input is too much at once; name what is read (now, object)`},
		"key that is computed": {"source: [pods]", `deny contains "x" if { some k; input.source[k] }`,
			`test/rule.rego:13: input.source[k] is too much at once; name what is read (now, source.pods)`},
		"alias of input": {"source: [pods]", `deny contains "x" if { s := input.source; s.podz }`,
			`test/rule.rego:13: input.source is too much at once; name what is read (now, source.pods)`},
		"import of input": {"source: [pods]", "import input.sorce as s\n" + `deny contains "x" if s.pods`,
			`test/rule.rego:13: input.sorce is not declared in custom; did you mean source?`},
		"input replaced": {each, `deny contains "x" if input.object.spec with input.object as {"spec": 1}`,
			`test/rule.rego:13: with input.object belongs into tests`},
		"declared and never used": {"source: [pods, services]", `deny contains "x" if input.source.pods`,
			`test/rule.rego:11: custom declares source.services, and the policy never uses input.source.services`},
	}.test(t)
}

func TestLoadRefusesRules(t *testing.T) {
	refused{
		"no deny": {each, `denny contains "x" if input.object.spec`,
			`test/rule.rego:11: there is no rule deny (rules: denny)`},
		"deny is no set": {each, `deny := "x" if input.object.spec`,
			`test/rule.rego:13: deny must be a set of findings: deny contains finding if { ... }`},
		"deny is a function": {each, `deny(x) := x if input.object.spec`,
			`test/rule.rego:13: deny must be a set of findings: deny contains finding if { ... }`},
		"rule that deny does not use": {each, "deny contains \"x\" if input.object.spec\n\nwarn contains \"y\" if input.object.status",
			`test/rule.rego:15: deny does not use the rule warn; what it finds would never be reported`},
		"reference to no rule": {each, `deny contains "x" if { input.object.spec; data.precheck.lib.nothing.here }`,
			`test/rule.rego:13: data.precheck.lib.nothing.here is no rule`},
		"reference to all data": {each, `deny contains "x" if { input.object.spec; data[_].lib }`,
			`test/rule.rego:13: data[_].lib is no rule`},
		"misspelt rule of a library of names": {each, "deny contains x if {\n\tx := names.b\n\tnames.a\n}\n\nnames.a := input.object.spec",
			`test/rule.rego:14: data.precheck.test.rule.names.b is no rule`},
		"unknown function": {each, `deny contains "x" if starts_with(input.object.kind, "P")`,
			`test/rule.rego:13: undefined function starts_with`},
		"unused variable": {each, "deny contains \"x\" if {\n\tname := input.object.metadata.name\n}",
			`test/rule.rego:14: assigned var name unused`},
		"network": {each, `deny contains "x" if http.send({"url": input.object.spec.url, "method": "get"}).status_code == 200`,
			`test/rule.rego:13: undefined function http.send`},
		"network by replacement": {each, `deny contains "x" if is_object(input.object) with is_object as http.send`,
			`test/rule.rego:13: http has no value here, or is a function that policies do not have`},
		"name service": {each, `deny contains "x" if net.lookup_ip_addr(input.object.spec.host)`,
			`test/rule.rego:13: undefined function net.lookup_ip_addr`},
		"environment": {each, `deny contains "x" if opa.runtime().env[input.object.kind]`,
			`test/rule.rego:13: undefined function opa.runtime`},
		"chance": {each, `deny contains "x" if rand.intn(input.object.kind, 5) == 1`,
			`test/rule.rego:13: undefined function rand.intn`},
		"random name": {each, `deny contains uuid.rfc4122(input.object.kind)`,
			`test/rule.rego:13: undefined function uuid.rfc4122`},
		"clock": {each, `deny contains "x" if time.now_ns() > input.object.spec.until`,
			`test/rule.rego:13: undefined function time.now_ns`},
		"managedFields": {each, `deny contains "x" if input.object.metadata.managedFields`,
			`test/rule.rego:13: managedFields is not in a snapshot; a check in Go can read the inventory, which has their essence`},
		"managedFields as text": {each, `deny contains "x" if object.get(input.object, ["metadata", "managedFields"], [])`,
			`test/rule.rego:13: managedFields is not in a snapshot; a check in Go can read the inventory, which has their essence`},
		"last applied": {each, `deny contains "x" if input.object.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]`,
			`test/rule.rego:13: kubectl.kubernetes.io/last-applied-configuration is not in a snapshot; a check in Go can read the inventory, which has its essence`},
		"value of a secret": {"each: secrets", `deny contains "x" if input.object.data.password`,
			`test/rule.rego:13: input.object.data.password is not in a snapshot with its values; no value of a Secret or ConfigMap is kept`},
		"environment value by index": {each, `deny contains "x" if input.object.spec.containers[_].env[_].value == "y"`,
			`test/rule.rego:13: the value of an environment variable is not in a snapshot, because people write secrets there; the name is`},
		"environment value by element": {each, "deny contains \"x\" if {\n\tsome c in input.object.spec.containers\n\tsome e in c.env\n\te.value == \"y\"\n}",
			`test/rule.rego:16: the value of an environment variable is not in a snapshot, because people write secrets there; the name is`},
		"unknown custom key": {each + "\n#   paramz: {}", `deny contains "x" if input.object.spec`,
			`test/rule.rego:1: custom has the unknown key "paramz"; did you mean params?`},
		"singular resource": {"each: pod", `deny contains "x" if input.object.spec`,
			`test/rule.rego:1: custom.each: "pod" is no resource; did you mean pods?`},
		"resource without its group": {"each: deployments", `deny contains "x" if input.object.spec`,
			`test/rule.rego:1: custom.each: "deployments" is no resource of the core group (a resource of another group is written with it: deployments.apps)`},
		"misspelt resource of a group": {"each: deploymnets.apps", `deny contains "x" if input.object.spec`,
			`test/rule.rego:1: custom.each: "deploymnets.apps" is no resource; did you mean deployments.apps?`},
		"each of a word": {"each: version", `deny contains "x" if input.object.spec`,
			`test/rule.rego:1: custom.each: "version" is no list of objects`},
		"parameter that is an object": {each + "\n#   params: {a: {b: 1}}", `deny contains "x" if input.params.a`,
			`test/rule.rego:1: custom.params: the default of the parameter "a" must be text, a number, true or false, or a list of one of these`},
		"syntax": {each, "deny contains \"x\" if {\n\tinput.object.spec ==\n}",
			`test/rule.rego:15: unexpected } token`},
		"METADATA on the rule": {each, "# METADATA\n# custom: {severity: info}\ndeny contains \"x\" if input.object.spec",
			`test/rule.rego:13: custom belongs into the METADATA above the package`},
		"schemas of one's own": {each, "# METADATA\n# schemas:\n# - input: {type: object}\ndeny contains \"x\" if input.object.spec",
			`test/rule.rego:13: METADATA has the key "schemas"; the schema of input follows from custom`},
	}.test(t)
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error (want %s)", want)
	}
	if got := err.Error(); !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
		t.Errorf("error:\n got %s\nwant %s", got, want)
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	good := ruleWith("each: pods", "deny contains \"x\" if input.object.spec\n")
	library := "package precheck.lib.a\n\nf(x) := x\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no file":             {map[string]string{"README.md": "x"}, "there is no .rego file"},
		"only a library":      {map[string]string{"lib/a.rego": library}, "there is no policy, only libraries"},
		"only a test":         {map[string]string{"test/rule_test.rego": "package x"}, "there is no .rego file"},
		"empty file":          {map[string]string{"test/rule.rego": ""}, "test/rule.rego:1: the file is empty"},
		"no domain":           {map[string]string{"rule.rego": good}, "rule.rego: a policy is a file in a directory named after its domain"},
		"too deep":            {map[string]string{"a/test/rule.rego": good}, "a/test/rule.rego: a policy is a file in a directory named after its domain"},
		"package beside path": {map[string]string{"test/other-rule.rego": good}, "test/other-rule.rego:11: the package is precheck.test.rule (want precheck.test.other_rule, after the path)"},
		"upper case":          {map[string]string{"test/Rule.rego": strings.Replace(good, "test.rule", "test.Rule", 1)}, `test/Rule.rego:1: check "test/Rule": the ID must be`},
		"data file":           {map[string]string{"test/rule.rego": good, "test/data.json": "{}"}, "test/data.json: data files are not read"},
		"no METADATA":         {map[string]string{"test/rule.rego": "package precheck.test.rule\n\ndeny contains \"x\"\n"}, "test/rule.rego:1: there is no METADATA comment above the package"},
		"misspelt METADATA":   {map[string]string{"test/rule.rego": strings.Replace(good, "# description", "# descripton", 1)}, `test/rule.rego:1: METADATA has the unknown key "descripton"; did you mean description?`},
		"no title":            {map[string]string{"test/rule.rego": strings.Replace(good, "# title: pods need a label\n", "", 1)}, `test/rule.rego:1: METADATA has no title`},
		"upper-case title":    {map[string]string{"test/rule.rego": strings.Replace(good, "title: pods", "title: Pods", 1)}, `test/rule.rego:1: check "test/rule": the Doc must begin with a title in lower case`},
		"no severity":         {map[string]string{"test/rule.rego": strings.Replace(good, "#   severity: warning\n", "", 1)}, `test/rule.rego:1: custom has no severity (want info, warning or blocker)`},
		"unknown severity":    {map[string]string{"test/rule.rego": strings.Replace(good, "severity: warning", "severity: high", 1)}, `test/rule.rego:1: custom.severity is "high" (want info, warning or blocker)`},
		"source is no list":   {map[string]string{"test/rule.rego": strings.Replace(good, "each: pods", "source: pods", 1)}, `test/rule.rego:1: custom.source is "pods" (want a list of resources)`},
		"v0":                  {map[string]string{"test/rule.rego": "package precheck.test.rule\n\ndeny[msg] {\n\tmsg := \"x\"\n}\n"}, "test/rule.rego:1: it is written in Rego v0; rewrite it with: opa fmt --write --v0-v1 test/rule.rego"},
		"too large":           {map[string]string{"test/rule.rego": good + strings.Repeat("# more\n", 200_000)}, "test/rule.rego: it has 14"},
		"library reads input": {map[string]string{"test/rule.rego": good, "lib/a.rego": "package precheck.lib.a\n\nf(x) := input.now if x\n"}, "lib/a.rego:3: a library cannot read input.now; give its functions what they need as arguments"},
		"library of no path":  {map[string]string{"test/rule.rego": good, "lib/b.rego": library}, "lib/b.rego:1: the package is precheck.lib.a (want precheck.lib.b, after the path)"},
		"other policy": {map[string]string{"test/rule.rego": good, "test/two.rego": strings.Replace(strings.Replace(good, "test.rule", "test.two", 1), `"x" if`, `"x" if data.precheck.test.rule.deny["x"]; `, 1)},
			"test/two.rego:13: "},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for file, text := range c.files {
				fsys[file] = &fstest.MapFile{Data: []byte(text)}
			}
			_, err := Load(fsys)
			wantError(t, err, c.want)
		})
	}
}

func TestLoadAcceptsRulesBelowAName(t *testing.T) {
	_, err := Load(one(ruleWith("each: pods", "deny contains names[input.object.kind]\n\nnames.Pod := \"x\"\n\nnames.Node := \"y\"\n")))
	if err != nil {
		t.Error(err)
	}
}

func TestLoadFollowsLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	good := ruleWith("each: pods", "deny contains \"x\" if input.object.spec\n")
	for _, err := range []error{
		os.WriteFile(filepath.Join(elsewhere, "rule.rego"), []byte(good), 0o600),
		os.Mkdir(filepath.Join(dir, "test"), 0o700),
		os.Symlink(filepath.Join(elsewhere, "rule.rego"), filepath.Join(dir, "test", "rule.rego")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if checks, err := Load(os.DirFS(dir)); err != nil || len(checks) != 1 {
		t.Errorf("a link to a file: %d checks, %v", len(checks), err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "more")); err != nil {
		t.Fatal(err)
	}
	_, err := Load(os.DirFS(dir))
	wantError(t, err, "more: it links to a directory, which is not followed; give that directory itself")
}

func TestLoadPassesOver(t *testing.T) {
	fsys := one(ruleWith("each: pods", "deny contains \"x\" if input.object.spec\n"))
	for _, name := range []string{".git/a.rego", "test/testdata/b.rego", "test/rule_test.rego", "README.md"} {
		fsys[name] = &fstest.MapFile{Data: []byte("no Rego")}
	}
	if checks, err := Load(fsys); err != nil || len(checks) != 1 {
		t.Errorf("%d checks, %v", len(checks), err)
	}
}

func TestLoadReportsEveryMistake(t *testing.T) {
	bad := ruleWith("each: pods", "deny contains \"x\" if { input.object.spec; input.sorce }\n")
	fsys := fstest.MapFS{
		"test/rule.rego": {Data: []byte(bad)},
		"test/zwei.rego": {Data: []byte(strings.Replace(bad, "test.rule", "test.zwei", 1))},
	}
	_, err := Load(fsys)
	want := "test/rule.rego:13: input.sorce is not declared in custom (want one of now, object)\n" +
		"test/zwei.rego:13: input.sorce is not declared in custom (want one of now, object)"
	if err == nil || err.Error() != want {
		t.Errorf("error:\n got %v\nwant %s", err, want)
	}
}

func TestLoadUsesLibrariesOfBoth(t *testing.T) {
	embedded := fstest.MapFS{
		"lib/theirs.rego":    {Data: []byte("package precheck.lib.theirs\n\nyes(x) if x.spec\n")},
		"other/broken.rego":  {Data: []byte("package broken\n")},
		"lib/unused_it.rego": {Data: []byte("package precheck.lib.unused_it\n\nno(x) := x\n")},
	}
	user := one(ruleWith("each: pods", `import data.precheck.lib.theirs
import data.lib.ours

deny contains "x" if {
	theirs.yes(input.object)
	ours.yes(input.object)
}
`))
	user["lib/ours.rego"] = &fstest.MapFile{Data: []byte("package lib.ours\n\nyes(x) if x.status\n")}
	checks, err := Load(user, embedded)
	if err != nil || len(checks) != 1 {
		t.Fatalf("Load = %d checks, %v", len(checks), err)
	}
	user["lib/theirs.rego"] = &fstest.MapFile{Data: []byte("package precheck.lib.theirs\n\nyes(x) if x.metadata\n")}
	_, err = Load(user, embedded)
	wantError(t, err, "lib/theirs.rego:1: the package precheck.lib.theirs is that of lib/theirs.rego as well; use another name")
}
