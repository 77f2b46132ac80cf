package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
)

// Live reads a running cluster. It only ever gets and lists.
//
// Every resource is listed once, in pages: the kinds that are read in full as
// protobuf where they are built in, the rest as metadata only.
type Live struct {
	// Config says how to reach the cluster. Its QPS limits the requests per
	// second; zero means no limit on this side (API Priority and Fairness on
	// the server is in charge). Its Timeout is that of one request.
	Config *rest.Config
	// Now is the time that the snapshot carries.
	Now time.Time
	// PageSize is the number of objects per request; zero means 500.
	PageSize int64
	// Parallel is the number of lists at a time; zero means 4.
	Parallel int
	// Progress, when set, is called after each page with the number of objects
	// of the resource read so far, from several goroutines.
	Progress func(resource string, objects int)
}

// Read implements Reader. It fails only when the configuration is no
// configuration or the context ends.
func (l Live) Read(ctx context.Context, resources []Resource) (*Snapshot, error) {
	c, err := newClient(l)
	if err != nil {
		return nil, err
	}
	b := newBuilder(Identity{Origin: FromCluster, Server: c.server, TakenAt: l.Now.UTC().Truncate(time.Second)})
	want := newRequest(resources)
	c.identify(ctx, b)
	var tasks []*task
	if needsDiscovery(resources) {
		c.discover(ctx, b)
		tasks = c.plan(b, want)
	}
	if err := c.run(ctx, b, tasks, l.Parallel); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("read %s: %w", c.server, context.Cause(ctx))
	}
	for _, p := range partsOf(resources) {
		b.snapshot.read = append(b.snapshot.read, p.name)
	}
	return b.finish(), nil
}

// needsDiscovery reports whether more is asked for than who the cluster is: a
// gate that compares UIDs shall not walk through all API groups.
func needsDiscovery(resources []Resource) bool {
	return slices.ContainsFunc(partsOf(resources), func(p part) bool {
		return p.name != ServerVersion.String() && p.name != UID.String()
	})
}

// identify reads the version and the UID of the cluster.
func (c *client) identify(ctx context.Context, b *builder) {
	id := &b.snapshot.Identity
	version, err := c.version(ctx)
	if err != nil {
		b.gap(Gap{Resource: ServerVersion.String(), Reason: c.explain(err)})
	}
	id.Version = version
	uid, err := c.uid(ctx)
	if err != nil {
		b.gap(Gap{Resource: UID.String(), Reason: c.explain(err)})
	}
	id.UID = uid
}

// task is one listing.
type task struct {
	name      string // of the part
	path      string
	accept    string
	version   int // of collector.spec
	decode    decoder
	collector func() *collector
	result    *collector
	gap       *Gap
}

// run does all tasks, several at a time, and hands their results to the
// builder in the order of the tasks.
func (c *client) run(ctx context.Context, b *builder, tasks []*task, parallel int) error {
	if parallel <= 0 {
		parallel = 4
	}
	slices.SortStableFunc(tasks, func(x, y *task) int { return weight(y) - weight(x) })
	var group errgroup.Group
	group.SetLimit(parallel)
	var mu sync.Mutex
	for _, t := range tasks {
		group.Go(func() error {
			result, err := c.list(ctx, t)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.gap = &Gap{Resource: t.name, Reason: c.explain(err)}
				return ctx.Err()
			}
			t.result = result
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("read %s: %w", c.server, context.Cause(ctx))
	}
	for _, t := range tasks {
		c.settle(b, t)
	}
	return nil
}

// settle records what became of a task.
func (c *client) settle(b *builder, t *task) {
	if t.gap == nil {
		b.take(t.name, t.result)
		return
	}
	probe := t.collector()
	if probe.spec != nil {
		b.gap(*t.gap)
	}
	if probe.rows {
		b.gap(Gap{Resource: Inventory.String(), Partial: true, Reason: t.name + ": " + t.gap.Reason})
	}
}

// weight sorts the lists that are usually longest to the front, so that none
// of them is left alone at the end.
func weight(t *task) int {
	return slices.Index([]string{
		Nodes.String(), EndpointSlices.String(), "secrets", "configmaps", ReplicaSets.String(),
		Services.String(), Deployments.String(), Pods.String(),
	}, t.name)
}
