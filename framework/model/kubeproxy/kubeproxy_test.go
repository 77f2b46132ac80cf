package kubeproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/kubeproxy"
)

func minor(t *testing.T, text string) cluster.Version {
	t.Helper()
	v, err := cluster.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The feature gates in pkg/features/kube_features.go of 1.29 to 1.37, KEP-5495,
// and the userspace proxier, which is in 1.25 and not in 1.26.
func TestStage(t *testing.T) {
	for _, c := range []struct {
		mode    kubeproxy.Mode
		version string
		want    kubeproxy.Stage
	}{
		{kubeproxy.NFTables, "v1.28.9", kubeproxy.Absent},
		{kubeproxy.NFTables, "v1.29.15", kubeproxy.Alpha},
		{kubeproxy.NFTables, "v1.30.14", kubeproxy.Alpha},
		{kubeproxy.NFTables, "v1.31.14", kubeproxy.Beta},
		{kubeproxy.NFTables, "v1.33.13", kubeproxy.Stable},
		{kubeproxy.IPVS, "v1.16.15", kubeproxy.Stable},
		{kubeproxy.IPVS, "v1.34.4", kubeproxy.Stable},
		{kubeproxy.IPVS, "v1.35.4", kubeproxy.Deprecated},
		{kubeproxy.IPVS, "v1.37.2", kubeproxy.Deprecated},
		{kubeproxy.IPVS, "v1.40.0", kubeproxy.Disabled},
		{kubeproxy.IPVS, "v1.43.0", kubeproxy.Removed},
		{kubeproxy.Userspace, "v1.22.17", kubeproxy.Stable},
		{kubeproxy.Userspace, "v1.25.16", kubeproxy.Deprecated},
		{kubeproxy.Userspace, "v1.26.15", kubeproxy.Removed},
		{kubeproxy.IPTables, "v1.16.15", kubeproxy.Stable},
		{kubeproxy.IPTables, "v1.43.0", kubeproxy.Stable},
	} {
		if got := c.mode.Stage(minor(t, c.version)); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.mode, c.version, got, c.want)
		}
	}
}

// ProxyTerminatingEndpoints: off in 1.25.16, on in 1.26.15 (kube_features.go).
func TestKeepsTerminating(t *testing.T) {
	if kubeproxy.KeepsTerminating(minor(t, "v1.25.16")) || !kubeproxy.KeepsTerminating(minor(t, "v1.26.0-aliyun.1")) {
		t.Error("terminating endpoints are used from 1.26 on")
	}
}

// Behaviour of kube-proxy 1.22.17, 1.24.17, 1.30.14, 1.31.14 and 1.37.2, from
// pkg/proxy/{iptables,ipvs,nftables}/proxier.go, cmd/kube-proxy/app and the
// documentation of nodePortAddresses in kube-proxy/config/v1alpha1.
func TestForwarding(t *testing.T) {
	const conntrack, ipvs = 24 * time.Hour, 15 * time.Minute
	on := kubeproxy.Settings{LocalhostNodePorts: true}
	with := func(mode string, change func(*kubeproxy.Settings)) kubeproxy.Settings {
		s := on
		s.Mode = mode
		if change != nil {
			change(&s)
		}
		return s
	}
	for _, c := range []struct {
		name, version string
		settings      kubeproxy.Settings
		want          kubeproxy.Forwarding
	}{
		{"no mode", "v1.37.2", on,
			kubeproxy.Forwarding{Mode: "iptables", NodePorts: "all", Loopback: true, Scheduler: "random", IdleTCP: conntrack}},
		{"no mode, announced", "v1.40.0", on,
			kubeproxy.Forwarding{Mode: "nftables", NodePorts: "primary", Scheduler: "random", IdleTCP: conntrack}},
		{"iptables without localhost", "v1.30.14", with("iptables", func(s *kubeproxy.Settings) { s.LocalhostNodePorts = false }),
			kubeproxy.Forwarding{Mode: "iptables", NodePorts: "all", Scheduler: "random", IdleTCP: conntrack}},
		{"iptables on one network", "v1.30.14", with("iptables", func(s *kubeproxy.Settings) { s.NodePortAddresses = []string{"10.0.0.0/8"} }),
			kubeproxy.Forwarding{Mode: "iptables", NodePorts: "10.0.0.0/8", Scheduler: "random", IdleTCP: conntrack}},
		{"iptables on everything", "v1.30.14", with("iptables", func(s *kubeproxy.Settings) { s.NodePortAddresses = []string{"0.0.0.0/0"} }),
			kubeproxy.Forwarding{Mode: "iptables", NodePorts: "all", Loopback: true, Scheduler: "random", IdleTCP: conntrack}},
		{"ipvs refuses", "v1.22.17", with("ipvs", nil),
			kubeproxy.Forwarding{Mode: "ipvs", NodePorts: "all", BindsAddresses: true, StrictLocal: true, Scheduler: "rr", IdleTCP: ipvs}},
		{"ipvs falls back", "v1.24.17", with("ipvs", nil),
			kubeproxy.Forwarding{Mode: "ipvs", NodePorts: "all", BindsAddresses: true, Scheduler: "rr", IdleTCP: ipvs}},
		{"ipvs tuned", "v1.37.2", with("ipvs", func(s *kubeproxy.Settings) { s.Scheduler, s.TCPTimeout = "sh", time.Hour }),
			kubeproxy.Forwarding{Mode: "ipvs", NodePorts: "all", BindsAddresses: true, Scheduler: "sh", IdleTCP: time.Hour}},
		{"nftables alpha", "v1.30.14", with("nftables", nil),
			kubeproxy.Forwarding{Mode: "nftables", NodePorts: "all", Scheduler: "random", IdleTCP: conntrack}},
		{"nftables", "v1.31.14", with("nftables", nil),
			kubeproxy.Forwarding{Mode: "nftables", NodePorts: "primary", Scheduler: "random", IdleTCP: conntrack}},
		{"userspace", "v1.20.15", with("userspace", nil),
			kubeproxy.Forwarding{Mode: "userspace", NodePorts: "all", Loopback: true, Scheduler: "rr", IdleTCP: conntrack}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := c.settings.Forwarding(minor(t, c.version))
			if !ok {
				t.Fatal("the mode is not modelled")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if _, ok := with("kernelspace", nil).Forwarding(minor(t, "v1.30.0")); ok {
		t.Error("kernelspace is modelled")
	}
}

func TestChanges(t *testing.T) {
	forwarding := func(mode, version string) kubeproxy.Forwarding {
		f, ok := kubeproxy.Settings{Mode: mode, LocalhostNodePorts: true}.Forwarding(minor(t, version))
		if !ok {
			t.Fatalf("%s is not modelled", mode)
		}
		return f
	}
	for _, c := range []struct {
		from, fromVersion, to, toVersion string
		want                             []kubeproxy.Change
	}{
		{"iptables", "v1.20.1", "iptables", "v1.37.2", nil},
		{"ipvs", "v1.20.1", "ipvs", "v1.37.2", nil},
		{"ipvs", "v1.20.1", "iptables", "v1.37.2", nil},
		{"iptables", "v1.20.1", "nftables", "v1.37.2", []kubeproxy.Change{kubeproxy.NodePortAddresses, kubeproxy.LoopbackNodePorts}},
		{"ipvs", "v1.20.1", "nftables", "v1.37.2", []kubeproxy.Change{kubeproxy.NodePortAddresses}},
		{"nftables", "v1.33.1", "iptables", "v1.37.2", nil},
		{"iptables", "v1.20.1", "ipvs", "v1.30.1", []kubeproxy.Change{kubeproxy.LoopbackNodePorts, kubeproxy.BoundAddresses, kubeproxy.ShorterIdle}},
		{"ipvs", "v1.24.1", "ipvs", "v1.23.1", []kubeproxy.Change{kubeproxy.RefusedLocal}},
	} {
		got := kubeproxy.Changes(forwarding(c.from, c.fromVersion), forwarding(c.to, c.toVersion))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %s to %s %s (-want +got):\n%s", c.from, c.fromVersion, c.to, c.toVersion, diff)
		}
	}
}

// The configuration that kubeadm writes has all fields; what matters is all
// that may stay.
func TestReduceConfig(t *testing.T) {
	const whole = `---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 0.0.0.0
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
clusterCIDR: 10.244.0.0/16
conntrack:
  maxPerCore: null
  tcpEstablishedTimeout: 24h0m0s
featureGates:
  KubeProxyIPVS: true
iptables:
  localhostNodePorts: false
  masqueradeAll: false
ipvs:
  scheduler: lc
  strictARP: true
  tcpTimeout: 1h0m0s
mode: ipvs
nodePortAddresses:
- 10.0.0.0/8
winkernel: {}
`
	reduced, ok := kubeproxy.ReduceConfig(whole)
	if !ok || strings.Contains(reduced, "clusterCIDR") || strings.Contains(reduced, "kubeconfig.conf") {
		t.Errorf("reduced (%v):\n%s", ok, reduced)
	}
	if again, ok := kubeproxy.ReduceConfig(reduced); !ok || again != reduced {
		t.Errorf("reduced twice (%v):\n%s\nonce:\n%s", ok, again, reduced)
	}
	want := kubeproxy.Settings{
		Mode: "ipvs", NodePortAddresses: []string{"10.0.0.0/8"}, Scheduler: "lc", TCPTimeout: time.Hour,
		FeatureGates: map[string]bool{"KubeProxyIPVS": true},
	}
	for _, text := range []string{whole, reduced} {
		got, err := kubeproxy.FromConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestReduceConfigRefuses(t *testing.T) {
	for _, text := range []string{"", "mode: ipvs", "kind: Config\nname: KubeProxyConfiguration\n", "apiVersion: v1\nkind: Config\n"} {
		if got, ok := kubeproxy.ReduceConfig(text); ok {
			t.Errorf("%q is reduced to %q", text, got)
		}
	}
	broken, ok := kubeproxy.ReduceConfig("kind: KubeProxyConfiguration\nmode: [secret]\n")
	if !ok || strings.Contains(broken, "secret") {
		t.Errorf("a broken configuration is reduced to %q (%v)", broken, ok)
	}
	if again, ok := kubeproxy.ReduceConfig(broken); !ok || again != broken {
		t.Errorf("reduced twice: %q", again)
	}
	if _, err := kubeproxy.FromConfig(broken); err == nil {
		t.Error("a broken configuration is read")
	}
	if _, err := kubeproxy.FromConfig("kind: Config"); err == nil {
		t.Error("another kind is read")
	}
}

func TestFromArgs(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want kubeproxy.Settings
		file string
	}{
		{"kubeadm", []string{"/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=$(NODE_NAME)"},
			kubeproxy.Settings{LocalhostNodePorts: true}, "/var/lib/kube-proxy/config.conf"},
		{"separate values", []string{"kube-proxy", "--v", "2", "--masquerade-all", "--proxy-mode", "ipvs", "--ipvs-scheduler", "lc"},
			kubeproxy.Settings{Mode: "ipvs", Scheduler: "lc", LocalhostNodePorts: true}, ""},
		{"shell", []string{"/bin/sh", "-c", "exec kube-proxy --master=https://10.0.0.1 --proxy-mode=\"nftables\" --nodeport-addresses=primary,localhost 1>>/var/log/kube-proxy.log 2>&1"},
			kubeproxy.Settings{Mode: "nftables", NodePortAddresses: []string{"primary", "localhost"}, LocalhostNodePorts: true}, ""},
		{"wrapper", []string{"/go-runner", "--log-file=/var/log/kube-proxy.log", "--", "kube-proxy", "--proxy-mode=ipvs", "--ipvs-tcp-timeout=1h"},
			kubeproxy.Settings{Mode: "ipvs", TCPTimeout: time.Hour, LocalhostNodePorts: true}, ""},
		{"gates", []string{"kube-proxy", "--feature-gates=NFTablesProxyMode=true,Other=false", "--iptables-localhost-nodeports=false"},
			kubeproxy.Settings{FeatureGates: map[string]bool{"NFTablesProxyMode": true, "Other": false}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, file, err := kubeproxy.FromArgs(c.args)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.NodePortAddresses) == 0 {
				got.NodePortAddresses = nil
			}
			if diff := cmp.Diff(c.want, got); diff != "" || file != c.file {
				t.Errorf("file %q, -want +got:\n%s", file, diff)
			}
		})
	}
	if _, _, err := kubeproxy.FromArgs([]string{"--ipvs-tcp-timeout=soon"}); err == nil {
		t.Error("a timeout that is none is read")
	}
}
