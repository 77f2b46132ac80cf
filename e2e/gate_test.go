package e2e

import (
	"strings"
	"testing"

	"github.com/precheck-dev/precheck/e2e/internal/kube"
)

// TestGate decides from the reports of real runs, with and without the clusters
// that they are about.
func TestGate(t *testing.T) {
	c := clusters(t)
	source, target := admin(t, c.source), admin(t, c.target)
	reports := map[string]string{}
	for verdict, o := range map[string]outcome{
		"blocked":      precheck(t, live(source, target, "-o", "json")...).must(t, blocked),
		"ready":        precheck(t, live(source, target, "-o", "json", "--checks", "cluster")...).must(t, ready),
		"inconclusive": precheck(t, live(source, kubeconfig(t, c.target, kube.User{Name: "nobody"}), "-o", "json", "--checks", "cluster")...).must(t, inconclusive),
	} {
		reports[verdict] = write(t, "report.json", o.stdout)
	}
	same := []string{"--source-kubeconfig", source, "--target-kubeconfig", target}
	other := []string{"--source-kubeconfig", target, "--target-kubeconfig", source}
	for _, each := range []struct {
		verdict, step string
		clusters      []string
		code          int
	}{
		{"blocked", "application", nil, blocked},
		{"blocked", "retire", same, blocked},
		{"blocked", "retire", other, inconclusive},
		{"ready", "application", nil, ready},
		{"ready", "retire", same, ready},
		{"ready", "retire", other, inconclusive},
		{"inconclusive", "application", nil, inconclusive},
		{"inconclusive", "retire", same, inconclusive},
	} {
		args := append([]string{"gate", "--report", reports[each.verdict], "--step", each.step}, each.clusters...)
		out := precheck(t, args...)
		if out.code != each.code || !strings.Contains(out.stdout+out.stderr, verdicts[each.code]) {
			t.Errorf("precheck %s ends with %d, want %d\n%s%s", strings.Join(args, " "), out.code, each.code, out.stdout, out.stderr)
		}
	}
	// A report of long ago is no reason to go on.
	old := precheckAt(t, "SOURCE_DATE_EPOCH=1798761600", "gate", "--report", reports["ready"], "--step", "data")
	old.must(t, inconclusive)
}

// verdicts are the words for the exit codes.
var verdicts = map[int]string{ready: "ready", blocked: "blocked", inconclusive: "inconclusive"}
