package cluster

import (
	"bufio"
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func managed(n int) []metav1.ManagedFieldsEntry {
	var out []metav1.ManagedFieldsEntry
	for i := range n {
		out = append(out, metav1.ManagedFieldsEntry{
			Manager: "kubectl", Operation: metav1.ManagedFieldsOperationApply, APIVersion: "apps/v1",
			Time: &metav1.Time{Time: time.Unix(int64(i+1), 0)}, FieldsType: "FieldsV1", Subresource: "status",
			FieldsV1: metav1.NewFieldsV1(`{"f:spec":{}}`),
		})
	}
	return out
}

func TestWithoutFieldsV1(t *testing.T) {
	for entries := range 4 {
		want := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "shop", Labels: map[string]string{"a": "b"}, ManagedFields: managed(entries)},
			Spec:       appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c"}}}}},
		}
		data, err := want.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		small, err := without(nil, data, fieldsV1)
		if err != nil {
			t.Fatal(err)
		}
		var got appsv1.Deployment
		if err := got.Unmarshal(small); err != nil {
			t.Fatal(err)
		}
		for i := range want.ManagedFields {
			want.ManagedFields[i].FieldsV1 = nil
		}
		if diff := cmp.Diff(want, &got); diff != "" {
			t.Errorf("%d entries (-want +got):\n%s", entries, diff)
		}
	}
}

func FuzzWithout(f *testing.F) {
	data, err := (&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", ManagedFields: managed(2)}}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		before := new(corev1.Pod).Unmarshal(data)
		small, err := without(nil, data, fieldsV1)
		if err == nil && before == nil && new(corev1.Pod).Unmarshal(small) != nil {
			t.Error("a readable object became unreadable")
		}
	})
}

func TestDecodeTruncated(t *testing.T) {
	list := corev1.PodList{ListMeta: metav1.ListMeta{Continue: "more"}, Items: []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}}}
	raw, err := list.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	next, err := decodeProtobuf(body(envelope(raw)), func([]byte) error { names++; return nil })
	if err != nil || next != "more" || names != 2 {
		t.Fatalf("%d items, continue %q, %v", names, next, err)
	}
	for cut := 1; cut < len(raw)-1; cut++ {
		complete := envelope(raw)
		if _, err := decodeProtobuf(body(complete[:len(complete)-cut]), func([]byte) error { return nil }); err == nil {
			t.Fatalf("an answer without its last %d bytes was taken for whole", cut)
		}
	}
}

// envelope is what a runtime.Unknown with the raw object looks like.
func envelope(raw []byte) []byte {
	out := []byte{fieldRaw<<3 | 2}
	for n := len(raw); ; n >>= 7 {
		if n < 0x80 {
			out = append(out, byte(n))
			break
		}
		out = append(out, byte(n)|0x80)
	}
	return append(out, raw...)
}

func body(data []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(data)) }
