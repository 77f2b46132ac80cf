package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/precheck-dev/precheck/e2e/internal/build"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// TestServers shows that the harness does what the other tests rely on: both
// API servers are of the version they claim, hold the applications, and tell
// users apart.
func TestServers(t *testing.T) {
	t.Run("source", func(t *testing.T) {
		t.Parallel()
		source := kube.Run(t, kube.Options{Version: build.Source})
		config, err := source.AdminConfig()
		if err != nil {
			t.Fatal(err)
		}
		if err := load.Source(t.Context(), config, "testdata/source"); err != nil {
			t.Fatal(err)
		}
		client := kubernetes.NewForConfigOrDie(config)
		checkVersion(t, client, build.Source)
		checkPods(t, client, map[string]int{"shop": 5, "orders": 2, "monitoring": 1, "chat": 2, "kube-system": 5})
		checkWriters(t, client)
	})
	t.Run("target", func(t *testing.T) {
		t.Parallel()
		target := kube.Run(t, kube.Options{Version: build.Target})
		config, err := target.AdminConfig()
		if err != nil {
			t.Fatal(err)
		}
		if err := load.Target(t.Context(), config, "testdata/target"); err != nil {
			t.Fatal(err)
		}
		client := kubernetes.NewForConfigOrDie(config)
		checkVersion(t, client, build.Target)
		checkPods(t, client, map[string]int{"kube-system": 4})
		checkUsers(t, target)
		target.Kill()
		if _, err := client.Discovery().ServerVersion(); err == nil {
			t.Error("a killed server still answers")
		}
	})
}

func checkVersion(t *testing.T, client kubernetes.Interface, want string) {
	t.Helper()
	version, err := client.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.GitVersion != want {
		t.Errorf("server calls itself %s, want %s", version.GitVersion, want)
	}
	if got := "v" + version.Major + "." + version.Minor + "."; !strings.HasPrefix(want, got) {
		t.Errorf("server calls itself %s, want it to begin %s", got, want)
	}
}

// checkPods counts the running pods of each namespace.
func checkPods(t *testing.T, client kubernetes.Interface, want map[string]int) {
	t.Helper()
	for namespace, number := range want {
		pods, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		running := 0
		for _, pod := range pods.Items {
			if pod.Status.Phase == corev1.PodRunning && pod.Spec.NodeName != "" && len(pod.OwnerReferences) == 1 {
				running++
			}
		}
		if running != number || len(pods.Items) != number {
			t.Errorf("%s has %d pods, %d running, want %d", namespace, len(pods.Items), running, number)
		}
	}
}

// checkWriters looks for the traces that different programs leave.
func checkWriters(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	budget, err := client.PolicyV1().PodDisruptionBudgets("shop").Get(t.Context(), "checkout", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if text := budget.Annotations[corev1.LastAppliedConfigAnnotation]; !strings.Contains(text, `"policy/v1beta1"`) {
		t.Errorf("last applied configuration is %q, want policy/v1beta1", text)
	}
	slice, err := client.DiscoveryV1().EndpointSlices("chat").Get(t.Context(), "directory-external", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(slice.ManagedFields) != 1 || slice.ManagedFields[0].APIVersion != "discovery.k8s.io/v1beta1" ||
		slice.ManagedFields[0].Operation != metav1.ManagedFieldsOperationApply {
		t.Errorf("managed fields are %v, want one apply of discovery.k8s.io/v1beta1", slice.ManagedFields)
	}
}

// checkUsers makes requests as users with and without rights.
func checkUsers(t *testing.T, c *kube.Cluster) {
	t.Helper()
	if err := list(t, c, kube.User{Name: "alice", Groups: []string{kube.Masters}}); err != nil {
		t.Errorf("alice of %s: %v", kube.Masters, err)
	}
	if err := list(t, c, kube.User{Name: "bob"}); !apierrors.IsForbidden(err) {
		t.Errorf("bob gets %v, want forbidden", err)
	}
	if err := list(t, c, kube.User{Name: "carol", Groups: []string{kube.Masters}, Expired: true}); !apierrors.IsUnauthorized(err) {
		t.Errorf("carol gets %v, want unauthorized", err)
	}
	for user, code := range map[string]int{"alice": http.StatusOK, "bob": http.StatusForbidden} {
		events, err := c.Audit(kube.By(user))
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 1 || events[0].Verb != "list" || events[0].ResponseStatus.Code != code {
			t.Errorf("audit of %s is %+v, want one list with %d", user, events, code)
		}
	}
}

// list lists nodes with the kubeconfig of a user.
func list(t *testing.T, c *kube.Cluster, u kube.User) error {
	t.Helper()
	path, err := c.Kubeconfig(u)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = kubernetes.NewForConfigOrDie(config).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	return err
}
