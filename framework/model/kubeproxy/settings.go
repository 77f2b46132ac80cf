package kubeproxy

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kube-proxy/config/v1alpha1"
	"sigs.k8s.io/yaml"
)

// Settings are the settings of one kube-proxy that decide how it forwards.
type Settings struct {
	// Mode as it was written; empty means that none was.
	Mode string
	// NodePortAddresses are CIDRs and the words all, primary and localhost;
	// empty means the default of the mode.
	NodePortAddresses []string
	// LocalhostNodePorts is false when node ports on 127.0.0.1 were turned off
	// (mode iptables, since 1.26).
	LocalhostNodePorts bool
	// Scheduler of IPVS; empty means rr.
	Scheduler string
	// TCPTimeout of idle IPVS connections; zero means the kernel's 900 seconds.
	TCPTimeout time.Duration
	// FeatureGates that were set.
	FeatureGates map[string]bool
}

// configKind is the kind of kube-proxy's configuration file.
const configKind = "KubeProxyConfiguration"

// reduced are the fields of a KubeProxyConfiguration that [Settings] need,
// under the names of v1alpha1.
type reduced struct {
	metav1.TypeMeta   `json:",inline"`
	FeatureGates      map[string]bool  `json:"featureGates,omitempty"`
	Mode              string           `json:"mode"`
	IPTables          *reducedIPTables `json:"iptables,omitempty"`
	IPVS              *reducedIPVS     `json:"ipvs,omitempty"`
	NodePortAddresses []string         `json:"nodePortAddresses,omitempty"`
}

type reducedIPTables struct {
	LocalhostNodePorts *bool `json:"localhostNodePorts"`
}

type reducedIPVS struct {
	Scheduler  string          `json:"scheduler"`
	TCPTimeout metav1.Duration `json:"tcpTimeout"`
}

// unreadable is the mode that ReduceConfig writes into a configuration that
// cannot be decoded. No kube-proxy knows it.
const unreadable = "unreadable"

// ReduceConfig keeps of a KubeProxyConfiguration (YAML) the fields that
// [Settings] need; it gives the same answer for its own result. It returns
// false for any other text. A configuration that cannot be decoded keeps its
// kind and stays one for [FromConfig].
func ReduceConfig(text string) (string, bool) {
	if !strings.Contains(text, configKind) {
		return "", false
	}
	var config v1alpha1.KubeProxyConfiguration
	err := yaml.Unmarshal([]byte(text), &config)
	if err == nil && config.Kind != configKind {
		return "", false
	}
	out := reduced{TypeMeta: metav1.TypeMeta{APIVersion: config.APIVersion, Kind: configKind}, Mode: unreadable}
	if err == nil {
		out.FeatureGates, out.Mode, out.NodePortAddresses = config.FeatureGates, string(config.Mode), config.NodePortAddresses
		if config.IPTables.LocalhostNodePorts != nil {
			out.IPTables = &reducedIPTables{config.IPTables.LocalhostNodePorts}
		}
		if config.IPVS.Scheduler != "" || config.IPVS.TCPTimeout.Duration != 0 {
			out.IPVS = &reducedIPVS{config.IPVS.Scheduler, config.IPVS.TCPTimeout}
		}
	}
	data, err := yaml.Marshal(out)
	return string(data), err == nil
}

// FromConfig reads a KubeProxyConfiguration (YAML), whole or reduced, and
// refuses one that kube-proxy could not decode.
func FromConfig(text string) (Settings, error) {
	var config v1alpha1.KubeProxyConfiguration
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return Settings{}, fmt.Errorf("decode the %s: %w", configKind, err)
	}
	if config.Kind != configKind {
		return Settings{}, fmt.Errorf("decode the %s: its kind is %q", configKind, config.Kind)
	}
	if config.Mode == unreadable {
		return Settings{}, fmt.Errorf("decode the %s: a field of it has the wrong type", configKind)
	}
	local := config.IPTables.LocalhostNodePorts
	return Settings{
		Mode: string(config.Mode), NodePortAddresses: config.NodePortAddresses,
		LocalhostNodePorts: local == nil || *local,
		Scheduler:          config.IPVS.Scheduler, TCPTimeout: config.IPVS.TCPTimeout.Duration,
		FeatureGates: config.FeatureGates,
	}, nil
}

// FromArgs reads the command line of a kube-proxy. Flags that do not matter
// here are passed over, and so are the words around them (a shell, exec, a
// redirection). configFile is the value of --config: when it is given,
// kube-proxy takes everything else from that file and ignores the flags that
// [Settings] know (Options.Complete in cmd/kube-proxy/app).
func FromArgs(args []string) (s Settings, configFile string, err error) {
	flags := pflag.NewFlagSet("kube-proxy", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	gates := flags.StringToString("feature-gates", nil, "")
	flags.StringVar(&configFile, "config", "", "")
	flags.StringVar(&s.Mode, "proxy-mode", "", "")
	flags.StringSliceVar(&s.NodePortAddresses, "nodeport-addresses", nil, "")
	flags.BoolVar(&s.LocalhostNodePorts, "iptables-localhost-nodeports", true, "")
	flags.StringVar(&s.Scheduler, "ipvs-scheduler", "", "")
	flags.DurationVar(&s.TCPTimeout, "ipvs-tcp-timeout", 0, "")
	if err := flags.Parse(words(args)); err != nil {
		return Settings{}, "", fmt.Errorf("read the command line of kube-proxy: %w", err)
	}
	for name, value := range *gates {
		if s.FeatureGates == nil {
			s.FeatureGates = map[string]bool{}
		}
		s.FeatureGates[name] = value == "true"
	}
	return s, configFile, nil
}

// words splits what is given to a shell, without its quotes and without "--",
// behind which there would be no flags.
func words(args []string) []string {
	var out []string
	for _, a := range args {
		for _, w := range strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(a)) {
			if w != "--" {
				out = append(out, w)
			}
		}
	}
	return out
}
