// Package kube starts real Kubernetes API servers on loopback.
//
// A cluster is etcd and kube-apiserver and nothing else: nodes and pods are
// plain objects that nobody runs, and no controller touches them. Package load
// fills it.
package kube

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/precheck-dev/precheck/e2e/internal/build"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Options say how a cluster is started.
type Options struct {
	Version string   // of Kubernetes, such as build.Source
	Flags   []string // further flags of kube-apiserver
}

// A Cluster is a running API server with its etcd.
type Cluster struct {
	Version string
	Host    string // URL of the API server

	dir       string
	ca        *authority
	etcd      *process
	apiserver *process
	users     int // kubeconfig files written so far
}

// Run starts a cluster for a test and stops it when the test is over. The
// programs' logs are shown if the test has failed.
func Run(t testing.TB, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), t.TempDir(), o)
	if err != nil {
		t.Fatalf("start cluster %s: %v", o.Version, err)
	}
	t.Cleanup(func() {
		c.Stop()
		if t.Failed() {
			t.Logf("end of the logs of %s:\n%s", c.Version, c.Logs())
		}
	})
	return c
}

// Start builds what is missing in the cache, starts a cluster whose files are
// in dir, and returns when it is ready. The caller stops it.
func Start(ctx context.Context, dir string, o Options) (*Cluster, error) {
	etcd, err := build.Binary(ctx, build.EtcdMain, build.Etcd)
	if err != nil {
		return nil, err
	}
	apiserver, err := build.Binary(ctx, build.APIServer, o.Version)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Version: o.Version, dir: dir}
	if err := c.writePKI(); err != nil {
		return nil, err
	}
	// Between the search for a free port and its use another program may take
	// it, so a program that ends at once is given another port.
	for range 3 {
		if err = c.start(ctx, etcd, apiserver, o.Flags); err == nil {
			return c, nil
		}
		c.Stop()
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// start runs both programs and waits until the API server is ready.
func (c *Cluster) start(ctx context.Context, etcd, apiserver string, flags []string) error {
	endpoint, err := c.startEtcd(etcd)
	if err != nil {
		return err
	}
	if err := c.startAPIServer(apiserver, endpoint, flags); err != nil {
		return err
	}
	return c.waitReady(ctx)
}

// waitReady polls /readyz. A program that ends meanwhile ends the wait.
func (c *Cluster) waitReady(ctx context.Context) error {
	config, err := c.AdminConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("create client: %w", err)
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 90*time.Second, true,
		func(ctx context.Context) (bool, error) {
			for _, p := range []*process{c.etcd, c.apiserver} {
				if err := p.ended(); err != nil {
					return false, err
				}
			}
			_, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
			return err == nil, nil
		})
	if err != nil {
		return fmt.Errorf("wait for the API server: %w\n%s", err, c.Logs())
	}
	return nil
}

// Kill ends the API server at once, as a crash would. etcd stays.
func (c *Cluster) Kill() { c.apiserver.kill() }

// Stop ends both programs; it may be called more than once.
func (c *Cluster) Stop() {
	for _, p := range []*process{c.apiserver, c.etcd} {
		if p != nil {
			p.kill()
		}
	}
}

// Logs returns the end of what the programs printed.
func (c *Cluster) Logs() string {
	var text string
	for _, p := range []*process{c.etcd, c.apiserver} {
		if p != nil {
			text += fmt.Sprintf("--- %s\n%s\n", p.name, tail(p.log, 8192))
		}
	}
	return text
}

// AdminConfig returns the configuration of the harness itself, which may do
// everything, is not throttled, and is left out of the audit log.
func (c *Cluster) AdminConfig() (*rest.Config, error) {
	cert, err := c.ca.client(User{Name: harness, Groups: []string{Masters}})
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host:           c.Host,
		QPS:            -1,
		Timeout:        time.Minute,
		WarningHandler: rest.NoWarnings{}, // old API versions are used on purpose
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   c.ca.pem,
			CertData: cert.cert,
			KeyData:  cert.key,
		},
	}, nil
}

// file returns the path of a file of this cluster.
func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

// write creates a file of this cluster and returns its path.
func (c *Cluster) write(name, text string) (string, error) {
	path := c.file(name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return path, nil
}
