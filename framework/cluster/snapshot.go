package cluster

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sort"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Snapshot is what was read of one cluster. It is immutable and sorted, and it
// is the only thing that a check sees of a cluster.
//
// Left out while reading, so that memory grows with what is distinct and no
// secret is kept:
//   - metadata: managedFields and the last-applied annotation (the Inventory
//     has their essence), resourceVersion, selfLink;
//   - all values of Secrets and ConfigMaps, and literal values of container
//     environment variables (the names stay);
//   - pods: in the status the times, messages and images of conditions and
//     containers, hostIPs and startTime; in the spec what the ServiceAccount
//     admission plugin mounted;
//   - nodes: images and volumes in the status;
//   - ReplicaSets that a Deployment owns: only the Inventory has them.
type Snapshot struct {
	Identity Identity

	api     *APISurface
	objects map[string][]runtime.Object // by part name, sorted by namespace and name
	where   map[runtime.Object]position
	rows    []Row
	gaps    []Gap
	notes   []Note
	counts  map[string]int
	read    []string // names of the parts that were asked for

	view *view
}

// Identity says which cluster a snapshot shows and when. Unknown fields are empty.
type Identity struct {
	Origin  Origination `json:"origin"`
	Server  string      `json:"server,omitempty"`
	Version Version     `json:"version"`
	UID     string      `json:"uid,omitempty"`
	// TakenAt is when reading began, UTC.
	TakenAt time.Time `json:"takenAt"`
	// Digest changes whenever an object that was read changes.
	Digest string `json:"digest,omitempty"`
}

// Origination is the sort of thing a snapshot was taken from.
type Origination string

const (
	// FromCluster is a live cluster, or a snapshot that was saved of one.
	FromCluster Origination = "cluster"
	// FromManifests is a directory or archive of manifests without the
	// description of a cluster.
	FromManifests Origination = "manifests"
	// FromVersion is nothing but a version.
	FromVersion Origination = "version"
)

// A Gap is something that is not in the snapshot although it was asked for.
type Gap struct {
	// Resource is the name of the resource; empty means all objects.
	Resource string `json:"resource,omitempty"`
	// Partial is true when the rest of the resource was read, so that what is
	// there can be judged although the whole cannot.
	Partial bool `json:"partial,omitempty"`
	// Chosen is true when somebody decided not to read it: checks that need it
	// are skipped and not unknown.
	Chosen bool   `json:"chosen,omitempty"`
	Reason string `json:"reason"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
}

// String is the gap in one line.
func (g Gap) String() string {
	s := g.Reason
	if g.Resource != "" {
		s = g.Resource + ": " + s
	}
	if g.File != "" {
		s = fmt.Sprintf("%s:%d: %s", g.File, g.Line, s)
	}
	return s
}

// A Note tells of something in the input that is no Kubernetes object and was
// passed over, such as the values file of a chart.
type Note struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
}

type position struct {
	file string
	line int
}

// view restricts a snapshot to what one check declared, and records its reads.
type view struct {
	mu      sync.Mutex
	allowed map[string]bool
	read    map[string]bool
}

// Undeclared is the value that reading an undeclared resource panics with.
type Undeclared struct{ Resource string }

// Error implements error.
func (u Undeclared) Error() string {
	return fmt.Sprintf("reads %s without declaring it", u.Resource)
}

// For is the snapshot as a check sees it that declared the resources: reading
// anything else panics with [Undeclared].
func (s *Snapshot) For(declared []Resource) *Snapshot {
	v := *s
	v.view = &view{allowed: map[string]bool{}, read: map[string]bool{}}
	for _, p := range partsOf(declared) {
		v.view.allowed[p.name] = true
	}
	return &v
}

// Unread lists the declared resources that were never read through this view,
// sorted; nil for a snapshot that is no view.
func (s *Snapshot) Unread() []string {
	if s.view == nil {
		return nil
	}
	s.view.mu.Lock()
	defer s.view.mu.Unlock()
	var out []string
	for name := range s.view.allowed {
		if !s.view.read[name] {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

func (s *Snapshot) use(name string) {
	if s.view == nil {
		return
	}
	s.view.mu.Lock()
	defer s.view.mu.Unlock()
	if !s.view.allowed[name] {
		panic(Undeclared{name})
	}
	s.view.read[name] = true
}

func (s *Snapshot) objectsOf(name string) []runtime.Object {
	s.use(name)
	return s.objects[name]
}

func (s *Snapshot) find(name, namespace, object string) (runtime.Object, bool) {
	list := s.objectsOf(name)
	i, ok := slices.BinarySearchFunc(list, [2]string{namespace, object}, func(o runtime.Object, key [2]string) int {
		m := o.(namedObject)
		return cmp.Or(cmp.Compare(m.GetNamespace(), key[0]), cmp.Compare(m.GetName(), key[1]))
	})
	if !ok {
		return nil, false
	}
	return full(list[i]), true
}

// Objects yields the objects of a resource without their Go type. The resource
// must be a Kind or the result of the function Objects.
func (s *Snapshot) Objects(r Resource) iter.Seq[runtime.Object] {
	objects := s.objectsOf(r.String())
	return func(yield func(runtime.Object) bool) {
		for _, o := range objects {
			if !yield(full(o)) {
				return
			}
		}
	}
}

// Ref names an object of the snapshot, in the version it was read in, and the
// place it stands at when it came from a file.
func (s *Snapshot) Ref(o Object) Ref {
	apiVersion, kind := o.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
	at := s.where[o]
	return Ref{APIVersion: apiVersion, Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName(), File: at.file, Line: at.line}
}

// Object is what every Kubernetes object implements.
type Object interface {
	metav1.Object
	runtime.Object
}

// Gaps are all gaps, sorted by resource, file and line.
func (s *Snapshot) Gaps() []Gap { return s.gaps }

// GapsFor are the gaps that concern any of the resources, the optional ones
// left out.
func (s *Snapshot) GapsFor(resources []Resource) []Gap {
	var out []Gap
	parts := partsOf(needed(resources))
	for _, g := range s.gaps {
		if slices.ContainsFunc(parts, func(p part) bool { return g.concerns(p) }) {
			out = append(out, g)
		}
	}
	return out
}

// concerns reports whether the part has the gap. A gap without a resource
// concerns whatever consists of objects.
func (g Gap) concerns(p part) bool {
	if g.Resource == "" {
		return p.kind != nil || p.data != nil || p.name == Inventory.String()
	}
	return g.Resource == p.name
}

// Notes tell what the input held besides Kubernetes objects.
func (s *Snapshot) Notes() []Note { return s.notes }

// Counts says how many objects were read of each resource, the ones known by
// their metadata alone included.
func (s *Snapshot) Counts() map[string]int { return s.counts }

// WithAPI is the snapshot with another API surface; it closes the gap "api".
// It serves manifests of which only the cluster's version is known.
func (s *Snapshot) WithAPI(api *APISurface) *Snapshot {
	c := *s
	c.api = api
	c.gaps = slices.DeleteFunc(slices.Clone(s.gaps), func(g Gap) bool { return g.Resource == API.String() })
	return &c
}

// WithoutAPI is the snapshot with nothing known of its API surface, and why.
func (s *Snapshot) WithoutAPI(reason string) *Snapshot {
	c := s.WithAPI(NewAPISurface(nil, nil, nil))
	c.gaps = append(c.gaps, Gap{Resource: API.String(), Reason: reason})
	slices.SortStableFunc(c.gaps, func(x, y Gap) int { return cmp.Compare(x.Resource, y.Resource) })
	return c
}

// unsaid is the reason of a gap in what a saved snapshot may leave out.
const unsaid = "the snapshot does not say"

// Undiscovered reports whether nobody ever asked the cluster for its API
// surface, as when manifests were written down with a version and no more. It
// is false when somebody asked and got no answer.
func (s *Snapshot) Undiscovered() bool {
	asked := func(g Gap) bool { return g.Resource == API.String() && !g.Partial && !g.Chosen && g.Reason != unsaid }
	return !s.HasAPI() && !slices.ContainsFunc(s.gaps, asked)
}

// HasAPI reports whether the surface was discovered, saved or derived.
func (s *Snapshot) HasAPI() bool {
	return !slices.ContainsFunc(s.gaps, func(g Gap) bool { return g.Resource == API.String() && !g.Partial })
}

// FromVersionOnly is the snapshot of a cluster of which only the version is
// known, and the surface that follows from it. Everything else is a chosen gap.
func FromVersionOnly(v Version, api *APISurface) *Snapshot {
	const reason = "only the version of the cluster was given"
	return &Snapshot{
		Identity: Identity{Origin: FromVersion, Version: v},
		api:      api,
		gaps: []Gap{
			{Chosen: true, Reason: reason},
			{Resource: UID.String(), Chosen: true, Reason: reason},
		},
	}
}

// Nothing is the snapshot of a cluster that nobody asked for: everything is a
// chosen gap.
func Nothing(reason string) *Snapshot {
	s := &Snapshot{api: NewAPISurface(nil, nil, nil), gaps: []Gap{{Chosen: true, Reason: reason}}}
	for _, f := range []Resource{API, ServerVersion, UID} {
		s.gaps = append(s.gaps, Gap{Resource: f.String(), Chosen: true, Reason: reason})
	}
	return s
}

// Has reports whether the snapshot holds the object; the field path, file and
// line of the reference do not matter. It looks at everything that was read,
// also through a view.
func (s *Snapshot) Has(ref Ref) bool {
	same := func(r Ref) bool {
		return r.APIVersion == ref.APIVersion && r.Kind == ref.Kind && r.Namespace == ref.Namespace && r.Name == ref.Name
	}
	for _, list := range s.objects {
		for _, o := range list {
			if same(s.Ref(full(o).(Object))) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.rows, func(r Row) bool { return same(r.Ref()) })
}

// Fingerprint changes when anybody changed an object of the snapshot. Tests
// use it to prove that a check did not.
func (s *Snapshot) Fingerprint() (string, error) {
	data, err := json.Marshal([]any{s.objects, s.rows, s.api.Resources})
	if err != nil {
		return "", fmt.Errorf("fingerprint the snapshot: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// WithVersion is the snapshot with a version that somebody stated; it closes
// the gap "version". It serves manifests, which do not tell it themselves.
func (s *Snapshot) WithVersion(v Version) *Snapshot {
	c := *s
	c.Identity.Version = v
	c.gaps = slices.DeleteFunc(slices.Clone(s.gaps), func(g Gap) bool { return g.Resource == ServerVersion.String() })
	return &c
}
