package cluster

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

const (
	protobuf     = "application/vnd.kubernetes.protobuf"
	metadataOnly = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	acceptTyped  = protobuf + ",application/json"
	acceptMeta   = protobuf + metadataOnly + ",application/json" + metadataOnly
	acceptJSON   = "application/json"
)

// client talks to one API server.
type client struct {
	Live
	server    string
	rest      rest.Interface
	discovery *discovery.DiscoveryClient
	// down is why the server is given up: once it stopped answering, asking for
	// the remaining lists would only cost time.
	down atomic.Pointer[error]
	// answered is set with the first answer: a server that was there once may
	// come back in a moment.
	answered atomic.Bool
	// readers buffer what arrives, one for each list that is being read.
	readers sync.Pool
}

func newClient(l Live) (*client, error) {
	config := rest.CopyConfig(l.Config)
	if config.QPS == 0 {
		config.QPS = -1
	}
	config.WarningHandler = rest.NoWarnings{}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	config.AcceptContentTypes = acceptTyped
	config.APIPath = "/"
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	r, err := rest.UnversionedRESTClientForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	d, err := discovery.NewDiscoveryClientForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", config.Host, err)
	}
	if l.PageSize <= 0 {
		l.PageSize = 500
	}
	l.Config = config
	return &client{
		Live: l, server: config.Host, rest: r, discovery: d,
		readers: sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }},
	}, nil
}

func (c *client) version(ctx context.Context) (Version, error) {
	var info apimachineryversion.Info
	if err := c.read(ctx, "/version", &info); err != nil {
		return Version{}, err
	}
	return ParseVersion(info.GitVersion)
}

func (c *client) uid(ctx context.Context) (string, error) {
	var ns metav1.PartialObjectMetadata
	err := c.read(ctx, "/api/v1/namespaces/kube-system", &ns)
	return string(ns.UID), err
}

// read reads one small object as JSON.
func (c *client) read(ctx context.Context, path string, into any) error {
	build := func() *rest.Request { return c.rest.Get().AbsPath(path).SetHeader("Accept", acceptJSON) }
	return c.get(ctx, build, func(body *bufio.Reader) error { return json.NewDecoder(body).Decode(into) })
}

// explain is the error in one line, without the address and the path that a
// reader knows anyway, and with a hint where the cause can be seen from here.
func (c *client) explain(err error) string {
	prefix := ""
	if cause := c.down.Load(); cause != nil && (lost(err) || errors.As(err, new(*gaveUp))) {
		err, prefix = *cause, "the cluster does not answer: "
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if timedOut(err) && c.Config.Timeout > 0 {
		return fmt.Sprintf("%sa request timed out after %s", prefix, c.Config.Timeout)
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if apierrors.IsUnauthorized(err) {
		// The text differs between requests of which all have this one cause.
		if end := c.certificateEnd(); !end.IsZero() && end.Before(c.Now) {
			return fmt.Sprintf("the client certificate expired on %s (401 Unauthorized)", end.UTC().Format(time.RFC3339))
		}
		return "the server refuses the credentials (401 Unauthorized)"
	}
	return prefix + text + answer(err)
}

// answer is what the server said where client-go calls it an unknown reason,
// such as that it speaks HTTPS and was asked with HTTP.
func answer(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return ""
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeUnexpectedServerResponse && cause.Message != "" && cause.Message != "unknown" {
			return ": " + strings.Join(strings.Fields(cause.Message), " ")
		}
	}
	return ""
}

// certificateEnd is when the client certificate expires; zero when there is none.
func (c *client) certificateEnd() time.Time {
	data := c.Config.CertData
	if len(data) == 0 && c.Config.CertFile != "" {
		data, _ = os.ReadFile(c.Config.CertFile)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return time.Time{}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	return cert.NotAfter
}
