package cluster

import (
	"bufio"
	"errors"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// fieldsV1 is where an object has what its managers own: metadata,
// managedFields, fieldsV1. It is the larger half of many objects, and nothing
// here reads it. Source: generated.proto of k8s.io/api and apimachinery, where
// metadata is field 1 of every object.
var fieldsV1 = []protowire.Number{1, 17, 7}

var errNoMessage = errors.New("a list has a field that is no message")

// fields calls f with number and size of every field of a message that consists
// of messages and ends after size bytes or with the body; f takes the value
// from the body.
func fields(body *bufio.Reader, size int64, f func(protowire.Number, int64) error) error {
	for size > 0 {
		tag, n, err := uvarint(body)
		if errors.Is(err, io.EOF) && n == 0 && size > math.MaxInt32 {
			return nil // the end of a message without a known size
		}
		if err != nil {
			return noEOF(err)
		}
		number, wire := protowire.DecodeTag(tag)
		if wire != protowire.BytesType || number < 1 {
			return errNoMessage
		}
		length, m, err := uvarint(body)
		if err != nil {
			return noEOF(err)
		}
		size -= n + m
		if length > uint64(max(size, 0)) {
			return io.ErrUnexpectedEOF
		}
		if err := f(number, int64(length)); err != nil {
			return noEOF(err)
		}
		size -= int64(length)
	}
	return nil
}

// uvarint reads a number and says how many bytes it took.
func uvarint(body *bufio.Reader) (v uint64, n int64, err error) {
	for shift := 0; shift < 64; shift += 7 {
		b, err := body.ReadByte()
		if err != nil {
			return 0, n, err
		}
		n++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v, n, nil
		}
	}
	return 0, n, errors.New("a number has more than 64 bits")
}

// noEOF makes an end in the middle of something an error that says so.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
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
