package cluster

import (
	"crypto/sha256"
	"hash"
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// pool lets equal parts of different objects be the same memory while they are
// read: the containers of a Deployment and of its pods, labels, conditions. It
// is safe for concurrent use.
type pool struct {
	mu    sync.Mutex
	seed  maphash.Seed
	texts map[string]string
	maps  map[uint64]map[string]string
	parts map[[keySize]byte]any
	// scalars holds pointers to small values, by the value.
	scalars map[any]any
	hashers sync.Pool
}

func newPool() *pool {
	return &pool{
		seed: maphash.MakeSeed(), texts: map[string]string{},
		maps: map[uint64]map[string]string{}, parts: map[[keySize]byte]any{},
		scalars: map[any]any{},
		hashers: sync.Pool{New: func() any { return &hasher{sum: sha256.New()} }},
	}
}

// text is the string, the same memory for equal strings.
func (p *pool) text(t string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.intern(t)
}

func (p *pool) intern(t string) string {
	if known, ok := p.texts[t]; ok {
		return known
	}
	p.texts[t] = t
	return t
}

// table shares a map of labels or the like.
func (p *pool) table(m *map[string]string) {
	if len(*m) == 0 {
		*m = nil
		return
	}
	var sum uint64
	for k, v := range *m {
		sum += maphash.String(p.seed, k) * (maphash.String(p.seed, v) | 1)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.maps[sum]; ok && maps.Equal(known, *m) {
		*m = known
		return
	}
	own := make(map[string]string, len(*m))
	for k, v := range *m {
		own[p.intern(k)] = p.intern(v)
	}
	p.maps[sum] = own
	*m = own
}

// marshaler is a part of an object that has a canonical form in bytes.
type marshaler[T any] interface {
	*T
	Size() int
	MarshalToSizedBuffer([]byte) (int, error)
}

// list shares a slice whose elements are equal in their canonical form.
func list[T any, P marshaler[T]](p *pool, l *[]T) {
	listOf[T, P](p, l, nil)
}

// listOf is list, and gives the elements of a slice that is new to inner, which
// may share what is in them.
func listOf[T any, P marshaler[T]](p *pool, l *[]T, inner func(*T)) {
	if len(*l) == 0 {
		*l = nil
		return
	}
	h := p.hashers.Get().(*hasher)
	defer p.hashers.Put(h)
	h.sum.Reset()
	for i := range *l {
		if !digest[T, P](h, &(*l)[i]) {
			return // not shared, and nothing lost
		}
	}
	key := h.key()
	if share(p, key, l) {
		return
	}
	if inner != nil {
		for i := range *l {
			inner(&(*l)[i])
		}
	}
}

// pointer shares what a pointer points to.
func pointer[T any, P marshaler[T]](p *pool, v **T) {
	if *v == nil {
		return
	}
	h := p.hashers.Get().(*hasher)
	defer p.hashers.Put(h)
	h.sum.Reset()
	if digest[T, P](h, *v) {
		share(p, h.key(), v)
	}
}

// hasher sums up canonical forms without making garbage.
type hasher struct {
	sum    hash.Hash
	buffer []byte
}

func digest[T any, P marshaler[T]](h *hasher, v P) bool {
	size := v.Size()
	h.buffer = slices.Grow(h.buffer[:0], size)[:size]
	if _, err := v.MarshalToSizedBuffer(h.buffer); err != nil {
		return false
	}
	h.sum.Write(h.buffer)
	h.sum.Write([]byte{0xff, 0})
	return true
}

// keySize is how much of the sum is kept: 128 bits are enough to tell parts
// apart, and there are many.
const keySize = 16

func (h *hasher) key() [keySize]byte {
	var sum [sha256.Size]byte
	return [keySize]byte(h.sum.Sum(sum[:0]))
}

// share replaces the value by an equal one of the same type that is known.
// It reports whether there was one.
func share[V any](p *pool, key [keySize]byte, v *V) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.parts[key].(V); ok {
		*v = known
		return true
	}
	p.parts[key] = *v
	return false
}

// scalar shares what a pointer to a small value points to.
func scalar[T comparable](p *pool, v **T) {
	if *v == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.scalars[**v].(*T); ok {
		*v = known
		return
	}
	p.scalars[**v] = *v
}

// object shares the parts of an object.
func (p *pool) object(o runtime.Object) {
	if m, ok := o.(metav1.ObjectMetaAccessor); ok {
		p.meta(m.GetObjectMeta())
	}
	switch o := o.(type) {
	case *corev1.Pod:
		p.spec(&o.Spec)
		p.status(&o.Status)
	case *corev1.Service:
		p.table(&o.Spec.Selector)
	case *appsv1.Deployment:
		p.selector(o.Spec.Selector)
	case *appsv1.ReplicaSet:
		p.selector(o.Spec.Selector)
	case *appsv1.StatefulSet:
		p.selector(o.Spec.Selector)
	case *appsv1.DaemonSet:
		p.selector(o.Spec.Selector)
	}
	if t := templateOf(o); t != nil {
		p.table(&t.Labels)
		p.table(&t.Annotations)
		p.spec(&t.Spec)
	}
}

func (p *pool) meta(m metav1.Object) {
	labels, annotations, owners := m.GetLabels(), m.GetAnnotations(), m.GetOwnerReferences()
	p.table(&labels)
	p.table(&annotations)
	list(p, &owners)
	m.SetLabels(labels)
	m.SetAnnotations(annotations)
	m.SetOwnerReferences(owners)
}

func (p *pool) selector(s *metav1.LabelSelector) {
	if s != nil {
		p.table(&s.MatchLabels)
	}
}

func (p *pool) spec(s *corev1.PodSpec) {
	p.table(&s.NodeSelector)
	for _, containers := range []*[]corev1.Container{&s.InitContainers, &s.Containers} {
		listOf(p, containers, p.container)
	}
	scalar(p, &s.TerminationGracePeriodSeconds)
	scalar(p, &s.Priority)
	scalar(p, &s.EnableServiceLinks)
	scalar(p, &s.PreemptionPolicy)
	for _, t := range []*string{
		&s.NodeName, &s.ServiceAccountName, &s.DeprecatedServiceAccount, &s.SchedulerName, &s.PriorityClassName,
		(*string)(&s.RestartPolicy), (*string)(&s.DNSPolicy),
	} {
		*t = p.text(*t)
	}
	list(p, &s.Volumes)
	list(p, &s.Tolerations)
	list(p, &s.TopologySpreadConstraints)
	list(p, &s.ImagePullSecrets)
	pointer(p, &s.Affinity)
	pointer(p, &s.SecurityContext)
}

// containers shares the containers of pods with those of their templates.
func (p *pool) containers(c *podContainers) {
	if c.shared {
		return
	}
	c.shared = true
	listOf(p, &c.init, p.container)
	listOf(p, &c.regular, p.container)
}

// container shares what different containers have in common. Quantities are
// large and few.
func (p *pool) container(c *corev1.Container) {
	resources := &c.Resources
	pointer(p, &resources)
	c.Resources = *resources
	list(p, &c.Env)
	list(p, &c.VolumeMounts)
	list(p, &c.Ports)
	pointer(p, &c.LivenessProbe)
	pointer(p, &c.ReadinessProbe)
	pointer(p, &c.StartupProbe)
	pointer(p, &c.Lifecycle)
	pointer(p, &c.SecurityContext)
}

func (p *pool) status(s *corev1.PodStatus) {
	list(p, &s.Conditions)
	list(p, &s.ContainerStatuses)
	list(p, &s.InitContainerStatuses)
	s.HostIP = p.text(s.HostIP)
	s.Phase = corev1.PodPhase(p.text(string(s.Phase)))
	s.QOSClass = corev1.PodQOSClass(p.text(string(s.QOSClass)))
}
