// Package traffic checks whether requests survive the move from one cluster to
// the other.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/kubeproxy"
)

// KubeProxyMode compares what forwards the traffic of Services.
var KubeProxyMode = &framework.Check{
	ID: "traffic/kube-proxy-mode",
	Doc: `kube-proxy forwards differently on the target

The load balancer sends to the nodes, and kube-proxy, or what replaces it,
decides what happens there. The mode is read from the DaemonSets and static
pods of kube-system that run kube-proxy (their command line, or the ConfigMap
that is mounted as their configuration file, which makes kube-proxy ignore the
flags), from the annotation k3s.io/node-args of k3s, and from the settings of
Cilium; Calico eBPF, OVN-Kubernetes and kube-router are known by their
DaemonSets. An empty mode is iptables, and nftables from Kubernetes 1.40 on.
When nothing is found, the check is unknown.

What changes with the mode, and is reported for the Services that use it:
  - Node ports answer on all addresses of a node (iptables, ipvs) or on the
    primary one alone (nftables, since 1.31), and on 127.0.0.1 in iptables mode
    alone.
  - ipvs binds the addresses of load balancers and externalIPs to every node
    (kube-ipvs0), which then answers for all ports of the address. An externalIP
    that is the address of a node hides this node from the others.
  - ipvs before 1.24 refuses a pod that calls the load balancer's address of a
    Service with externalTrafficPolicy Local on a node without a pod of it.
  - ipvs has schedulers, and forgets a connection after 15 idle minutes;
    iptables and nftables pick at random and keep it for 24 hours.

nftables is alpha in 1.29, beta in 1.31 and stable in 1.33, and since 1.31 needs
Linux 5.13. ipvs warns since 1.35, has the feature gate KubeProxyIPVS since
1.37, is to be off by default in 1.40 and removed in 1.43. userspace was removed
in 1.26. Features that a distribution's kernel has backported are not seen; when
a node does not tell its kernel, the check is unknown.

Two modes of which nothing above touches a Service are only worth knowing.

Details: source and target name the modes; version, scheduler, idle, addresses and
kernel hold the fact of the finding.

Sources: https://kubernetes.io/docs/reference/networking/virtual-ips/,
https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/,
https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/5495-deprecate-ipvs-mode-in-kube-proxy,
https://www.kubernetes.dev/resources/keps/5343/,
https://github.com/kubernetes/kubernetes/issues/75290 (externalIPs),
https://github.com/kubernetes/kubernetes/pull/97081 (Local in ipvs mode),
https://github.com/kubernetes/kubernetes/issues/84041 (idle connections).`,
	Remedy:   "Try on the target what the finding names before traffic is sent there.",
	Severity: framework.Warning,
	Step:     framework.Traffic,
	Source:   append([]cluster.Resource{cluster.Services}, proxyResources...),
	Target:   proxyResources,
	Run:      runKubeProxyMode,
}

func runKubeProxyMode(_ context.Context, p *framework.Pass) error {
	source, sourceErr := findProxies(p.Source)
	target, targetErr := findProxies(p.Target)
	reportMixed(p, framework.Source, source)
	reportMixed(p, framework.Target, target)
	reportTarget(p, target)
	if sourceErr == nil && targetErr == nil {
		reportDifference(p, source, target)
	}
	var lines []string
	for _, side := range []struct {
		name string
		err  error
	}{{framework.Source, sourceErr}, {framework.Target, errors.Join(targetErr, unknownKernels(p, target))}} {
		if side.err != nil {
			lines = append(lines, side.name+": "+strings.ReplaceAll(side.err.Error(), "\n", "; "))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "; "))
}

// modesOf names the modes, each once, in the order of the list.
func modesOf(list []proxy) string {
	var out []string
	for _, x := range list {
		if len(out) == 0 || out[len(out)-1] != x.mode.String() {
			out = append(out, x.mode.String())
		}
	}
	return strings.Join(out, " and ")
}

// reportMixed reports a cluster whose nodes forward in several ways.
func reportMixed(p *framework.Pass, side string, list []proxy) {
	if len(list) < 2 || list[0].mode == list[len(list)-1].mode {
		return
	}
	p.Report(framework.Finding{
		Cluster: side, Object: list[0].where, Evidence: evidence(side, list),
		Message: fmt.Sprintf("the nodes of the %s do not all forward in the same way: %s", side, modesOf(list)),
		Remedy:  "Run kube-proxy in one mode on all nodes of a cluster.",
	})
}

// reportTarget reports what is wrong with the target's mode whatever the
// source has.
func reportTarget(p *framework.Pass, list []proxy) {
	v := cluster.ServerVersion.Of(p.Target)
	for _, x := range list {
		if !x.mode.Modelled() {
			continue
		}
		if severity, message := judgeStage(x, v); message != "" {
			p.Report(framework.Finding{
				Severity: severity, Cluster: framework.Target, Object: x.where, Message: message,
				Remedy:  "Choose a mode for the target that its next versions keep, before workloads depend on the present one.",
				Details: map[string]string{"target": string(x.mode), "version": v.String()},
			})
		}
	}
	if runs(list, kubeproxy.NFTables) {
		reportKernels(p)
	}
	if runs(list, kubeproxy.IPVS) {
		reportCutOff(p)
	}
}

func runs(list []proxy, mode kubeproxy.Mode) bool {
	return slices.ContainsFunc(list, func(x proxy) bool { return x.mode == mode })
}

// judgeStage says how long the target's mode lasts; no message means that
// there is nothing to say.
func judgeStage(x proxy, v cluster.Version) (framework.Severity, string) {
	const plan = "it is deprecated since Kubernetes 1.35, is to be off by default in 1.40 and removed in 1.43"
	switch stage := x.mode.Stage(v); {
	case stage == kubeproxy.Absent || stage == kubeproxy.Removed:
		return framework.Blocker, fmt.Sprintf("kube-proxy of the target's version has no %s mode and does not start", string(x.mode))
	case stage == kubeproxy.Disabled && !x.settings.FeatureGates[kubeproxy.IPVSGate]:
		return framework.Blocker, fmt.Sprintf("kube-proxy of the target's version does not start in %s mode unless the feature gate %s is set", string(x.mode), kubeproxy.IPVSGate)
	case stage == kubeproxy.Disabled || x.mode == kubeproxy.IPVS && stage == kubeproxy.Deprecated:
		return framework.Warning, "ipvs mode is being retired: " + plan
	case x.mode == kubeproxy.IPVS:
		return framework.Info, "ipvs mode is being retired in later versions: " + plan
	case stage == kubeproxy.Stable:
		return defaulted(x, v)
	case stage == kubeproxy.Beta:
		return framework.Info, fmt.Sprintf("%s mode is %s in the target's version", string(x.mode), stage)
	default:
		return framework.Warning, fmt.Sprintf("%s mode is %s in the target's version", string(x.mode), stage)
	}
}

// defaulted tells of a mode that the next versions will choose otherwise.
func defaulted(x proxy, v cluster.Version) (framework.Severity, string) {
	if x.settings.Mode != "" || !v.AtLeast(37) || v.AtLeast(40) {
		return 0, ""
	}
	return framework.Info, "no mode is set: kube-proxy takes iptables, and nftables from Kubernetes 1.40 on"
}

// reportKernels reports the nodes of the target on which kube-proxy does not
// start in nftables mode.
func reportKernels(p *framework.Pass) {
	oldest := version.MustParseGeneric(kubeproxy.NFTablesKernel)
	for node := range cluster.Nodes.In(p.Target) {
		text := node.Status.NodeInfo.KernelVersion
		kernel, err := version.ParseGeneric(text)
		if err != nil || !runsLinux(node) || kernel.AtLeast(oldest) {
			continue
		}
		p.Report(framework.Finding{
			Cluster: framework.Target, Object: p.Target.Ref(node),
			Message: fmt.Sprintf("the kernel is older than %s, which kube-proxy in nftables mode asks for", kubeproxy.NFTablesKernel),
			Remedy:  "Give the node a newer kernel, or run kube-proxy in iptables mode.",
			Details: map[string]string{"kernel": text},
		})
	}
}

// unknownKernels is an error that names the first of the nodes that do not tell
// which kernel they run, where the mode of kube-proxy depends on it.
func unknownKernels(p *framework.Pass, list []proxy) error {
	if !runs(list, kubeproxy.NFTables) {
		return nil
	}
	var names []string
	for node := range cluster.Nodes.In(p.Target) {
		if _, err := version.ParseGeneric(node.Status.NodeInfo.KernelVersion); err != nil && runsLinux(node) {
			names = append(names, node.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("the kernel of %s is not known (status.nodeInfo.kernelVersion), and kube-proxy in nftables mode needs %s",
		listed(names), kubeproxy.NFTablesKernel)
}

// runsLinux reports whether kube-proxy for Linux runs on the node: it is neither
// one of Windows nor a virtual one.
func runsLinux(node *corev1.Node) bool {
	return node.Status.NodeInfo.OperatingSystem != "windows" && node.Labels[corev1.LabelOSStable] != "windows" && !virtual(node)
}

// reportDifference compares the two sides.
func reportDifference(p *framework.Pass, source, target []proxy) {
	if same(source, target) {
		return
	}
	touched := reportChanges(p, source, target)
	details := map[string]string{"source": modesOf(source), "target": modesOf(target)}
	if details["source"] == details["target"] {
		return
	}
	f := framework.Finding{
		Severity: framework.Info, Cluster: framework.Target, Object: target[0].where, Details: details,
		Evidence: slices.Concat(evidence(framework.Source, source), evidence(framework.Target, target)),
		Message:  fmt.Sprintf("the source forwards with %s, the target with %s", details["source"], details["target"]),
	}
	switch {
	case unmodelled(source) || unmodelled(target):
		f.Severity = framework.Warning
		f.Remedy = "Try node ports, externalIPs, session affinity, Local traffic policies and UDP on the target: precheck knows the modes of kube-proxy alone."
	case touched:
		f.Remedy = "Do what the findings about the differences ask for."
	default:
		f.Message += "; no difference that is known touches a Service of the source"
		f.Remedy = "Leave the mode as it is."
	}
	p.Report(f)
}

// reportChanges reports what the change of the modes means, and whether it
// means anything.
func reportChanges(p *framework.Pass, source, target []proxy) bool {
	touched := false
	seen := map[kubeproxy.Change]bool{}
	for _, from := range source {
		for _, to := range target {
			if !from.mode.Modelled() || !to.mode.Modelled() {
				continue
			}
			for _, c := range kubeproxy.Changes(from.forwarding, to.forwarding) {
				if !seen[c] {
					seen[c] = true
					touched = reportChange(p, c, from, to) || touched
				}
			}
		}
	}
	return touched
}

// same reports whether both sides forward in the same ways.
func same(source, target []proxy) bool {
	type way struct {
		mode       kubeproxy.Mode
		forwarding kubeproxy.Forwarding
	}
	ways := func(list []proxy) map[way]bool {
		out := map[way]bool{}
		for _, x := range list {
			out[way{x.mode, x.forwarding}] = true
		}
		return out
	}
	return maps.Equal(ways(source), ways(target))
}

func unmodelled(list []proxy) bool {
	return slices.ContainsFunc(list, func(x proxy) bool { return !x.mode.Modelled() })
}

// evidence names the objects that the modes were read from.
func evidence(side string, list []proxy) []framework.Evidence {
	var out []framework.Evidence
	for _, x := range list {
		out = append(out, framework.Evidence{Type: "cluster-object", Cluster: side, Object: &x.where, Note: x.mode.String()})
	}
	return out
}
