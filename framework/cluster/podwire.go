package cluster

import (
	"bytes"
	"crypto/sha256"

	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
)

// Field numbers of Pod and PodSpec (generated.proto of k8s.io/api/core/v1).
const (
	podSpecField        = 2
	volumesField        = 1
	containersField     = 2
	initContainersField = 20
)

// podDecoder decodes pods of a list. The containers of pods of one controller
// are equal but for the name of the injected token volume; they are most of a
// pod, so they are decoded once and not once per pod.
type podDecoder struct {
	known      map[[sha256.Size]byte]*podContainers
	rest, spec []byte
	containers []byte // tag and bytes of each
	volumes    []byte // likewise; they tell which mounts are injected
}

// podContainers are what pods share, redacted and trimmed like those of any pod.
type podContainers struct {
	init, regular []corev1.Container
	shared        bool // by the pool
}

// decode reads a pod without its containers, and the containers. The item is
// changed.
func (d *podDecoder) decode(item []byte, into *corev1.Pod) (*podContainers, error) {
	stableTokenNames(item)
	if err := d.split(item); err != nil {
		return nil, err
	}
	if err := into.Unmarshal(d.rest); err != nil {
		return nil, err
	}
	key := sha256.Sum256(append(d.volumes, d.containers...))
	if known, ok := d.known[key]; ok {
		return known, nil
	}
	spec := corev1.PodSpec{}
	if err := spec.Unmarshal(d.containers); err != nil {
		return nil, err
	}
	// What is injected is told by the volume and taken from volume and mounts.
	spec.Volumes = append(spec.Volumes, into.Spec.Volumes...)
	trimSpec(&spec)
	dropTokenVolume(&spec)
	c := &podContainers{init: spec.InitContainers, regular: spec.Containers}
	if d.known == nil {
		d.known = map[[sha256.Size]byte]*podContainers{}
	}
	d.known[key] = c
	return c, nil
}

// split takes the containers out of the pod.
func (d *podDecoder) split(item []byte) error {
	d.rest, d.spec, d.containers, d.volumes = d.rest[:0], d.spec[:0], d.containers[:0], d.volumes[:0]
	return eachField(item, func(number protowire.Number, whole, value []byte) error {
		if number != podSpecField {
			d.rest = append(d.rest, whole...)
			return nil
		}
		err := eachField(value, func(number protowire.Number, whole, _ []byte) error {
			switch number {
			case containersField, initContainersField:
				d.containers = append(d.containers, whole...)
				return nil
			case volumesField:
				d.volumes = append(d.volumes, whole...)
			}
			d.spec = append(d.spec, whole...)
			return nil
		})
		d.rest = protowire.AppendTag(d.rest, podSpecField, protowire.BytesType)
		d.rest = protowire.AppendBytes(d.rest, d.spec)
		return err
	})
}

// eachField calls f with every field of a message: its number, the field with
// its tag, and its value when that is of variable length.
func eachField(message []byte, f func(number protowire.Number, whole, value []byte) error) error {
	for len(message) > 0 {
		number, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(number, wire, message[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		var value []byte
		if wire == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(message[n:])
		}
		if err := f(number, message[:n+size], value); err != nil {
			return err
		}
		message = message[n+size:]
	}
	return nil
}

// tokenVolume is how the ServiceAccount admission plugin begins the name of its
// volume; five random characters follow (names.SimpleNameGenerator).
const (
	tokenVolume = "kube-api-access-"
	randomSize  = 5
)

// stableTokenNames makes the random suffix of injected volumes equal, in place
// and only in strings that are nothing but such a name. The volume and its
// mounts are dropped later.
func stableTokenNames(item []byte) {
	const size = len(tokenVolume) + randomSize
	for at := 0; ; {
		i := bytes.Index(item[at:], []byte(tokenVolume))
		if i < 0 {
			return
		}
		i += at
		at = i + len(tokenVolume)
		if i > 0 && item[i-1] == byte(size) && at+randomSize <= len(item) {
			copy(item[at:], "xxxxx")
		}
	}
}
