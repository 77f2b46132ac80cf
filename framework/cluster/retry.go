package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
)

// gaveUp is the error of a request that was never sent.
type gaveUp struct{ cause error }

func (g *gaveUp) Error() string { return "the cluster stopped answering: " + g.cause.Error() }
func (g *gaveUp) Unwrap() error { return g.cause }

// pauses between the attempts of a request. What a server says in Retry-After
// is honoured before that by client-go, which also counts such attempts.
var pauses = [...]time.Duration{200 * time.Millisecond, time.Second, 3 * time.Second}

// tornError is the error of an answer that broke off. What was read of it is
// already used, so only the whole list can be asked for again.
type tornError struct{ cause error }

func (t *tornError) Error() string { return t.cause.Error() }
func (t *tornError) Unwrap() error { return t.cause }

// get sends a request until it is answered, refused for good, or tried often
// enough. build makes the request anew for each attempt; use reads the answer
// and is called at most once.
func (c *client) get(ctx context.Context, build func() *rest.Request, use func(*bufio.Reader) error) error {
	for attempt := 0; ; attempt++ {
		if cause := c.down.Load(); cause != nil {
			return &gaveUp{*cause}
		}
		body, err := build().Stream(ctx)
		if err == nil {
			c.answered.Store(true)
			return c.consume(body, use)
		}
		if c.final(ctx, attempt, err) {
			c.giveUp(ctx, err)
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pauses[attempt]):
		}
	}
}

// final reports whether another attempt makes no sense.
func (c *client) final(ctx context.Context, attempt int, err error) bool {
	return ctx.Err() != nil || !passing(err) || attempt == len(pauses) ||
		timedOut(err) || // it took a whole request timeout already
		attempt > 0 && lost(err) && !c.answered.Load() // it never was there
}

// consume reads an answer and tells a connection that broke from an answer
// that is wrong.
func (c *client) consume(body io.ReadCloser, use func(*bufio.Reader) error) error {
	source := &failing{r: body}
	reader := c.readers.Get().(*bufio.Reader)
	defer c.readers.Put(reader)
	reader.Reset(source)
	err := use(reader)
	_ = body.Close() // everything that matters was read
	switch {
	case err == nil:
		return nil
	case source.err != nil:
		return &tornError{source.err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &tornError{err}
	}
	return fmt.Errorf("decode the answer: %w", err)
}

// failing remembers the error of a reader.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// passing reports whether the error may be gone at the next attempt.
func passing(err error) bool {
	return lost(err) || apierrors.IsTooManyRequests(err) || apierrors.IsInternalError(err) ||
		apierrors.IsServerTimeout(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsTimeout(err)
}

// lost reports whether the connection failed rather than the request.
func lost(err error) bool {
	return timedOut(err) || utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) ||
		utilnet.IsHTTP2ConnectionLost(err) || utilnet.IsProbableEOF(err) || errors.Is(err, io.ErrUnexpectedEOF)
}

func timedOut(err error) bool {
	return utilnet.IsTimeout(err) || errors.Is(err, context.DeadlineExceeded)
}

// giveUp marks the server as down when the connection was lost for good. After
// a timeout it asks once more for something small: one slow list, such as that
// of an aggregated API without a backend, says nothing about the others.
func (c *client) giveUp(ctx context.Context, err error) {
	if ctx.Err() != nil || !lost(err) {
		return
	}
	if timedOut(err) {
		probe := c.rest.Get().AbsPath("/version").Timeout(probeTimeout).MaxRetries(0).Do(ctx)
		if probe.Error() == nil || !lost(probe.Error()) {
			return
		}
	}
	c.down.CompareAndSwap(nil, &err)
}

// probeTimeout is how long the probe of a silent server waits.
const probeTimeout = 5 * time.Second
