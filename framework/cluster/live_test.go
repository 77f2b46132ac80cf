package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// server is an API server with three Services and three ConfigMaps whose
// answers a test can replace by path.
type server struct {
	mu       sync.Mutex
	asked    map[string]int
	answers  map[string]http.HandlerFunc
	requests []*http.Request
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked[r.URL.Path]++
	s.requests = append(s.requests, r)
	answer := s.answers[r.URL.Path]
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	s.standard(w, r)
}

func (s *server) standard(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/version":
		reply(w, map[string]string{"gitVersion": "v1.24.17-test.1"})
	case "/api":
		reply(w, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case "/apis":
		reply(w, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}})
	case "/api/v1":
		verbs := []string{"create", "get", "list"}
		reply(w, metav1.APIResourceList{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "services", Kind: "Service", Namespaced: true, Verbs: verbs},
			{Name: "configmaps", Kind: "ConfigMap", Namespaced: true, Verbs: verbs},
		}})
	case "/api/v1/namespaces/kube-system":
		reply(w, map[string]any{"metadata": map[string]string{"name": "kube-system", "uid": "u-1"}})
	case "/api/v1/services":
		s.services(w, r)
	case "/api/v1/configmaps":
		list := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadataList", APIVersion: "meta.k8s.io/v1"}}
		for _, name := range []string{"x", "y", "z"} {
			list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}})
		}
		reply(w, list)
	default:
		http.NotFound(w, r)
	}
}

// services answers one Service a page.
func (s *server) services(w http.ResponseWriter, r *http.Request) {
	names := []string{"a", "b", "c"}
	at := 0
	if c := r.URL.Query().Get("continue"); c != "" {
		at = int(c[0] - '0')
	}
	list := corev1.ServiceList{TypeMeta: metav1.TypeMeta{Kind: "ServiceList", APIVersion: "v1"}}
	if r.URL.Query().Get("limit") == "" {
		for _, n := range names {
			list.Items = append(list.Items, service(n))
		}
		reply(w, list)
		return
	}
	list.Items = []corev1.Service{service(names[at])}
	if at+1 < len(names) {
		list.Continue = fmt.Sprint(at + 1)
	}
	reply(w, list)
}

func service(name string) corev1.Service {
	return corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// refuse answers with a Status of the API.
func refuse(code int, reason metav1.StatusReason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
		})
	}
}

// times answers the first n requests with one handler, the rest with another.
func times(n int, first, rest http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n--
		early := n >= 0
		mu.Unlock()
		if early {
			first(w, r)
			return
		}
		rest(w, r)
	}
}

func start(t *testing.T, answers map[string]http.HandlerFunc) (*server, *rest.Config) {
	t.Helper()
	s := &server{asked: map[string]int{}, answers: answers}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return s, &rest.Config{Host: h.URL, Timeout: 2 * time.Second}
}

func read(t *testing.T, config *rest.Config, resources ...cluster.Resource) *cluster.Snapshot {
	t.Helper()
	s, err := cluster.Live{Config: config, Now: time.Unix(0, 0)}.Read(t.Context(), resources)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func names(s *cluster.Snapshot) []string {
	var out []string
	for o := range cluster.Services.In(s) {
		out = append(out, o.Name)
	}
	return out
}

func TestLivePages(t *testing.T) {
	s, config := start(t, nil)
	got := read(t, config, cluster.Services, cluster.Inventory)
	if diff := cmp.Diff([]string{"a", "b", "c"}, names(got)); diff != "" {
		t.Error(diff)
	}
	if s.asked["/api/v1/services"] != 3 || s.asked["/api/v1/configmaps"] != 1 {
		t.Errorf("each list must be read once, in pages: %v", s.asked)
	}
	if got.Identity.UID != "u-1" || got.Identity.Version.Minor != 24 || len(got.Gaps()) != 0 {
		t.Errorf("identity %+v, gaps %v", got.Identity, got.Gaps())
	}
	rows := 0
	for range cluster.Inventory.Of(got) {
		rows++
	}
	if rows != 6 {
		t.Errorf("%d rows, want 3 Services and 3 ConfigMaps", rows)
	}
	for _, r := range s.requests {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s is no read", r.Method, r.URL)
		}
		if r.URL.Path == "/api/v1/configmaps" && !strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			t.Errorf("ConfigMaps were asked for whole: %s", r.Header.Get("Accept"))
		}
	}
}

func TestLivePassingErrors(t *testing.T) {
	t.Parallel()
	var std server
	std.asked = map[string]int{}
	tests := map[string]http.HandlerFunc{
		"503 twice":       times(2, refuse(503, metav1.StatusReasonServiceUnavailable, "starting"), std.services),
		"500 once":        times(1, refuse(500, metav1.StatusReasonInternalError, "etcd"), std.services),
		"gone once":       times(2, gone(1, std.services), std.services),
		"always gone":     gone(1000, std.services),
		"429 Retry-After": times(1, tooMany, std.services),
		"broke off once": times(1, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"kind":"ServiceList","apiVersion":"v1","items":[`))
		}, std.services),
		"hung up once": times(1, func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			_ = c.Close()
		}, std.services),
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, config := start(t, map[string]http.HandlerFunc{"/api/v1/services": answer})
			got := read(t, config, cluster.Services)
			if diff := cmp.Diff([]string{"a", "b", "c"}, names(got)); diff != "" || len(got.Gaps()) > 0 {
				t.Errorf("%s gaps %v", diff, got.Gaps())
			}
		})
	}
}

// gone answers every page but the first with an expired token, n times.
func gone(n int, rest http.HandlerFunc) http.HandlerFunc {
	expired := times(n, refuse(410, metav1.StatusReasonExpired, "the continue token expired"), rest)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("continue") != "" {
			expired(w, r)
			return
		}
		rest(w, r)
	}
}

func tooMany(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	refuse(429, metav1.StatusReasonTooManyRequests, "slow down")(w, r)
}

func TestLiveGaps(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tests := []struct {
		name    string
		answers map[string]http.HandlerFunc
		want    []string
	}{
		{"forbidden", map[string]http.HandlerFunc{"/api/v1/configmaps": refuse(403, metav1.StatusReasonForbidden, "configmaps is forbidden")},
			[]string{"inventory: configmaps: configmaps is forbidden"}},
		{"a kind forbidden", map[string]http.HandlerFunc{"/api/v1/services": refuse(403, metav1.StatusReasonForbidden, "services is forbidden")},
			[]string{"inventory: services: services is forbidden", "services: services is forbidden"}},
		{"one list hangs", map[string]http.HandlerFunc{"/api/v1/configmaps": hang}, []string{"inventory: configmaps: "}},
		{"no JSON", map[string]http.HandlerFunc{"/api/v1/configmaps": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("<html>"))
		}}, []string{"inventory: configmaps: decode the answer: "}},
		{"no discovery", map[string]http.HandlerFunc{"/api": refuse(403, metav1.StatusReasonForbidden, "no"), "/apis": refuse(403, metav1.StatusReasonForbidden, "no")},
			[]string{"api: ", "inventory: ", "services: "}},
		{"a group is down", map[string]http.HandlerFunc{"/apis": func(w http.ResponseWriter, _ *http.Request) {
			v := metav1.GroupVersionForDiscovery{GroupVersion: "metrics.k8s.io/v1beta1", Version: "v1beta1"}
			reply(w, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"},
				Groups: []metav1.APIGroup{{Name: "metrics.k8s.io", Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v}}})
		}, "/apis/metrics.k8s.io/v1beta1": refuse(503, metav1.StatusReasonServiceUnavailable, "the server is currently unable to handle the request")},
			[]string{"api: metrics.k8s.io/v1beta1: ", "inventory: metrics.k8s.io/v1beta1: "}},
		{"everything refused", map[string]http.HandlerFunc{
			"/version": refuse(401, metav1.StatusReasonUnauthorized, "Unauthorized"), "/api": refuse(401, metav1.StatusReasonUnauthorized, "Unauthorized"),
			"/apis": refuse(401, metav1.StatusReasonUnauthorized, "Unauthorized"), "/api/v1/namespaces/kube-system": refuse(401, metav1.StatusReasonUnauthorized, "Unauthorized")},
			[]string{"api: the server refuses the credentials", "inventory: the server refuses the credentials", "services: the server refuses the credentials",
				"uid: the server refuses the credentials", "version: the server refuses the credentials"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, config := start(t, tt.answers)
			got := read(t, config, cluster.Services, cluster.Inventory, cluster.API, cluster.UID, cluster.ServerVersion)
			gaps := got.Gaps()
			if len(gaps) != len(tt.want) {
				t.Fatalf("gaps %v, want %v", gaps, tt.want)
			}
			for i, g := range gaps {
				if !strings.HasPrefix(g.String(), tt.want[i]) || strings.Contains(g.String(), "\n") {
					t.Errorf("gap %q, want %q", g, tt.want[i])
				}
			}
		})
	}
}

func TestLiveUnreachable(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(http.NotFoundHandler())
	h.Close()
	got := read(t, &rest.Config{Host: h.URL, Timeout: time.Second}, cluster.Services, cluster.Inventory, cluster.API, cluster.UID, cluster.ServerVersion)
	if len(got.Gaps()) != 5 {
		t.Fatalf("gaps %v, want one for each resource", got.Gaps())
	}
	for _, g := range got.Gaps() {
		if !strings.HasPrefix(g.Reason, "the cluster does not answer: dial tcp ") || !strings.HasSuffix(g.Reason, "connection refused") {
			t.Errorf("gap %q", g)
		}
	}
}

func TestLiveDiesHalfWay(t *testing.T) {
	t.Parallel()
	var h *httptest.Server
	s := &server{asked: map[string]int{}}
	h = httptest.NewServer(s)
	t.Cleanup(h.Close)
	die := func(w http.ResponseWriter, _ *http.Request) {
		_ = h.Listener.Close()
		c, _, _ := w.(http.Hijacker).Hijack()
		_ = c.Close()
		h.CloseClientConnections()
	}
	s.answers = map[string]http.HandlerFunc{"/api/v1/services": die}
	got := read(t, &rest.Config{Host: h.URL, Timeout: time.Second}, cluster.Services, cluster.Inventory)
	if len(got.GapsFor([]cluster.Resource{cluster.Services})) == 0 {
		t.Errorf("the Services were lost without a gap: %v", got.Gaps())
	}
}

func TestLiveCancelled(t *testing.T) {
	t.Parallel()
	_, config := start(t, map[string]http.HandlerFunc{"/api/v1/services": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	config.Timeout = 0
	ctx, cancel := contextWithCancelAfterFirst(t, config)
	defer cancel()
	_, err := cluster.Live{Config: config}.Read(ctx, []cluster.Resource{cluster.Services})
	if err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("a cancelled read gave %v", err)
	}
}

// contextWithCancelAfterFirst ends once the cluster was asked for anything.
func contextWithCancelAfterFirst(t *testing.T, config *rest.Config) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/services") {
				cancel()
			}
			return rt.RoundTrip(r)
		})
	})
	return ctx, cancel
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestLiveWhole asks a server that is new enough for lists in one piece, and
// for pages when that takes too long.
func TestLiveWhole(t *testing.T) {
	t.Parallel()
	var std server
	std.asked = map[string]int{}
	slow := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("limit") == "" {
			<-r.Context().Done()
			return
		}
		std.services(w, r)
	}
	for name, answer := range map[string]http.HandlerFunc{"in one piece": std.services, "in pages": slow} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, config := start(t, map[string]http.HandlerFunc{
				"/version":         func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]string{"gitVersion": "v1.37.2"}) },
				"/api/v1/services": answer,
			})
			got := read(t, config, cluster.Services)
			if diff := cmp.Diff([]string{"a", "b", "c"}, names(got)); diff != "" || len(got.Gaps()) > 0 {
				t.Errorf("%s gaps %v", diff, got.Gaps())
			}
			if n := s.asked["/api/v1/services"]; name == "in one piece" && n != 1 || name == "in pages" && n != 4 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestLiveUnknownVersion: objects of a kind whose only version is not read here
// are in the inventory all the same.
func TestLiveUnknownVersion(t *testing.T) {
	t.Parallel()
	v := metav1.GroupVersionForDiscovery{GroupVersion: "policy/v9", Version: "v9"}
	list := metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadataList", APIVersion: "meta.k8s.io/v1"},
		Items: []metav1.PartialObjectMetadata{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "budget"}}}}
	_, config := start(t, map[string]http.HandlerFunc{
		"/apis": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"},
				Groups: []metav1.APIGroup{{Name: "policy", Versions: []metav1.GroupVersionForDiscovery{v}, PreferredVersion: v}}})
		},
		"/apis/policy/v9": func(w http.ResponseWriter, _ *http.Request) {
			reply(w, metav1.APIResourceList{GroupVersion: "policy/v9", APIResources: []metav1.APIResource{
				{Name: "poddisruptionbudgets", Kind: "PodDisruptionBudget", Namespaced: true, Verbs: []string{"create", "list"}}}})
		},
		"/apis/policy/v9/poddisruptionbudgets": func(w http.ResponseWriter, _ *http.Request) { reply(w, list) },
	})
	got := read(t, config, cluster.PodDisruptionBudgets, cluster.Inventory)
	if !got.Has(cluster.Ref{APIVersion: "policy/v9", Kind: "PodDisruptionBudget", Namespace: "shop", Name: "budget"}) {
		t.Error("the inventory lacks an object of a version that is not read")
	}
	if gaps := got.GapsFor([]cluster.Resource{cluster.PodDisruptionBudgets}); len(gaps) != 1 || !strings.Contains(gaps[0].Reason, "policy/v9") {
		t.Errorf("gaps %v, want the version that is not read", gaps)
	}
}
