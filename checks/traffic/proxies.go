package traffic

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/kubeproxy"
)

const (
	systemNamespace = "kube-system"
	ciliumConfig    = "cilium-config"
	ciliumKey       = "kube-proxy-replacement"
)

// proxyConfig keeps of the ConfigMaps in kube-system the configuration of
// kube-proxy, under whatever name it stands (kube-proxy of kubeadm,
// kube-proxy-config of EKS, kube-proxy-worker of ACK), and whether Cilium
// replaces kube-proxy.
var proxyConfig = &cluster.ConfigMapData{
	Name: "kube-proxy", Namespace: systemNamespace,
	Keep: func(configMap, key, value string) (string, bool) {
		if configMap == ciliumConfig {
			return value, key == ciliumKey
		}
		return kubeproxy.ReduceConfig(value)
	},
}

// proxyResources are what findProxies reads.
var proxyResources = []cluster.Resource{
	proxyConfig, cluster.DaemonSets, cluster.Pods, cluster.Nodes, cluster.ServerVersion,
}

// proxy is what forwards the traffic of Services on some or all nodes.
type proxy struct {
	mode kubeproxy.Mode
	// settings and forwarding are empty when the mode is not modelled.
	settings   kubeproxy.Settings
	forwarding kubeproxy.Forwarding
	// where is the object that says so.
	where cluster.Ref
}

// finder looks for the proxies of one cluster.
type finder struct {
	s       *cluster.Snapshot
	version cluster.Version
	configs []*corev1.ConfigMap
	found   []proxy
	errs    []error
}

// findProxies looks in every place where the mode of a cluster can be seen.
// What it returns is sorted and without repetition. An error means that the
// list may be incomplete.
func findProxies(s *cluster.Snapshot) ([]proxy, error) {
	f := &finder{s: s, version: cluster.ServerVersion.Of(s), configs: slices.Collect(proxyConfig.In(s))}
	for _, look := range []func(){f.cilium, f.deployed, f.embedded, f.replacements, f.configured} {
		look()
		if len(f.found)+len(f.errs) > 0 {
			break
		}
	}
	if len(f.found)+len(f.errs) == 0 {
		return nil, errors.New("nothing that forwards Services was found: no kube-proxy in the DaemonSets, pods and ConfigMaps of kube-system " +
			"or in the annotation node-args of k3s and RKE2, and neither Cilium, Calico eBPF, OVN-Kubernetes nor kube-router in its place")
	}
	slices.SortStableFunc(f.found, func(a, b proxy) int { return cmp.Compare(a.mode, b.mode) })
	return f.found, errors.Join(f.errs...)
}

// add takes a proxy unless one with the same settings is there already.
func (f *finder) add(settings kubeproxy.Settings, where cluster.Ref) {
	if settings.Mode == "kernelspace" { // Windows
		return
	}
	if _, ok := kubeproxy.ParseMode(settings.Mode); settings.Mode != "" && !ok {
		f.fail(where, "the mode %q is none that kube-proxy has", settings.Mode)
		return
	}
	forwarding, _ := settings.Forwarding(f.version)
	if !slices.ContainsFunc(f.found, func(p proxy) bool { return reflect.DeepEqual(p.settings, settings) }) {
		f.found = append(f.found, proxy{forwarding.Mode, settings, forwarding, where})
	}
}

func (f *finder) replaced(mode kubeproxy.Mode, where cluster.Ref) {
	f.found = append(f.found, proxy{mode: mode, where: where})
}

func (f *finder) fail(where cluster.Ref, format string, args ...any) {
	name := strings.TrimPrefix(where.Namespace+"/"+where.Name, "/")
	f.errs = append(f.errs, fmt.Errorf("%s %s: %s", where.Kind, name, fmt.Sprintf(format, args...)))
}

// cilium is in force whatever else runs: its programs see the packets first.
// The values true (since 1.14) and strict (before) replace kube-proxy in full
// (https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/).
func (f *finder) cilium() {
	for _, cm := range f.configs {
		if v := cm.Data[ciliumKey]; cm.Name == ciliumConfig && (v == "true" || v == "strict") {
			f.replaced(kubeproxy.Cilium, f.s.Ref(cm))
		}
	}
}

// deployed looks at the DaemonSets and at the pods that no DaemonSet made
// (static pods of GKE, kOps and RKE2).
func (f *finder) deployed() {
	for ds := range cluster.DaemonSets.In(f.s) {
		if ds.Namespace == systemNamespace && !idle(ds) {
			f.spec(&ds.Spec.Template.Spec, f.s.Ref(ds))
		}
	}
	for pod := range cluster.Pods.InNamespace(f.s, systemNamespace) {
		if pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		if owner := metav1.GetControllerOfNoCopy(pod); owner == nil || owner.Kind == "Node" {
			f.spec(&pod.Spec, f.s.Ref(pod))
		}
	}
}

// idle reports whether the DaemonSet runs on no node, which is how kube-proxy
// is turned off where Calico replaces it
// (https://docs.tigera.io/calico/latest/operations/ebpf/enabling-ebpf).
func idle(ds *appsv1.DaemonSet) bool {
	return ds.Status.ObservedGeneration > 0 && ds.Status.DesiredNumberScheduled == 0
}

// spec takes the proxy of a pod, if it runs one.
func (f *finder) spec(spec *corev1.PodSpec, where cluster.Ref) {
	i := slices.IndexFunc(spec.Containers, runsProxy)
	if i < 0 || onWindows(spec) {
		return
	}
	c := &spec.Containers[i]
	settings, file, err := kubeproxy.FromArgs(slices.Concat(c.Command, c.Args))
	if err != nil {
		f.fail(where, "%v", err)
		return
	}
	if file == "" {
		f.add(settings, where)
		return
	}
	f.file(spec, c, file, where)
}

// replacements looks for what runs where no kube-proxy does.
func (f *finder) replacements() {
	modes := map[string]kubeproxy.Mode{
		"ovnkube-node": kubeproxy.OVNKubernetes, // OpenShift and upstream
		"anetd":        kubeproxy.Cilium,        // GKE Dataplane V2
		"kube-router":  kubeproxy.KubeRouter,    // its service proxy is on by default
		"calico-node":  kubeproxy.CalicoEBPF,    // without kube-proxy there is no other way
	}
	for ds := range cluster.DaemonSets.In(f.s) {
		mode, ok := modes[ds.Name]
		if !ok || idle(ds) || mode == kubeproxy.KubeRouter && routesOnly(ds) {
			continue
		}
		f.replaced(mode, f.s.Ref(ds))
		return
	}
}

// routesOnly reports whether kube-router leaves Services to kube-proxy.
func routesOnly(ds *appsv1.DaemonSet) bool {
	for _, c := range ds.Spec.Template.Spec.Containers {
		if slices.Contains(slices.Concat(c.Command, c.Args), "--run-service-proxy=false") {
			return true
		}
	}
	return false
}

// configured falls back to configurations that nothing visible reads, such as
// that of a kube-proxy which the nodes run as a system service.
func (f *finder) configured() {
	for _, cm := range f.configs {
		if cm.Name == ciliumConfig {
			continue
		}
		for _, key := range sortedKeys(cm.Data) {
			f.config(cm, key)
		}
	}
}
