package cluster

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// writes are the versions an object was written in, each writer once with its
// latest time, sorted.
func (c *collector) writes(o metav1.Object) []Write {
	fields := o.GetManagedFields()
	applied := o.GetAnnotations()[corev1.LastAppliedConfigAnnotation]
	if len(fields) == 0 && applied == "" {
		return nil
	}
	out := make([]Write, 0, len(fields)+1)
	for _, f := range fields {
		w := Write{Writer: c.writer(Writer{Origin: ManagedFields, APIVersion: f.APIVersion, Manager: f.Manager, Operation: string(f.Operation)})}
		if f.Time != nil {
			w.unix = f.Time.Unix()
		}
		out = append(out, w)
	}
	if applied != "" {
		var head metav1.TypeMeta
		if json.Unmarshal([]byte(applied), &head) == nil && head.APIVersion != "" {
			out = append(out, Write{Writer: c.writer(Writer{Origin: LastApplied, APIVersion: head.APIVersion, Kind: head.Kind})})
		}
	}
	slices.SortFunc(out, func(x, y Write) int {
		if d := strings.Compare(x.key(), y.key()); d != 0 {
			return d
		}
		return int(y.unix - x.unix)
	})
	return slices.Clip(slices.CompactFunc(out, func(x, y Write) bool { return x.Writer == y.Writer }))
}

func (w *Writer) key() string {
	return strings.Join([]string{string(w.Origin), w.APIVersion, w.Kind, w.Manager, w.Operation}, "\x00")
}

func (c *collector) writer(w Writer) *Writer {
	if known, ok := c.writers[w]; ok {
		return known
	}
	c.writers[w] = &w
	return &w
}
