package e2e

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/precheck-dev/precheck/e2e/internal/kube"
)

// TestReadOnly asks the audit logs of both servers for everything that a run
// requested. A snapshot and a gate are asked for the same.
func TestReadOnly(t *testing.T) {
	c := clusters(t)
	user := kube.User{Name: "auditee-" + rand.Text(), Groups: []string{kube.Masters}}
	source, target := kubeconfig(t, c.source, user), kubeconfig(t, c.target, user)
	out := precheck(t, live(source, target, "-o", "json")...).must(t, blocked)
	file := write(t, "report.json", out.stdout)
	checkRequests(t, "run on the source", requests(t, c.source, user.Name, 0), 100)
	checkRequests(t, "run on the target", requests(t, c.target, user.Name, 0), 20)
	before := len(requests(t, c.source, user.Name, 0))
	gate := []string{"gate", "--report", file, "--step", "data", "--source-kubeconfig", source, "--target-kubeconfig", target}
	precheck(t, gate...).must(t, blocked)
	checkRequests(t, "gate", requests(t, c.source, user.Name, before), 5)
	before = len(requests(t, c.source, user.Name, 0))
	precheck(t, "snapshot", "--kubeconfig", source, "-o", t.TempDir()).must(t, ready)
	checkRequests(t, "snapshot", requests(t, c.source, user.Name, before), 100)
}

// requests returns the audited requests of a user, without the first ones.
func requests(t *testing.T, c *kube.Cluster, user string, skip int) []kube.Event {
	t.Helper()
	events, err := c.Audit(kube.By(user))
	if err != nil {
		t.Fatal(err)
	}
	return events[skip:]
}

// checkRequests allows reading of each thing once, and not more requests than
// given: pages of a list are the same thing.
func checkRequests(t *testing.T, what string, events []kube.Event, most int) {
	t.Helper()
	if len(events) == 0 || len(events) > most {
		t.Errorf("%s made %d requests, want 1 to %d", what, len(events), most)
	}
	seen := map[string]int{}
	for _, e := range events {
		if e.Verb != "get" && e.Verb != "list" {
			t.Errorf("%s: %s %s, want get and list only", what, e.Verb, e.RequestURI)
		}
		if !strings.HasPrefix(e.UserAgent, "precheck/") {
			t.Errorf("%s: %s was requested by %q, want precheck/...", what, e.RequestURI, e.UserAgent)
		}
		address, err := url.Parse(e.RequestURI)
		if err != nil {
			t.Fatal(err)
		}
		query := address.Query()
		if query.Has("watch") {
			t.Errorf("%s watches %s", what, e.RequestURI)
		}
		if !query.Has("continue") {
			query.Del("limit")
			address.RawQuery = query.Encode()
			seen[address.String()]++
		}
	}
	for path, times := range seen {
		if times > 1 {
			t.Errorf("%s read %s %d times, want once", what, path, times)
		}
	}
}
