package kubeproxy

import (
	"slices"
	"strings"
	"time"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// Forwarding says how one kube-proxy treats what a Service can ask for.
type Forwarding struct {
	Mode Mode
	// NodePorts are the addresses of a node on which node ports answer: all,
	// primary, or the list that was configured, sorted and joined with commas.
	NodePorts string
	// Loopback is true when node ports answer on 127.0.0.1 too.
	Loopback bool
	// BindsAddresses is true when load balancer and external addresses are
	// bound to an interface of every node (kube-ipvs0). The node then answers
	// for every port of the address, not only for those of the Service.
	BindsAddresses bool
	// StrictLocal is true when a pod that calls the load balancer's address of
	// a Service with externalTrafficPolicy Local is refused on a node without
	// a pod of the Service.
	StrictLocal bool
	// Scheduler that picks a pod: random, or one of IPVS.
	Scheduler string
	// IdleTCP is after how long a connection without traffic is forgotten.
	IdleTCP time.Duration
}

const (
	// allAddresses and primaryAddress are the words of nodePortAddresses.
	allAddresses, primaryAddress = "all", "primary"
	// ipvsIdle is the kernel's timeout of idle IPVS connections ("ipvsadm -L
	// --timeout" prints 900 120 300; kubernetes/kubernetes#84041).
	ipvsIdle = 900 * time.Second
	// conntrackIdle is conntrack.tcpEstablishedTimeout of kube-proxy by default.
	conntrackIdle = 24 * time.Hour
	// random is how iptables and nftables pick a pod.
	random = "random"
)

// Forwarding is how a kube-proxy with these settings forwards in a version. It
// returns false for a mode that is not kube-proxy's.
func (s Settings) Forwarding(v cluster.Version) (Forwarding, bool) {
	m := Mode(s.Mode)
	if s.Mode == "" {
		m = DefaultMode(v)
	}
	f := Forwarding{Mode: m, NodePorts: s.nodePorts(m, v), Scheduler: random, IdleTCP: conntrackIdle}
	switch m {
	case IPTables:
		f.Loopback = s.LocalhostNodePorts && s.reachesLoopback()
	case Userspace:
		f.Loopback, f.Scheduler = s.reachesLoopback(), "rr"
	case NFTables:
	case IPVS:
		f.BindsAddresses = true
		f.StrictLocal = !v.AtLeast(24) // kubernetes/kubernetes#97081 lets it fall back to all pods
		f.Scheduler, f.IdleTCP = s.Scheduler, s.TCPTimeout
		if f.Scheduler == "" {
			f.Scheduler = "rr"
		}
		if f.IdleTCP == 0 {
			f.IdleTCP = ipvsIdle
		}
	default:
		return Forwarding{}, false
	}
	return f, true
}

// nodePorts is the effective nodePortAddresses: nftables takes the primary
// address when nothing is said (since 1.31), the other modes all of them.
func (s Settings) nodePorts(m Mode, v cluster.Version) string {
	if len(s.NodePortAddresses) == 0 {
		if m == NFTables && v.AtLeast(31) {
			return primaryAddress
		}
		return allAddresses
	}
	list := slices.Sorted(slices.Values(s.NodePortAddresses))
	if slices.Contains(list, allAddresses) || slices.Contains(list, "0.0.0.0/0") {
		return allAddresses
	}
	return strings.Join(list, ",")
}

// reachesLoopback reports whether nodePortAddresses take in 127.0.0.1.
func (s Settings) reachesLoopback() bool {
	return len(s.NodePortAddresses) == 0 || slices.ContainsFunc(s.NodePortAddresses, func(a string) bool {
		return a == allAddresses || a == "localhost" || a == "0.0.0.0/0" || strings.HasPrefix(a, "127.")
	})
}

// Change is something that worked before and works no longer, or differently.
type Change string

// The changes that [Changes] finds.
const (
	// NodePortAddresses: fewer addresses of a node answer on node ports.
	NodePortAddresses Change = "node-port-addresses"
	// LoopbackNodePorts: node ports no longer answer on 127.0.0.1.
	LoopbackNodePorts Change = "loopback-node-ports"
	// BoundAddresses: nodes now answer for every port of the addresses of load
	// balancers and of externalIPs.
	BoundAddresses Change = "bound-addresses"
	// RefusedLocal: pods now are refused when they call the load balancer's
	// address of a Local Service from a node without a pod of it.
	RefusedLocal Change = "refused-local"
	// LostScheduler: a scheduler that was chosen has no counterpart.
	LostScheduler Change = "lost-scheduler"
	// ShorterIdle: idle connections are forgotten sooner.
	ShorterIdle Change = "shorter-idle"
)

// Changes are what a Service loses when it moves, in a fixed order. What gets
// better is not listed.
func Changes(from, to Forwarding) []Change {
	var out []Change
	add := func(changed bool, c Change) {
		if changed {
			out = append(out, c)
		}
	}
	add(from.NodePorts != to.NodePorts && to.NodePorts != allAddresses, NodePortAddresses)
	add(from.Loopback && !to.Loopback, LoopbackNodePorts)
	add(!from.BindsAddresses && to.BindsAddresses, BoundAddresses)
	add(!from.StrictLocal && to.StrictLocal, RefusedLocal)
	add(from.chosen() && from.Scheduler != to.Scheduler, LostScheduler)
	add(to.IdleTCP < from.IdleTCP, ShorterIdle)
	return out
}

// chosen reports whether somebody chose the scheduler: rr is what everybody
// has, and random is as good for all that can be told.
func (f Forwarding) chosen() bool { return f.Mode == IPVS && f.Scheduler != "rr" }
