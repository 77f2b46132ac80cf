package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// side is where one of the two clusters comes from.
type side struct {
	name       string // "source" or "target"
	prefix     string // of its flags: "source-", "target-" or nothing
	kubeconfig string
	kube       clientcmd.ConfigOverrides
	inCluster  bool
	path       string
	version    string
	qps        *float32
}

func newSide(name, prefix string, qps *float32) *side {
	return &side{name: name, prefix: prefix, qps: qps}
}

// clusterFlags registers kubectl's own flags, with the prefix before their names.
func (s *side) clusterFlags(f *pflag.FlagSet) {
	kubectl := clientcmd.RecommendedConfigOverrideFlags(s.prefix)
	flags := clientcmd.ConfigOverrideFlags{CurrentContext: kubectl.CurrentContext, Timeout: kubectl.Timeout}
	flags.Timeout.Default = "30s"
	flags.AuthOverrideFlags.Impersonate = kubectl.AuthOverrideFlags.Impersonate
	flags.AuthOverrideFlags.ImpersonateUID = kubectl.AuthOverrideFlags.ImpersonateUID
	flags.AuthOverrideFlags.ImpersonateGroups = kubectl.AuthOverrideFlags.ImpersonateGroups
	for _, info := range []*clientcmd.FlagInfo{
		&flags.CurrentContext, &flags.Timeout, &flags.AuthOverrideFlags.Impersonate,
		&flags.AuthOverrideFlags.ImpersonateUID, &flags.AuthOverrideFlags.ImpersonateGroups,
	} {
		info.Description = s.described(strings.TrimSuffix(info.Description, "."))
	}
	clientcmd.BindOverrideFlags(&s.kube, f, flags)
	f.StringVar(&s.kubeconfig, s.prefix+"kubeconfig", "", s.described("Path to the kubeconfig file to use"))
	f.BoolVar(&s.inCluster, s.prefix+"in-cluster", false, "Use the service account of the pod that this runs in.")
}

// described is the description of a flag, saying of which cluster.
func (s *side) described(text string) string {
	if s.prefix == "" {
		return text + "."
	}
	return text + " (" + s.name + ")."
}

// fileFlags registers the flags for a cluster that is not asked itself.
func (s *side) fileFlags(f *pflag.FlagSet) {
	f.StringVar(&s.path, s.name, "", "Directory of manifests or saved snapshot (DIR or FILE.tar.gz) to read as the "+s.name+".")
	f.StringVar(&s.version, s.name+"-version", "", "Kubernetes version of the "+s.name+", such as v1.37, where it is not read from a cluster.")
}

// live reports whether a cluster is named by the flags.
func (s *side) live() bool { return s.kubeconfig != "" || s.kube.CurrentContext != "" || s.inCluster }

// given reports whether the flags name anything to read.
func (s *side) given() bool { return s.live() || s.path != "" }

// check refuses flags that contradict each other.
func (s *side) check() error {
	flag := func(name string) string { return "--" + s.prefix + name }
	kubeconfig := s.kubeconfig != "" || s.kube.CurrentContext != ""
	_, err := clientcmd.ParseTimeout(s.kube.Timeout)
	switch {
	case err != nil:
		return fmt.Errorf("%s %q is no duration (want 30s, 2m, or 0 for none)", flag("request-timeout"), s.kube.Timeout)
	case kubeconfig && s.inCluster:
		return fmt.Errorf("%s cannot be combined with a kubeconfig or context; give one of them", flag("in-cluster"))
	case s.live() && s.path != "":
		return fmt.Errorf("the %s is given twice: as a cluster and as --%s %s; give one of them", s.name, s.name, s.path)
	case s.live() && s.version != "":
		return fmt.Errorf("--%s-version cannot be combined with a cluster, which tells its version itself", s.name)
	case !s.live() && s.impersonates():
		return fmt.Errorf("%s names nobody without a cluster; give %s or %s as well", flag("as"), flag("kubeconfig"), flag("context"))
	}
	return nil
}

// missing is the error when nothing was given.
func (s *side) missing() error {
	how := fmt.Sprintf("give --%[1]s-context or --%[1]s-kubeconfig for a cluster, or --%[1]s for a directory of manifests or a saved snapshot", s.name)
	if s.name == framework.Target {
		how += ", or --target-version for the version alone"
	}
	return fmt.Errorf("no %s: %s", s.name, how)
}

// stated is the version given by flag; zero when there is none.
func (s *side) stated() (cluster.Version, error) {
	if s.version == "" {
		return cluster.Version{}, nil
	}
	v, err := cluster.ParseVersion(s.version)
	if err == nil && v.Major != 1 {
		err = fmt.Errorf("%q is no Kubernetes version (want v1.37 or v1.37.2)", s.version)
	}
	if err != nil {
		return v, fmt.Errorf("--%s-version: %w", s.name, err)
	}
	return v, nil
}

// read takes the snapshot.
func (s *side) read(ctx context.Context, resources []cluster.Resource, now time.Time, progress func(string, int)) (*cluster.Snapshot, error) {
	version, err := s.stated()
	if err != nil {
		return nil, err
	}
	if !s.given() {
		return framework.VersionOnly(version), nil
	}
	reader, err := s.reader(now, progress)
	if err != nil {
		return nil, err
	}
	snapshot, err := reader.Read(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.name, err)
	}
	if version.IsZero() {
		return snapshot, nil
	}
	if known := snapshot.Identity.Version; !known.IsZero() && (known.Major != version.Major || known.Minor != version.Minor) {
		return nil, fmt.Errorf("--%s-version is %s, but the snapshot in %s was taken of version %s", s.name, version, s.path, known)
	}
	if snapshot.Identity.Version.IsZero() {
		snapshot = snapshot.WithVersion(version)
	}
	return framework.DeriveAPI(snapshot), nil
}

// reader is the reader for what the flags name.
func (s *side) reader(now time.Time, progress func(string, int)) (cluster.Reader, error) {
	if s.path == "" {
		config, err := s.config()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		return cluster.Live{Config: config, Now: now, Progress: progress}, nil
	}
	info, err := os.Stat(s.path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", s.name, err)
	case info.IsDir():
		return cluster.Directory{Path: s.path, Now: now}, nil
	case isArchive(s.path):
		return cluster.Archive{Path: s.path, Now: now}, nil
	}
	return nil, fmt.Errorf("read %s: %s is neither a directory nor a .tar.gz file", s.name, s.path)
}

func isArchive(path string) bool { return strings.HasSuffix(path, ".tar.gz") }

// config is the configuration of the client, as kubectl makes it of its flags.
func (s *side) config() (*rest.Config, error) {
	config, err := s.load()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "precheck/" + version()
	config.WarningHandler = rest.NoWarnings{}
	config.QPS = -1 // no limit: API Priority and Fairness of the server sets it
	if s.qps != nil && *s.qps > 0 {
		config.QPS, config.Burst = *s.qps, max(1, int(*s.qps))
	}
	return config, nil
}

func (s *side) load() (*rest.Config, error) {
	if s.inCluster {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("use the service account of the pod: %w", err)
		}
		config.Impersonate = s.impersonation()
		config.Timeout, err = clientcmd.ParseTimeout(s.kube.Timeout)
		return config, err
	}
	if err := s.checkContext(); err != nil {
		return nil, err
	}
	return s.loader().ClientConfig()
}

// loader finds and merges kubeconfig files as kubectl does.
func (s *side) loader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = s.kubeconfig
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &s.kube)
}

func (s *side) impersonation() rest.ImpersonationConfig {
	who := s.kube.AuthInfo
	return rest.ImpersonationConfig{UserName: who.Impersonate, UID: who.ImpersonateUID, Groups: who.ImpersonateGroups}
}

func (s *side) impersonates() bool {
	who := s.impersonation()
	return who.UserName != "" || who.UID != "" || len(who.Groups) > 0
}

// checkContext refuses a kubeconfig without the wanted context. kubectl would
// fall back to localhost:8080 or to the service account of a pod, so that
// precheck would look at a cluster that nobody named.
func (s *side) checkContext() error {
	raw, err := s.loader().RawConfig()
	if err != nil {
		return err
	}
	contexts := slices.Sorted(maps.Keys(raw.Contexts))
	name := s.kube.CurrentContext
	switch {
	case len(contexts) == 0:
		return errors.New("the kubeconfig holds no context (see kubectl config get-contexts)")
	case name == "" && raw.CurrentContext == "":
		return fmt.Errorf("the kubeconfig has no current context; give --%scontext (one of %s)", s.prefix, strings.Join(contexts, ", "))
	case name == "":
		name = raw.CurrentContext
	}
	if raw.Contexts[name] == nil {
		return fmt.Errorf("the kubeconfig has no context %q, did you mean %q?", name, nearest(name, contexts))
	}
	return nil
}
