package load

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// writers is how many objects are written at a time.
const writers = 24

// Sizes say how many objects of each kind a cluster is filled with.
type Sizes struct {
	Namespaces, Nodes, Deployments, ReplicaSets, Services, Pods, ConfigMaps, Secrets int
}

// Standard is the cluster of the benchmark: 36,500 objects in 100 namespaces.
var Standard = Sizes{
	Namespaces: 100, Nodes: 500, Deployments: 4000, ReplicaSets: 4000,
	Services: 4000, Pods: 16000, ConfigMaps: 4000, Secrets: 4000,
}

// Total is the number of objects without the namespaces.
func (s Sizes) Total() int {
	return s.Nodes + s.Deployments + s.ReplicaSets + s.Services + s.Pods + s.ConfigMaps + s.Secrets
}

// Scale returns sizes in the same proportion whose total is about the given
// one. The number of namespaces stays.
func (s Sizes) Scale(total int) Sizes {
	from := s.Total()
	scale := func(n int) int { return (n*total + from/2) / from }
	return Sizes{
		Namespaces: s.Namespaces, Nodes: scale(s.Nodes), Deployments: scale(s.Deployments),
		ReplicaSets: scale(s.ReplicaSets), Services: scale(s.Services), Pods: scale(s.Pods),
		ConfigMaps: scale(s.ConfigMaps), Secrets: scale(s.Secrets),
	}
}

// A filler writes generated objects.
type filler struct {
	client      kubernetes.Interface
	sizes       Sizes
	deployments []*appsv1.Deployment
	replicaSets []*appsv1.ReplicaSet
}

// Bulk fills a cluster with objects of realistic size: Deployments of two
// containers with their ReplicaSets and running pods, nodes with images,
// Services that select the pods, ConfigMaps of 2 KiB and Secrets of 1 KiB. The
// objects depend on nothing but the sizes, apart from what the server sets.
func Bulk(ctx context.Context, config *rest.Config, s Sizes) error {
	config = rest.CopyConfig(config)
	config.ContentType = runtime.ContentTypeProtobuf
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("create client: %w", err)
	}
	f := &filler{
		client: client, sizes: s,
		deployments: make([]*appsv1.Deployment, s.Deployments),
		replicaSets: make([]*appsv1.ReplicaSet, s.ReplicaSets),
	}
	for _, kind := range []struct {
		name   string
		number int
		write  func(context.Context, int) error
	}{
		{"namespaces", s.Namespaces, f.namespace},
		{"nodes", s.Nodes, f.node},
		{"deployments", s.Deployments, f.deployment},
		{"replica sets", s.ReplicaSets, f.replicaSet},
		{"pods", s.Pods, f.pod},
		{"services", s.Services, f.service},
		{"config maps", s.ConfigMaps, f.configMap},
		{"secrets", s.Secrets, f.secret},
	} {
		if err := each(ctx, kind.number, kind.write); err != nil {
			return fmt.Errorf("write %s: %w", kind.name, err)
		}
	}
	return nil
}

// each calls write for 0 to n-1, a number of calls at a time, and returns the
// first error.
func each(ctx context.Context, n int, write func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return write(ctx, i) })
	}
	return group.Wait()
}

func (f *filler) namespace(ctx context.Context, i int) error {
	_, err := f.client.CoreV1().Namespaces().Create(ctx, bulkNamespace(f.space(i)), by(Kubectl.Manager))
	return err
}

// node creates a node, takes away the taint that admission gives it, and
// reports its status.
func (f *filler) node(ctx context.Context, i int) error {
	want := bulkNode(i)
	nodes := f.client.CoreV1().Nodes()
	node, err := nodes.Create(ctx, want, by(kubelet))
	if err != nil {
		return err
	}
	node.Spec.Taints = nil
	if node, err = nodes.Update(ctx, node, metav1.UpdateOptions{FieldManager: controllerManager}); err != nil {
		return err
	}
	node.Status = want.Status
	_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{FieldManager: kubelet})
	return err
}

func (f *filler) deployment(ctx context.Context, i int) error {
	want, err := bulkDeployment(i, f.space(i))
	if err != nil {
		return err
	}
	deployments := f.client.AppsV1().Deployments(want.Namespace)
	d, err := deployments.Create(ctx, want, by(Kubectl.Manager))
	if err != nil {
		return err
	}
	d.Status = rolledOut(d)
	f.deployments[i], err = deployments.UpdateStatus(ctx, d, metav1.UpdateOptions{FieldManager: controllerManager})
	return err
}

// replicaSet creates the ReplicaSet of a deployment, or an older one of it if
// there are more ReplicaSets than deployments.
func (f *filler) replicaSet(ctx context.Context, i int) error {
	want := replicaSetOf(f.deployments[i%len(f.deployments)])
	if revision := i / len(f.deployments); revision > 0 {
		want.Name = fmt.Sprintf("%s-%d", want.Name, revision)
	}
	sets := f.client.AppsV1().ReplicaSets(want.Namespace)
	set, err := sets.Create(ctx, want, by(controllerManager))
	if err != nil {
		return err
	}
	n := *set.Spec.Replicas
	set.Status = appsv1.ReplicaSetStatus{
		Replicas: n, FullyLabeledReplicas: n, ReadyReplicas: n, AvailableReplicas: n, ObservedGeneration: set.Generation,
	}
	f.replicaSets[i], err = sets.UpdateStatus(ctx, set, metav1.UpdateOptions{FieldManager: controllerManager})
	return err
}

func (f *filler) pod(ctx context.Context, i int) error {
	set := f.replicaSets[i%len(f.replicaSets)]
	pod := podOf(set, "ReplicaSet", set.Spec.Template)
	pod.Name = fmt.Sprintf("%s-%s", set.Name, suffix(set.Name, i))
	pod.Spec.NodeName = nodeName(i % f.sizes.Nodes)
	return runPod(ctx, f.client, pod, fmt.Sprintf("10.%d.%d.%d", 128+i/62500, i/250%250, i%250+2))
}

func (f *filler) service(ctx context.Context, i int) error {
	s := bulkService(i, f.space(i))
	_, err := f.client.CoreV1().Services(s.Namespace).Create(ctx, s, by(Kubectl.Manager))
	return err
}

func (f *filler) configMap(ctx context.Context, i int) error {
	m := bulkConfigMap(i, f.space(i))
	_, err := f.client.CoreV1().ConfigMaps(m.Namespace).Create(ctx, m, by(Helm.Manager))
	return err
}

func (f *filler) secret(ctx context.Context, i int) error {
	s := bulkSecret(i, f.space(i))
	_, err := f.client.CoreV1().Secrets(s.Namespace).Create(ctx, s, by(Helm.Manager))
	return err
}

// space is the namespace of the i-th object of a kind.
func (f *filler) space(i int) string { return fmt.Sprintf("team-%03d", i%f.sizes.Namespaces) }

func by(manager string) metav1.CreateOptions {
	return metav1.CreateOptions{FieldManager: manager}
}
