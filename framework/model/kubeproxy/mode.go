// Package kubeproxy models how kube-proxy forwards the traffic of Services:
// what its settings are, which of its modes a version has, and where the modes
// differ. It looks at no cluster.
//
// The facts are taken from the source of kube-proxy 1.16 to 1.37 and from
// https://kubernetes.io/docs/reference/networking/virtual-ips/.
package kubeproxy

import (
	"strings"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// Mode is what forwards the traffic of Services on the nodes: a mode of
// kube-proxy, or what a cluster runs in its place.
type Mode string

// The modes of kube-proxy on Linux.
const (
	Userspace Mode = "userspace"
	IPTables  Mode = "iptables"
	IPVS      Mode = "ipvs"
	NFTables  Mode = "nftables"
)

// What runs in the place of kube-proxy. This package does not model it.
const (
	Cilium        Mode = "Cilium"
	CalicoEBPF    Mode = "Calico eBPF"
	OVNKubernetes Mode = "OVN-Kubernetes"
	KubeRouter    Mode = "kube-router"
)

// ParseMode reads the mode of a configuration or of the flag --proxy-mode.
// Empty text is no mode: see [DefaultMode].
func ParseMode(text string) (Mode, bool) {
	m := Mode(strings.TrimSpace(text))
	return m, m.Modelled()
}

// Modelled reports whether the mode is one of kube-proxy's on Linux.
func (m Mode) Modelled() bool {
	switch m {
	case Userspace, IPTables, IPVS, NFTables:
		return true
	}
	return false
}

// String names the mode in a sentence.
func (m Mode) String() string {
	if m.Modelled() {
		return "kube-proxy in " + string(m) + " mode"
	}
	return string(m)
}

// DefaultMode is the mode of a kube-proxy on Linux that was given none:
// iptables, and nftables from 1.40 on, as kube-proxy 1.37 announces when it
// starts without a mode (cmd/kube-proxy/app/server_linux.go; KEP-5343).
func DefaultMode(v cluster.Version) Mode {
	if v.AtLeast(40) {
		return NFTables
	}
	return IPTables
}

// Stage says how far a mode is in its life.
type Stage string

// The stages of a mode.
const (
	Absent     Stage = "absent"     // kube-proxy refuses the mode
	Alpha      Stage = "alpha"      // behind a feature gate that is off
	Beta       Stage = "beta"       // on, not yet stable
	Stable     Stage = "stable"     // nothing to say
	Deprecated Stage = "deprecated" // works and warns
	Disabled   Stage = "disabled"   // behind a feature gate that is off
	Removed    Stage = "removed"    // kube-proxy refuses the mode
)

// Stage of the mode in a version.
//
//   - nftables: alpha 1.29, beta 1.31, stable 1.33 (feature gate
//     NFTablesProxyMode in pkg/features/kube_features.go).
//   - ipvs: warns since 1.35, gate KubeProxyIPVS since 1.37, off by default from
//     1.40, removed in 1.43 (KEP-5495; the last two are announced by 1.37).
//   - userspace: deprecated 1.23, removed 1.26 (CHANGELOG-1.23, CHANGELOG-1.26).
func (m Mode) Stage(v cluster.Version) Stage {
	switch m {
	case NFTables:
		return at(v, step{29, Alpha}, step{31, Beta}, step{33, Stable})
	case IPVS:
		return at(v, step{0, Stable}, step{35, Deprecated}, step{40, Disabled}, step{43, Removed})
	case Userspace:
		return at(v, step{0, Stable}, step{23, Deprecated}, step{26, Removed})
	}
	return Stable
}

type step struct {
	minor int
	stage Stage
}

// at is the last stage whose minor has come; Absent before the first.
func at(v cluster.Version, steps ...step) Stage {
	stage := Absent
	for _, s := range steps {
		if v.AtLeast(s.minor) {
			stage = s.stage
		}
	}
	return stage
}

// IPVSGate is the feature gate that turns the mode ipvs off (KEP-5495).
const IPVSGate = "KubeProxyIPVS"

// NFTablesKernel is the oldest kernel on which kube-proxy starts in the mode
// nftables, since 1.31 (pkg/util/kernel/constants.go).
const NFTablesKernel = "5.13"

// KeepsTerminating reports whether a node whose last local pod of a Service
// with a Local traffic policy is being deleted still sends to that pod while
// it serves: feature gate ProxyTerminatingEndpoints, on by default since 1.26
// (KEP-1669). Before, the node drops the traffic at once.
func KeepsTerminating(v cluster.Version) bool { return v.AtLeast(26) }
