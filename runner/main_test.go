package runner_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/runner"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"precheck": func() { os.Exit(runner.Main(testChecks()...)) },
		"nochecks": func() { os.Exit(runner.Main()) },
		"invalid":  func() { os.Exit(runner.Main(&framework.Check{ID: "Bad"}, &framework.Check{ID: "Bad"})) },
	})
}

var update = flag.Bool("update", false, "rewrite what the scripts and golden files expect")

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SOURCE_DATE_EPOCH", "1767323045")
			e.Setenv("NO_COLOR", "")
			e.Setenv("KUBECONFIG", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "narrow": narrow},
	})
}

type replicaParams struct {
	Least int32    `json:"least"`
	Skip  []string `json:"skip,omitempty"`
}

// testChecks are checks that can end in every way.
func testChecks() []*framework.Check {
	return []*framework.Check{{
		ID: "storage/class-missing", Severity: framework.Blocker, Step: framework.Data,
		Doc:    "storage class of a claim does not exist on the target\n\nA claim whose class does not exist stays Pending.",
		Remedy: "Create the storage class on the target.",
		Source: []cluster.Resource{cluster.PersistentVolumeClaims},
		Target: []cluster.Resource{cluster.StorageClasses},
		Run:    classMissing,
	}, {
		ID: "workload/replicas", Severity: framework.Warning, Step: framework.Traffic,
		Doc:    "workload has too few replicas\n\nOne replica is down while its node is drained.",
		Remedy: "Run at least two replicas.",
		Source: []cluster.Resource{cluster.Deployments},
		Params: &replicaParams{Least: 2},
		Run:    replicas,
	}, {
		ID: "workload/namespaces", Severity: framework.Info, Step: framework.Application,
		Doc:    "namespaces are restored with their labels\n\nA namespace called broken makes this check fail.",
		Remedy: "Look at the labels.",
		Source: []cluster.Resource{cluster.Namespaces},
		Run:    namespaces,
	}, {
		ID: "cluster/identity", Severity: framework.Blocker, Step: framework.Application,
		Doc:    "both clusters are the same\n\nThe UID of kube-system tells.",
		Remedy: "Give another target.",
		Source: []cluster.Resource{cluster.UID}, Target: []cluster.Resource{cluster.UID},
		Run: identity,
	}, {
		ID: "cluster/everything", Severity: framework.Info, Step: framework.Application,
		Doc:    "counts the objects\n\nOf every resource.",
		Remedy: "Read the count.",
		Source: []cluster.Resource{cluster.Inventory}, Run: everything,
	}, {
		ID: "cluster/proxy-mode", Severity: framework.Info, Step: framework.Traffic,
		Doc:    "mode of kube-proxy\n\nReads the configuration.",
		Remedy: "Compare the modes.",
		Source: []cluster.Resource{proxyConfig}, Target: []cluster.Resource{cluster.API},
		Run: proxyMode,
	}}
}

var proxyConfig = &cluster.ConfigMapData{
	Name: "kube-proxy-config", Namespace: "kube-system",
	Keep: func(_, key, value string) (string, bool) { return value, key == "mode" },
}

func classMissing(_ context.Context, p *framework.Pass) error {
	for claim := range cluster.PersistentVolumeClaims.In(p.Source) {
		if claim.Spec.StorageClassName == nil {
			continue
		}
		if _, ok := cluster.StorageClasses.Get(p.Target, "", *claim.Spec.StorageClassName); !ok {
			p.Reportf(claim, "storage class %q does not exist on the target", *claim.Spec.StorageClassName)
		}
	}
	return nil
}

func replicas(_ context.Context, p *framework.Pass) error {
	least := p.Params.(*replicaParams).Least
	for d := range cluster.Deployments.In(p.Source) {
		if d.Spec.Replicas != nil && *d.Spec.Replicas < least {
			p.Reportf(d, "has %d of %d replicas", *d.Spec.Replicas, least)
		}
	}
	return nil
}

func namespaces(_ context.Context, p *framework.Pass) error {
	for n := range cluster.Namespaces.In(p.Source) {
		if n.Name == "broken" {
			return errors.New("the namespace is broken")
		}
		p.Reportf(n, "is restored")
	}
	return nil
}

func identity(_ context.Context, p *framework.Pass) error {
	if cluster.UID.Of(p.Source) == cluster.UID.Of(p.Target) {
		p.Report(framework.Finding{Message: "source and target are the same cluster"})
	}
	return nil
}

func everything(_ context.Context, p *framework.Pass) error {
	rows := 0
	for range cluster.Inventory.Of(p.Source) {
		rows++
	}
	p.Report(framework.Finding{Message: strconv.Itoa(rows) + " objects"})
	return nil
}

func proxyMode(_ context.Context, p *framework.Pass) error {
	for cm := range proxyConfig.In(p.Source) {
		p.Reportf(cm, "the mode is %q and the target serves %d resources", cm.Data["mode"], len(cluster.API.Of(p.Target).Resources))
	}
	return nil
}

// exits CODE COMMAND... is a command of the scripts: the command ends with that
// exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got := strconv.Itoa(code); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// narrow COLUMNS FILE is a command of the scripts: no line of the file (or of
// stdout) is wider, and all are printable ASCII.
func narrow(ts *testscript.TestScript, _ bool, args []string) {
	most, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("%v", err)
	}
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) > most || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			ts.Fatalf("line has %d columns or does not print: %q", len(line), line)
		}
	}
}
