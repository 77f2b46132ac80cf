package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// restarts is how often an expired list is begun anew page by page. After that
// it is asked for in one piece, which cannot expire. A list whose connection
// broke in the middle of a page is begun anew as often.
const restarts = 2

// wholeSince is the minor version from which on an API server answers a list in
// one piece from its watch cache, consistently (KEP-2340, stable in 1.34), and
// encodes it item by item (KEP-5116, stable in 1.34). A page, in contrast, it
// reads from etcd: 36,500 objects in pages took more than twice the processor
// time of a 1.37 server. Older servers build a whole list in memory, so they
// are asked for pages.
const wholeSince = 34

// list does one task. A continue token that expired (410 Gone) would leave the
// pages of two states in one list, so the list starts over. A list in one piece
// that takes longer than a request may is asked for in pages.
func (c *client) list(ctx context.Context, t *task) (*collector, error) {
	limit, broken, expired := c.PageSize, 0, 0
	if c.whole {
		limit = 0
	}
	for {
		result, err := c.pages(ctx, t, limit)
		switch {
		case err == nil:
			return result, nil
		case ctx.Err() == nil && broken < restarts && c.again(err, limit):
			broken++
			limit = c.PageSize
		case (apierrors.IsResourceExpired(err) || apierrors.IsGone(err)) && expired < restarts:
			if expired++; expired == restarts {
				limit = 0
			}
		default:
			if errors.As(err, new(*tornError)) {
				c.giveUp(ctx, err)
			}
			return nil, err
		}
	}
}

// again reports whether a list that failed is worth beginning anew: its answer
// broke off, or it was asked for in one piece and took too long.
func (c *client) again(err error, limit int64) bool {
	if timedOut(err) {
		return limit == 0 && c.down.Load() == nil
	}
	return errors.As(err, new(*tornError))
}

func (c *client) pages(ctx context.Context, t *task, limit int64) (*collector, error) {
	k := t.collector()
	next := ""
	for {
		err := c.get(ctx, func() *rest.Request { return c.page(t, limit, next) }, func(body *bufio.Reader) (err error) {
			next, err = t.decode(body, k, t.version)
			return err
		})
		if err != nil {
			return nil, err
		}
		if c.Progress != nil {
			c.Progress(t.name, k.count)
		}
		if next == "" {
			return k, nil
		}
	}
}

func (c *client) page(t *task, limit int64, next string) *rest.Request {
	r := c.rest.Get().AbsPath(t.path)
	if limit > 0 {
		r = r.Param("limit", strconv.FormatInt(limit, 10))
	}
	if next != "" {
		r = r.Param("continue", next)
	}
	if c.near {
		r = r.SetHeader("Accept-Encoding", "identity")
	}
	return r.SetHeader("Accept", t.accept)
}

// decoder adds the objects of a page to a collector and returns the token of
// the next page.
type decoder func(body *bufio.Reader, k *collector, version int) (string, error)

// decodeUntyped reads the JSON of an older version, or of a custom resource.
func decodeUntyped(body *bufio.Reader, k *collector, version int) (string, error) {
	return decodeJSON(body, func(item []byte) error {
		o, err := decode(k.spec, version, item)
		if err != nil {
			return err
		}
		k.add(o, position{})
		return nil
	})
}

// decodeJSON calls add with every item of a list.
func decodeJSON(body io.Reader, add func(item []byte) error) (string, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	var list struct {
		Metadata metav1.ListMeta   `json:"metadata"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return "", err
	}
	for _, item := range list.Items {
		if err := add(item); err != nil {
			return "", err
		}
	}
	return list.Metadata.Continue, nil
}
