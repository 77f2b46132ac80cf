package traffic

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/kubeproxy"
)

// runsProxy reports whether the container is kube-proxy, by its name, image or
// program.
func runsProxy(c corev1.Container) bool {
	const program = "kube-proxy"
	image, _, _ := strings.Cut(path.Base(c.Image), "@")
	image, _, _ = strings.Cut(image, ":")
	return c.Name == program || image == program || len(c.Command) > 0 && path.Base(c.Command[0]) == program
}

// onWindows reports whether the pod is for Windows nodes alone.
func onWindows(spec *corev1.PodSpec) bool {
	if spec.NodeSelector[corev1.LabelOSStable] == "windows" {
		return true
	}
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil || spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	for _, term := range spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, e := range term.MatchExpressions {
			if e.Key == corev1.LabelOSStable && e.Operator == corev1.NodeSelectorOpIn && slices.Equal(e.Values, []string{"windows"}) {
				return true
			}
		}
	}
	return false
}

// file takes the settings from the configuration file of a kube-proxy: the key
// of the ConfigMap that is mounted there, or, where the file is made from one
// (by an init container), the only configuration that the pod mounts.
func (f *finder) file(spec *corev1.PodSpec, c *corev1.Container, file string, where cluster.Ref) {
	if cm, key, ok := f.mounted(spec, c, file); ok {
		f.config(cm, key)
		return
	}
	var only *corev1.ConfigMap
	count := 0
	for _, v := range spec.Volumes {
		for _, source := range configMapsOf(v) {
			if cm := f.configMap(source.name); cm != nil {
				only = cm
				count += len(cm.Data)
			}
		}
	}
	if count != 1 {
		f.fail(where, "its configuration %s comes from no ConfigMap of kube-system that can be read", file)
		return
	}
	f.config(only, sortedKeys(only.Data)[0])
}

// config takes the settings from one key of a ConfigMap.
func (f *finder) config(cm *corev1.ConfigMap, key string) {
	settings, err := kubeproxy.FromConfig(cm.Data[key])
	if err != nil {
		f.fail(f.s.Ref(cm), "%v", err)
		return
	}
	f.add(settings, f.s.Ref(cm))
}

func (f *finder) configMap(name string) *corev1.ConfigMap {
	i := slices.IndexFunc(f.configs, func(cm *corev1.ConfigMap) bool { return cm.Name == name })
	if i < 0 || name == ciliumConfig {
		return nil
	}
	return f.configs[i]
}

// mounted finds the key of a ConfigMap that a container sees as the file.
func (f *finder) mounted(spec *corev1.PodSpec, c *corev1.Container, file string) (*corev1.ConfigMap, string, bool) {
	var mount corev1.VolumeMount
	for _, m := range c.VolumeMounts {
		if below(m.MountPath, file) && len(m.MountPath) > len(mount.MountPath) {
			mount = m
		}
	}
	name := strings.TrimPrefix(path.Join(mount.SubPath, strings.TrimPrefix(file, path.Clean(mount.MountPath))), "/")
	for _, v := range spec.Volumes {
		if v.Name != mount.Name {
			continue
		}
		for _, source := range configMapsOf(v) {
			cm := f.configMap(source.name)
			if cm == nil {
				continue
			}
			if key, ok := source.key(name); ok && cm.Data[key] != "" {
				return cm, key, true
			}
		}
	}
	return nil, "", false
}

// below reports whether the file is the folder or lies in it.
func below(folder, file string) bool {
	folder = path.Clean(folder)
	return file == folder || strings.HasPrefix(file, folder+"/")
}

// configMapSource is a ConfigMap as a volume shows it.
type configMapSource struct {
	name  string
	items []corev1.KeyToPath
}

// key is the one that stands at the path.
func (s configMapSource) key(name string) (string, bool) {
	if len(s.items) == 0 {
		return name, true
	}
	i := slices.IndexFunc(s.items, func(it corev1.KeyToPath) bool { return it.Path == name })
	if i < 0 {
		return "", false
	}
	return s.items[i].Key, true
}

func configMapsOf(v corev1.Volume) []configMapSource {
	if v.ConfigMap != nil {
		return []configMapSource{{v.ConfigMap.Name, v.ConfigMap.Items}}
	}
	var out []configMapSource
	if v.Projected != nil {
		for _, p := range v.Projected.Sources {
			if p.ConfigMap != nil {
				out = append(out, configMapSource{p.ConfigMap.Name, p.ConfigMap.Items})
			}
		}
	}
	return out
}

// embedded reads the annotation in which k3s and RKE2 keep their command line.
// k3s runs kube-proxy in its own process and starts it with --proxy-mode=
// iptables before what --kube-proxy-arg adds (pkg/daemons/agent/agent_linux.go
// and pkg/nodeconfig/nodeconfig.go of k3s-io/k3s).
func (f *finder) embedded() {
	type embedded struct {
		node *corev1.Node
		args []string
	}
	var nodes []embedded
	for node := range cluster.Nodes.In(f.s) {
		for _, annotation := range []string{"k3s.io/node-args", "rke2.io/node-args"} {
			text, ok := node.Annotations[annotation]
			if !ok {
				continue
			}
			var args []string
			if err := json.Unmarshal([]byte(text), &args); err != nil {
				f.fail(f.s.Ref(node), "the annotation %s is no list: %v", annotation, err)
				return
			}
			if disabled(args) {
				return // the servers tell the agents
			}
			nodes = append(nodes, embedded{node, args})
		}
	}
	for _, n := range nodes {
		settings, file, err := kubeproxy.FromArgs(append([]string{"--proxy-mode=iptables"}, proxyArgs(n.args)...))
		switch {
		case err != nil:
			f.fail(f.s.Ref(n.node), "%v", err)
		case file != "":
			f.fail(f.s.Ref(n.node), "its kube-proxy takes its configuration from the file %s of the node", file)
		default:
			f.add(settings, f.s.Ref(n.node))
		}
	}
}

func disabled(args []string) bool {
	i := slices.Index(args, "--disable-kube-proxy")
	return slices.Contains(args, "--disable-kube-proxy=true") || i >= 0 && (i+1 == len(args) || args[i+1] != "false")
}

// proxyArgs are the values of --kube-proxy-arg as flags.
func proxyArgs(args []string) []string {
	var out []string
	for i, a := range args {
		value, ok := strings.CutPrefix(a, "--kube-proxy-arg=")
		if a == "--kube-proxy-arg" && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if ok {
			out = append(out, "--"+strings.TrimLeft(value, "-"))
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
