package checktest

import (
	"slices"

	"github.com/precheck-dev/precheck/framework"
)

// reads are the declared resources that no case has read so far.
type reads struct{ left []string }

// readsOf are the ones a pass left unread; nil when the check did not run.
func readsOf(p *framework.Pass) *reads {
	if p == nil {
		return nil
	}
	r := &reads{}
	for _, name := range p.Source.Unread() {
		r.left = append(r.left, name+" of the source")
	}
	for _, name := range p.Target.Unread() {
		r.left = append(r.left, name+" of the target")
	}
	return r
}

// and keeps what both left unread.
func (r *reads) and(other *reads) *reads {
	switch {
	case r == nil:
		return other
	case other == nil:
		return r
	}
	return &reads{slices.DeleteFunc(r.left, func(name string) bool { return !slices.Contains(other.left, name) })}
}

func (r *reads) names() []string {
	if r == nil {
		return nil
	}
	return r.left
}
