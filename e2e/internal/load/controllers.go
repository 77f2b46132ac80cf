package load

import (
	"context"
	"fmt"
	"hash/fnv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// Field managers of those for whom the harness stands in.
const (
	controllerManager = "kube-controller-manager"
	kubelet           = "kubelet"
)

// A reconciler does once what controllers, scheduler and kubelets do all the
// time.
type reconciler struct {
	client kubernetes.Interface
	nodes  []corev1.Node
	turn   int // of the node that gets the next pod
}

// Reconcile creates what the cluster's workloads ask for: ReplicaSets of
// Deployments, running and ready pods on the nodes that their node selectors
// allow (a pod that fits nowhere stays pending), and EndpointSlices of
// Services. Statuses of the workloads say that everything is rolled out.
func Reconcile(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("create client: %w", err)
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	r := &reconciler{client: client, nodes: nodes.Items}
	for _, step := range []func(context.Context) error{r.deployments, r.statefulSets, r.daemonSets, r.services} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *reconciler) deployments(ctx context.Context) error {
	list, err := r.client.AppsV1().Deployments("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list deployments: %w", err)
	}
	for _, d := range list.Items {
		if err := r.deployment(ctx, &d); err != nil {
			return fmt.Errorf("roll out deployment %s/%s: %w", d.Namespace, d.Name, err)
		}
	}
	return nil
}

// deployment creates the ReplicaSet and its pods.
func (r *reconciler) deployment(ctx context.Context, d *appsv1.Deployment) error {
	set := replicaSetOf(d)
	set, err := r.client.AppsV1().ReplicaSets(d.Namespace).Create(ctx, set, metav1.CreateOptions{FieldManager: controllerManager})
	if err != nil {
		return fmt.Errorf("create replica set: %w", err)
	}
	replicas := ptr.Deref(set.Spec.Replicas, 1)
	for i := range replicas {
		pod := podOf(set, "ReplicaSet", set.Spec.Template)
		pod.Name = fmt.Sprintf("%s-%s", set.Name, suffix(set.Name, int(i)))
		if err := r.run(ctx, pod); err != nil {
			return err
		}
	}
	set.Status = appsv1.ReplicaSetStatus{
		Replicas: replicas, FullyLabeledReplicas: replicas, ReadyReplicas: replicas,
		AvailableReplicas: replicas, ObservedGeneration: set.Generation,
	}
	if _, err := r.client.AppsV1().ReplicaSets(d.Namespace).UpdateStatus(ctx, set, metav1.UpdateOptions{FieldManager: controllerManager}); err != nil {
		return fmt.Errorf("set status of replica set: %w", err)
	}
	d.Status = rolledOut(d)
	_, err = r.client.AppsV1().Deployments(d.Namespace).UpdateStatus(ctx, d, metav1.UpdateOptions{FieldManager: controllerManager})
	return err
}

func (r *reconciler) statefulSets(ctx context.Context) error {
	list, err := r.client.AppsV1().StatefulSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list stateful sets: %w", err)
	}
	for _, s := range list.Items {
		if err := r.statefulSet(ctx, &s); err != nil {
			return fmt.Errorf("roll out stateful set %s/%s: %w", s.Namespace, s.Name, err)
		}
	}
	return nil
}

// statefulSet creates the pods with their claims mounted; the claims and
// volumes themselves are manifests.
func (r *reconciler) statefulSet(ctx context.Context, s *appsv1.StatefulSet) error {
	replicas := ptr.Deref(s.Spec.Replicas, 1)
	for i := range replicas {
		pod := podOf(s, "StatefulSet", s.Spec.Template)
		pod.Name = fmt.Sprintf("%s-%d", s.Name, i)
		pod.Labels["statefulset.kubernetes.io/pod-name"] = pod.Name
		for _, claim := range s.Spec.VolumeClaimTemplates {
			source := &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim.Name + "-" + pod.Name}
			pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{
				Name: claim.Name, VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: source},
			})
		}
		if err := r.run(ctx, pod); err != nil {
			return err
		}
	}
	s.Status = appsv1.StatefulSetStatus{
		Replicas: replicas, ReadyReplicas: replicas, CurrentReplicas: replicas, UpdatedReplicas: replicas,
		AvailableReplicas: replicas, ObservedGeneration: s.Generation,
	}
	_, err := r.client.AppsV1().StatefulSets(s.Namespace).UpdateStatus(ctx, s, metav1.UpdateOptions{FieldManager: controllerManager})
	return err
}

func (r *reconciler) daemonSets(ctx context.Context) error {
	list, err := r.client.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list daemon sets: %w", err)
	}
	for _, d := range list.Items {
		if err := r.daemonSet(ctx, &d); err != nil {
			return fmt.Errorf("roll out daemon set %s/%s: %w", d.Namespace, d.Name, err)
		}
	}
	return nil
}

// daemonSet creates a pod for each node that the selector allows.
func (r *reconciler) daemonSet(ctx context.Context, d *appsv1.DaemonSet) error {
	var count int32
	for i, node := range r.nodes {
		if !selects(d.Spec.Template.Spec.NodeSelector, node.Labels) {
			continue
		}
		pod := podOf(d, "DaemonSet", d.Spec.Template)
		pod.Name = fmt.Sprintf("%s-%s", d.Name, suffix(d.Name, i))
		pod.Spec.NodeName = node.Name
		if err := r.run(ctx, pod); err != nil {
			return err
		}
		count++
	}
	d.Status = appsv1.DaemonSetStatus{
		DesiredNumberScheduled: count, CurrentNumberScheduled: count, NumberReady: count,
		NumberAvailable: count, UpdatedNumberScheduled: count, ObservedGeneration: d.Generation,
	}
	_, err := r.client.AppsV1().DaemonSets(d.Namespace).UpdateStatus(ctx, d, metav1.UpdateOptions{FieldManager: controllerManager})
	return err
}

// run creates the pod on a node and reports it running and ready.
func (r *reconciler) run(ctx context.Context, pod *corev1.Pod) error {
	if pod.Spec.NodeName == "" {
		pod.Spec.NodeName = r.place(pod.Spec.NodeSelector)
	}
	return runPod(ctx, r.client, pod, fmt.Sprintf("10.244.%d.%d", r.turn/250, r.turn%250+2))
}

// place returns the next node whose labels the selector allows, or nothing.
func (r *reconciler) place(selector map[string]string) string {
	for range r.nodes {
		node := r.nodes[r.turn%len(r.nodes)]
		r.turn++
		if selects(selector, node.Labels) && len(node.Spec.Taints) == 0 {
			return node.Name
		}
	}
	return ""
}

// runPod creates a pod and, if it has a node, reports it running and ready.
func runPod(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod, address string) error {
	mountToken(pod)
	pods := client.CoreV1().Pods(pod.Namespace)
	created, err := pods.Create(ctx, pod, metav1.CreateOptions{FieldManager: controllerManager})
	if err != nil {
		return fmt.Errorf("create pod %s: %w", pod.Name, err)
	}
	if created.Spec.NodeName == "" {
		return nil
	}
	created.Status = running(created, address)
	if _, err := pods.UpdateStatus(ctx, created, metav1.UpdateOptions{FieldManager: kubelet}); err != nil {
		return fmt.Errorf("set status of pod %s: %w", pod.Name, err)
	}
	return nil
}

// replicaSetOf returns the ReplicaSet that the deployment controller creates.
func replicaSetOf(d *appsv1.Deployment) *appsv1.ReplicaSet {
	hash := suffix(d.Name, 0)
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name:            d.Name + "-" + hash,
			Namespace:       d.Namespace,
			Annotations:     map[string]string{"deployment.kubernetes.io/revision": "1"},
			OwnerReferences: owner(d, "Deployment"),
		},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: d.Spec.Replicas,
			Selector: d.Spec.Selector.DeepCopy(),
			Template: *d.Spec.Template.DeepCopy(),
		},
	}
	if set.Spec.Selector.MatchLabels == nil {
		set.Spec.Selector.MatchLabels = map[string]string{}
	}
	set.Spec.Selector.MatchLabels["pod-template-hash"] = hash
	set.Spec.Template.Labels["pod-template-hash"] = hash
	set.Labels = set.Spec.Template.Labels
	return set
}

// podOf returns a pod without a name from its owner's template.
func podOf(of owned, kind string, template corev1.PodTemplateSpec) *corev1.Pod {
	template = *template.DeepCopy()
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       of.GetNamespace(),
			Labels:          template.Labels,
			Annotations:     template.Annotations,
			OwnerReferences: owner(of, kind),
		},
		Spec: template.Spec,
	}
}

// owned is a workload of the group apps.
type owned interface {
	metav1.Object
	runtime.Object
}

// owner refers to the workload as its controller does.
func owner(of owned, kind string) []metav1.OwnerReference {
	gvk := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: kind}
	return []metav1.OwnerReference{*metav1.NewControllerRef(of, gvk)}
}

// selects reports whether a node selector allows a node with these labels.
func selects(selector, nodeLabels map[string]string) bool {
	return labels.SelectorFromSet(selector).Matches(labels.Set(nodeLabels))
}

// suffix returns five letters that depend on nothing but the name and number.
func suffix(name string, i int) string {
	hash := fnv.New32a()
	fmt.Fprintf(hash, "%s/%d", name, i)
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	text, sum := make([]byte, 5), hash.Sum32()
	for i := range text {
		text[i] = letters[sum%uint32(len(letters))]
		sum /= uint32(len(letters))
	}
	return string(text)
}
