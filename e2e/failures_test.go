package e2e

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/precheck-dev/precheck/e2e/internal/build"
	"github.com/precheck-dev/precheck/e2e/internal/kube"
	"github.com/precheck-dev/precheck/e2e/internal/load"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestUnreachable gives a cluster that cannot be talked to, as source and as
// target: every check that needs it is unknown, one line says why, and the run
// ends.
func TestUnreachable(t *testing.T) {
	c := clusters(t)
	masters := kube.User{Name: "unreachable", Groups: []string{kube.Masters}}
	authority := otherAuthority(t)
	good := map[string]string{"source": admin(t, c.source), "target": admin(t, c.target)}
	for name, each := range map[string]struct {
		user   kube.User
		change func(*api.Cluster)
		says   string
	}{
		"closed port":                 {masters, func(k *api.Cluster) { k.Server = "https://" + closedPort(t) }, "connection refused"},
		"silent port":                 {masters, func(k *api.Cluster) { k.Server = "https://" + silentPort(t, func() {}) }, "does not answer"},
		"unknown host":                {masters, func(k *api.Cluster) { k.Server = "https://host.invalid:6443" }, "host.invalid"},
		"no TLS":                      {masters, func(k *api.Cluster) { k.Server = strings.Replace(k.Server, "https:", "http:", 1) }, "HTTP"},
		"expired client certificate":  {kube.User{Name: "late", Groups: []string{kube.Masters}, Expired: true}, func(*api.Cluster) {}, "expired"},
		"expired server certificate":  {masters, func(k *api.Cluster) { k.TLSServerName = kube.ExpiredName }, "expired"},
		"certificate of another name": {masters, func(k *api.Cluster) { k.TLSServerName = "other.test" }, "other.test"},
		"other authority":             {masters, func(k *api.Cluster) { k.CertificateAuthorityData = authority }, "unknown authority"},
	} {
		for side, cluster := range map[string]*kube.Cluster{"source": c.source, "target": c.target} {
			t.Run(name+" as "+side, func(t *testing.T) {
				t.Parallel()
				files := map[string]string{"source": good["source"], "target": good["target"]}
				files[side] = changed(t, kubeconfig(t, cluster, each.user), each.change)
				begin := time.Now()
				out := precheckAt(t, "LANG=C", live(files["source"], files["target"], "-o", "json", "--step", "application", "--"+side+"-request-timeout", "2s")...)
				out.must(t, inconclusive)
				t.Logf("took %s, says %q", time.Since(begin).Round(10*time.Millisecond), out.stderr)
				checkUnreachable(t, out, side, each.says)
			})
		}
	}
}

// checkUnreachable wants no clean check that reads the side, and one line.
func checkUnreachable(t *testing.T, out outcome, side, says string) {
	t.Helper()
	r := out.report(t)
	if unknown := r.with("unknown"); len(unknown) < 5 {
		t.Errorf("unknown are %q only", unknown)
	}
	for _, each := range []string{"cluster/same-cluster", "api/removed", "api/deprecated", "scheduling/node-labels"} {
		if got := r.result(t, each); got.Status != "unknown" || !strings.Contains(got.Reason, side) {
			t.Errorf("%s is %s (%s), want unknown because of the %s", each, got.Status, got.Reason, side)
		}
	}
	for step, verdict := range r.Verdicts {
		if verdict == "ready" {
			t.Errorf("verdict of %s is ready", step)
		}
	}
	lines := out.complaints(t)
	if len(lines) != 1 || !strings.HasPrefix(lines[0], side+": ") || !strings.Contains(lines[0], says) {
		t.Errorf("stderr is %q, want one line about the %s with %q", lines, side, says)
	}
}

// changed rewrites the cluster of a kubeconfig file.
func changed(t *testing.T, file string, change func(*api.Cluster)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range config.Clusters {
		change(k)
	}
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// otherAuthority is a certificate authority that has signed neither server's
// certificate.
func otherAuthority(t *testing.T) []byte {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

// closedPort is an address that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// silentPort is an address that takes connections and never answers.
// The function is called when the first connection is there.
func silentPort(t *testing.T, called func()) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepted sync.Once
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Do(called)
			mu.Lock()
			open = append(open, connection)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, connection := range open {
			_ = connection.Close()
		}
	})
	return l.Addr().String()
}

// TestKilled ends the API server of the source in the middle of a run.
func TestKilled(t *testing.T) {
	t.Parallel()
	source := kube.Run(t, kube.Options{Version: build.Source})
	target := clusters(t).target
	config, err := source.AdminConfig()
	if err != nil {
		t.Fatal(err)
	}
	if err := load.Source(t.Context(), config, "testdata/source"); err != nil {
		t.Fatal(err)
	}
	files := []string{admin(t, source), admin(t, target)}
	done := make(chan outcome, 1)
	go func() {
		// 10 requests per second leave seconds between the first list and the
		// last, however slow the machine is to end the server.
		done <- precheckAt(t, "LANG=C", live(files[0], files[1], "-o", "json", "--qps", "10")...)
	}()
	err = source.WaitAudit(t.Context(), func(e kube.Event) bool { return e.Verb == "list" && e.User.Username == "admin" })
	if err != nil {
		t.Fatal(err)
	}
	source.Kill()
	out := <-done
	// What was found before stands, and blocked outranks inconclusive.
	if out.code != inconclusive && out.code != blocked {
		t.Errorf("exit code is %d, want %d or %d", out.code, inconclusive, blocked)
	}
	if lines := out.complaints(t); len(lines) != 1 || !strings.Contains(lines[0], "source: ") {
		t.Errorf("stderr is %q, want one line about the source", lines)
	}
	for _, check := range []string{"api/removed", "api/deprecated"} {
		if got := out.report(t).result(t, check); got.Status != "unknown" {
			t.Errorf("%s is %s, want unknown", check, got.Status)
		}
	}
}

// apiServices is where aggregated APIs are registered.
var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// TestAggregatedAPIDown registers an aggregated API without a backend: what it
// would have served is unknown, and nothing else suffers.
func TestAggregatedAPIDown(t *testing.T) {
	c := clusters(t)
	all := precheck(t, live(admin(t, c.source), admin(t, c.target), "-o", "json")...).must(t, blocked).report(t)
	for side, cluster := range map[string]*kube.Cluster{"source": c.source, "target": c.target} {
		t.Run(side, func(t *testing.T) {
			aggregate(t, cluster)
			out := precheck(t, live(admin(t, c.source), admin(t, c.target), "-o", "json")...).must(t, blocked)
			if lines := out.complaints(t); len(lines) != 1 || !strings.HasPrefix(lines[0], side+": ") || !strings.Contains(lines[0], "stats.example.com/v1") {
				t.Errorf("stderr is %q, want one line about stats.example.com/v1 of the %s", lines, side)
			}
			r := out.report(t)
			if diff := cmp.Diff([]string{"api/removed", "api/deprecated"}, r.with("unknown")); diff != "" {
				t.Errorf("unknown checks (-want +got):\n%s", diff)
			}
			for _, each := range all.Results {
				if strings.HasPrefix(each.Check, "api/") {
					continue
				}
				if got := r.result(t, each.Check); got.Status != each.Status || len(got.Findings) != len(each.Findings) {
					t.Errorf("%s is %s with %d findings, want %s with %d", each.Check, got.Status, len(got.Findings), each.Status, len(each.Findings))
				}
			}
			precheck(t, live(admin(t, c.source), admin(t, c.target), "--checks", "api/deprecated")...).must(t, inconclusive)
		})
	}
}

// aggregate registers the API, waits until discovery names it, and takes it
// away when the test is over.
func aggregate(t *testing.T, c *kube.Cluster) {
	t.Helper()
	config, err := c.AdminConfig()
	if err != nil {
		t.Fatal(err)
	}
	services := dynamic.NewForConfigOrDie(config).Resource(apiServices)
	const name = "v1.stats.example.com"
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"group": "stats.example.com", "version": "v1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
			"insecureSkipTLSVerify": true,
			"service":               map[string]any{"namespace": "kube-system", "name": "stats"},
		},
	}}
	if _, err := services.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitForGroup(t, c, true)
	t.Cleanup(func() {
		if err := services.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		waitForGroup(t, c, false)
	})
}

// waitForGroup waits until discovery names the aggregated group, or does not.
func waitForGroup(t *testing.T, c *kube.Cluster, present bool) {
	t.Helper()
	config, err := c.AdminConfig()
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config).Discovery().RESTClient()
	ctx := context.WithoutCancel(t.Context())
	err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		groups, err := client.Get().AbsPath("/apis").DoRaw(ctx)
		return strings.Contains(string(groups), "stats.example.com") == present, err
	})
	if err != nil {
		t.Fatalf("wait for the aggregated group: %v", err)
	}
}

// TestInterrupted interrupts a run that waits for an answer: it ends at once,
// with one line and without a report.
func TestInterrupted(t *testing.T) {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := clusters(t)
	waits := make(chan struct{})
	silent := changed(t, admin(t, c.target), func(k *api.Cluster) {
		k.Server = "https://" + silentPort(t, func() { close(waits) })
	})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, path, live(admin(t, c.source), silent, "--target-request-timeout", "0")...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-waits
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	out := outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}.must(t, inconclusive)
	if lines := out.complaints(t); len(lines) != 1 || !strings.Contains(lines[0], "interrupted") || out.stdout != "" {
		t.Errorf("stdout is %q and stderr %q, want nothing and one line", out.stdout, lines)
	}
}
