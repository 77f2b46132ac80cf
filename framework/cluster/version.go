package cluster

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"
)

// Version is a Kubernetes version. Only major and minor are ever compared:
// distributions put their own build data behind them (v1.26.3-aliyun.1,
// v1.32.1-gke.100, v1.30.4+rke2r1, 1.29). The zero value means unknown.
type Version struct {
	Major, Minor int
	text         string
}

// ParseVersion reads a version as API servers, nodes and people write it.
func ParseVersion(s string) (Version, error) {
	v, err := version.ParseGeneric(s)
	if err != nil {
		return Version{}, fmt.Errorf("%q is no Kubernetes version (want v1.37 or v1.37.2): %w", s, err)
	}
	return Version{Major: int(v.Major()), Minor: int(v.Minor()), text: s}, nil
}

// String is the version as it was written.
func (v Version) String() string { return v.text }

// IsZero reports whether the version is unknown.
func (v Version) IsZero() bool { return v.Major == 0 && v.Minor == 0 }

// AtLeast reports whether v is 1.minor or newer.
func (v Version) AtLeast(minor int) bool {
	return v.Major > 1 || v.Major == 1 && v.Minor >= minor
}

// MarshalText writes the version as it was read.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.text), nil }

// UnmarshalText reads a version; empty text is the unknown version.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	got, err := ParseVersion(string(text))
	*v = got
	return err
}
