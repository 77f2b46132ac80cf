package cluster

import (
	"bytes"
	"context"
	"errors"
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

// get sends a request until it is answered, refused for good, or tried often
// enough. build makes the request anew for each attempt.
//
// The answer is written into the buffer and overwritten by the next request
// that uses it.
func (c *client) get(ctx context.Context, buffer *bytes.Buffer, build func() *rest.Request) ([]byte, error) {
	var err error
	for attempt := 0; ; attempt++ {
		if cause := c.down.Load(); cause != nil {
			return nil, &gaveUp{*cause}
		}
		if err = send(ctx, buffer, build()); err == nil {
			c.answered.Store(true)
			return buffer.Bytes(), nil
		}
		if ctx.Err() != nil || !passing(err) || attempt == len(pauses) {
			break
		}
		if timedOut(err) || attempt > 0 && lost(err) && !c.answered.Load() {
			break // it took a whole request timeout, or never was there
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pauses[attempt]):
		}
	}
	c.giveUp(ctx, err)
	return nil, err
}

// send does one request.
func send(ctx context.Context, buffer *bytes.Buffer, r *rest.Request) error {
	body, err := r.Stream(ctx)
	if err != nil {
		return err
	}
	buffer.Reset()
	_, err = buffer.ReadFrom(body)
	return errors.Join(err, body.Close())
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
