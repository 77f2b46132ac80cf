package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// protobufMagic begins every protobuf answer of an API server; a
// runtime.Unknown with the object in its raw field follows. Source: package
// k8s.io/apimachinery/pkg/runtime/serializer/protobuf.
var protobufMagic = []byte("k8s\x00")

// Field numbers that all lists have in common (generated.proto of every group).
const (
	fieldListMeta = 1
	fieldItems    = 2
)

// fieldRaw is the field of runtime.Unknown that holds the object.
const fieldRaw = 2

// unmarshaler is what every built-in type implements.
type unmarshaler interface {
	Object
	Unmarshal([]byte) error
}

// decodeTyped reads a list of a built-in type, item by item as it arrives: a
// page of it would be in memory twice.
func decodeTyped(body *bufio.Reader, k *collector, _ int) (string, error) {
	return decodeItems(body, k, func() (unmarshaler, error) {
		o, ok := k.spec.new().(unmarshaler)
		if !ok {
			return nil, fmt.Errorf("%T is no built-in type", k.spec.new())
		}
		return o, nil
	})
}

// decodeMetadata reads a list of objects that are reduced to their metadata.
// They are not kept, so one serves for all.
func decodeMetadata(body *bufio.Reader, k *collector, _ int) (string, error) {
	var m metav1.PartialObjectMetadata
	return decodeItems(body, k, func() (unmarshaler, error) {
		m = metav1.PartialObjectMetadata{}
		return &m, nil
	})
}

func decodeItems(body *bufio.Reader, k *collector, empty func() (unmarshaler, error)) (string, error) {
	add := func(item []byte, read func([]byte, unmarshaler) error) error {
		o, err := empty()
		if err != nil {
			return err
		}
		if err := read(item, o); err != nil {
			return err
		}
		k.add(o, position{})
		return nil
	}
	if magic, _ := body.Peek(len(protobufMagic)); !bytes.Equal(magic, protobufMagic) {
		return decodeJSON(body, func(item []byte) error {
			return add(item, func(b []byte, o unmarshaler) error { return json.Unmarshal(b, o) })
		})
	}
	if _, err := body.Discard(len(protobufMagic)); err != nil {
		return "", err
	}
	var pods podDecoder
	var scratch []byte // Unmarshal copies what it keeps
	return decodeProtobuf(body, func(item []byte) error {
		small, err := without(scratch[:0], item, fieldsV1)
		if err != nil {
			return err
		}
		scratch = small
		if k.spec != nil && k.spec.leaveOut != nil {
			if done, err := k.addLeftOut(small); done || err != nil {
				return err
			}
		}
		return add(small, func(b []byte, o unmarshaler) error {
			pod, ok := o.(*corev1.Pod)
			if !ok {
				return o.Unmarshal(b)
			}
			k.pending, err = pods.decode(b, pod)
			return err
		})
	})
}

// addLeftOut adds the row of an object of which nothing else is kept, without
// decoding more than its metadata.
func (c *collector) addLeftOut(item []byte) (bool, error) {
	var m metav1.PartialObjectMetadata
	if err := m.Unmarshal(item); err != nil {
		return false, err
	}
	if !c.spec.leaveOut(&m) {
		return false, nil
	}
	c.add(&m, position{})
	return true, nil
}

// decodeProtobuf calls add with every item of a list and returns its continue
// token. The item is overwritten by the next one.
func decodeProtobuf(body *bufio.Reader, add func(item []byte) error) (string, error) {
	var meta metav1.ListMeta
	var buffer bytes.Buffer
	err := fields(body, math.MaxInt64, func(number protowire.Number, size int64) error {
		if number != fieldRaw {
			_, err := io.CopyN(io.Discard, body, size)
			return err
		}
		return fields(body, size, func(number protowire.Number, size int64) error {
			buffer.Reset()
			if _, err := io.CopyN(&buffer, body, size); err != nil {
				return err
			}
			switch number {
			case fieldListMeta:
				return meta.Unmarshal(buffer.Bytes())
			case fieldItems:
				return add(buffer.Bytes())
			}
			return fmt.Errorf("a list has the unexpected field %d", number)
		})
	})
	return meta.Continue, err
}
