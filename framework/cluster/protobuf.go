package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
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

// decodeTyped reads a list of a built-in type, item by item: the list as a
// whole would be in memory twice.
func decodeTyped(data []byte, k *collector, _ int) (string, error) {
	return decodeItems(data, k, func() (unmarshaler, error) {
		o, ok := k.spec.new().(unmarshaler)
		if !ok {
			return nil, fmt.Errorf("%T is no built-in type", k.spec.new())
		}
		return o, nil
	})
}

// decodeMetadata reads a list of objects that are reduced to their metadata.
// They are not kept, so one serves for all.
func decodeMetadata(data []byte, k *collector, _ int) (string, error) {
	var m metav1.PartialObjectMetadata
	return decodeItems(data, k, func() (unmarshaler, error) {
		m = metav1.PartialObjectMetadata{}
		return &m, nil
	})
}

func decodeItems(data []byte, k *collector, make func() (unmarshaler, error)) (string, error) {
	add := func(item []byte, read func([]byte, unmarshaler) error) error {
		o, err := make()
		if err != nil {
			return err
		}
		if err := read(item, o); err != nil {
			return err
		}
		k.add(o, position{})
		return nil
	}
	if !bytes.HasPrefix(data, protobufMagic) {
		return decodeJSON(data, func(item []byte) error {
			return add(item, func(b []byte, o unmarshaler) error { return json.Unmarshal(b, o) })
		})
	}
	var scratch []byte // Unmarshal copies what it keeps
	return decodeProtobuf(data[len(protobufMagic):], func(item []byte) error {
		return add(item, func(b []byte, o unmarshaler) error {
			small, err := without(scratch[:0], b, fieldsV1)
			if err != nil {
				return err
			}
			scratch = small
			return o.Unmarshal(small)
		})
	})
}

// decodeProtobuf calls add with every item of a list and returns its continue
// token.
func decodeProtobuf(envelope []byte, add func(item []byte) error) (string, error) {
	var raw []byte
	err := fields(envelope, func(number protowire.Number, value []byte) error {
		if number == fieldRaw {
			raw = value
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	var meta metav1.ListMeta
	err = fields(raw, func(number protowire.Number, value []byte) error {
		switch number {
		case fieldListMeta:
			return meta.Unmarshal(value)
		case fieldItems:
			return add(value)
		}
		return fmt.Errorf("a list has the unexpected field %d", number)
	})
	return meta.Continue, err
}
