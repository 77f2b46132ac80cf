package kube

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	auditLog = "audit.log"

	// harness is the identity of AdminConfig. What it loads is not audited:
	// 100,000 objects would bury the requests that tests ask about.
	harness = "e2e-harness"

	auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: [` + harness + `]
- level: None
  users: ["system:apiserver"]
- level: Metadata
`
)

// Event is the part of an audit event that tests look at. An ordinary request
// has one event, a watch one when it starts and one when it ends.
type Event struct {
	Stage      string `json:"stage"`
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	UserAgent  string `json:"userAgent"`
	User       struct {
		Username string   `json:"username"`
		Groups   []string `json:"groups"`
	} `json:"user"`
	ObjectRef struct {
		APIGroup    string `json:"apiGroup"`
		APIVersion  string `json:"apiVersion"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// By selects the events of a user.
func By(user string) func(Event) bool {
	return func(e Event) bool { return e.User.Username == user }
}

// Audit returns the audited requests that match, oldest first. A request is in
// the log before its response has ended. The log also holds requests of a
// server that was killed; a last line cut short is left out.
func (c *Cluster) Audit(match func(Event) bool) ([]Event, error) {
	file, err := os.Open(c.file(auditLog))
	if err != nil {
		return nil, fmt.Errorf("open audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	var events []Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e Event
		if json.Unmarshal(lines.Bytes(), &e) == nil && match(e) {
			events = append(events, e)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return events, nil
}

// WaitAudit returns as soon as the log holds a request that matches, so that a
// test can act in the middle of a run.
func (c *Cluster) WaitAudit(ctx context.Context, match func(Event) bool) error {
	return wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, time.Minute, true,
		func(context.Context) (bool, error) {
			events, err := c.Audit(match)
			return len(events) > 0, err
		})
}
