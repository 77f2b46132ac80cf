package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// variousPods are pods that share containers in different ways.
func variousPods() []*corev1.Pod {
	pods := []*corev1.Pod{podOf("cart", 1), podOf("cart", 2), podOf("cart", 3), podOf("search", 4), {ObjectMeta: metav1.ObjectMeta{Name: "bare"}}}
	withInit := podOf("cart", 5)
	withInit.Spec.InitContainers = withInit.Spec.Containers
	swapped := podOf("cart", 6) // the same bytes, elsewhere
	swapped.Spec.InitContainers, swapped.Spec.Containers = swapped.Spec.Containers, nil
	old := podOf("old", 7) // before 1.21
	old.Spec.Volumes = []corev1.Volume{{Name: "default-token-x", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "default-token-x"}}}}
	old.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "default-token-x", MountPath: tokenPath}}
	own := old.DeepCopy() // the same containers, and a volume that somebody wrote
	own.Name, own.Spec.Volumes = "own", []corev1.Volume{{Name: "default-token-x"}}
	debugged := podOf("cart", 8)
	debugged.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "sh", Env: []corev1.EnvVar{{Name: "A", Value: "s3cret"}}}}}
	mentions := podOf("cart", 9) // a text that is no name
	mentions.Spec.Containers[0].Args = []string{"--volume=kube-api-access-abcde", "kube-api-access-abcdefg", "kube-api-access-"}
	return append(pods, withInit, swapped, old, own, debugged, mentions)
}

func TestPodsAreTheSameHoweverTheyAreDecoded(t *testing.T) {
	var list corev1.PodList
	var copies []*corev1.Pod
	for _, p := range variousPods() {
		list.Items = append(list.Items, *p.DeepCopy())
		copies = append(copies, p)
	}
	raw, err := list.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	want := collectPods(copies...)
	got := collectPods()
	if _, err := decodeTyped(body(append([]byte("k8s\x00"), envelope(raw)...)), got, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole(want.objects), whole(got.objects)); diff != "" {
		t.Errorf("pods decoded in parts differ (-want +got):\n%s", diff)
	}
	first, second := got.objects[0].(*slimPod).pod(), got.objects[1].(*slimPod).pod()
	if &first.Spec.Containers[0] != &second.Spec.Containers[0] {
		t.Error("equal containers were decoded twice")
	}
}

func whole(objects []runtime.Object) []runtime.Object {
	var out []runtime.Object
	for _, o := range objects {
		out = append(out, full(o))
	}
	return out
}
