package cluster

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// fieldsV1 is where an object has what its managers own: metadata,
// managedFields, fieldsV1. It is the larger half of many objects, and nothing
// here reads it. Source: generated.proto of k8s.io/api and apimachinery, where
// metadata is field 1 of every object.
var fieldsV1 = []protowire.Number{1, 17, 7}

var errNoMessage = errors.New("a list has a field that is no message")

// fields calls f with every field of a message that consists of messages. The
// values share memory with the data.
func fields(data []byte, f func(protowire.Number, []byte) error) error {
	for len(data) > 0 {
		number, wire, n := protowire.ConsumeTag(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if wire != protowire.BytesType {
			return errNoMessage
		}
		data = data[n:]
		value, n := protowire.ConsumeBytes(data)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := f(number, value); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// without appends the message to dst, leaving out the field at the path.
func without(dst, message []byte, path []protowire.Number) ([]byte, error) {
	for len(message) > 0 {
		number, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(number, wire, message[n:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		field, value := message[:n+size], message[n:n+size]
		message = message[n+size:]
		if number != path[0] || wire != protowire.BytesType {
			dst = append(dst, field...)
			continue
		}
		if len(path) == 1 {
			continue
		}
		inner, _ := protowire.ConsumeBytes(value)
		var err error
		if dst, err = nested(dst, number, inner, path[1:]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// lengthSize is the room kept for the length of a nested message, which is
// known only once it is written. The number is padded, as the format allows.
const lengthSize = 5

func nested(dst []byte, number protowire.Number, inner []byte, path []protowire.Number) ([]byte, error) {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	at := len(dst)
	dst = append(dst, make([]byte, lengthSize)...)
	dst, err := without(dst, inner, path)
	if err != nil {
		return nil, err
	}
	length := len(dst) - at - lengthSize
	for i := range lengthSize {
		dst[at+i] = byte(length>>(7*i))&0x7f | 0x80
	}
	dst[at+lengthSize-1] &= 0x7f
	return dst, nil
}
