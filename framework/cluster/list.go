package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// restarts is how often an expired list is begun anew page by page. After that
// it is asked for in one piece, which cannot expire.
const restarts = 2

// list does one task. A continue token that expired (410 Gone) would leave the
// pages of two states in one list, so the list starts over.
func (c *client) list(ctx context.Context, t *task) (*collector, error) {
	for attempt := 0; ; attempt++ {
		limit := c.PageSize
		if attempt == restarts {
			limit = 0
		}
		result, err := c.pages(ctx, t, limit)
		if err != nil && (apierrors.IsResourceExpired(err) || apierrors.IsGone(err)) && attempt < restarts {
			continue
		}
		return result, err
	}
}

func (c *client) pages(ctx context.Context, t *task, limit int64) (*collector, error) {
	k := t.collector()
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer c.buffers.Put(buffer)
	next := ""
	for {
		data, err := c.get(ctx, buffer, func() *rest.Request { return c.page(t, limit, next) })
		if err != nil {
			return nil, err
		}
		next, err = t.decode(data, k, t.version)
		if err != nil {
			return nil, fmt.Errorf("decode the list: %w", err)
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
	return r.SetHeader("Accept", t.accept)
}

// decoder adds the objects of a page to a collector and returns the token of
// the next page.
type decoder func(data []byte, k *collector, version int) (string, error)

// decodeUntyped reads the JSON of an older version, or of a custom resource.
func decodeUntyped(data []byte, k *collector, version int) (string, error) {
	return decodeJSON(data, func(item []byte) error {
		o, err := decode(k.spec, version, item)
		if err != nil {
			return err
		}
		k.add(o, position{})
		return nil
	})
}

// decodeJSON calls add with every item of a list.
func decodeJSON(data []byte, add func(item []byte) error) (string, error) {
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
