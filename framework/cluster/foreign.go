package cluster

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// foreignGroups are API groups of files that look like Kubernetes objects and
// are read by a tool or by a component of Kubernetes at its start; no API
// server ever holds them. A name that ends in a dot stands for every group
// that begins with it.
var foreignGroups = map[string]string{
	"kustomize.config.k8s.io":              "is input of kustomize: render it first (kustomize build)",
	"kubeadm.k8s.io":                       "is configuration of kubeadm",
	"kubelet.config.k8s.io":                "is configuration of the kubelet",
	"kubeproxy.config.k8s.io":              "is configuration of kube-proxy",
	"kubescheduler.config.k8s.io":          "is configuration of the scheduler",
	"apiserver.config.k8s.io":              "is configuration of the API server",
	"apiserver.k8s.io":                     "is configuration of the API server",
	"audit.k8s.io":                         "is an audit policy or event, which a file of the API server holds",
	"abac.authorization.kubernetes.io":     "is configuration of the API server",
	"client.authentication.k8s.io":         "is what a kubectl plugin answers",
	"kind.x-k8s.io":                        "is configuration of kind",
	"k3d.io":                               "is configuration of k3d",
	"ctlptl.dev":                           "is configuration of ctlptl",
	"eksctl.io":                            "is configuration of eksctl",
	"kops.k8s.io":                          "is configuration of kops",
	"k0sctl.k0sproject.io":                 "is configuration of k0sctl",
	"backstage.io":                         "is an entry of a Backstage catalogue",
	"kuttl.dev":                            "is a test of kuttl",
	"kudo.dev.":                            "is a test of kuttl",
	"chainsaw.kyverno.io":                  "is a test of chainsaw",
	"cli.kyverno.io":                       "is a test of the kyverno command",
	"test.gatekeeper.sh":                   "is a test of gator",
	"krew.googlecontainertools.github.com": "is an entry of krew's index",
	"fn.kpt.dev":                           "is configuration of a kpt function",
	"kpt.dev":                              "is input of kpt",
}

// plainGroups are the groups of Kubernetes without a dot. A custom resource
// has a dot in its group (CustomResourceDefinition validation), so any other
// group without one belongs to something else, such as skaffold.
var plainGroups = map[string]bool{"": true, "apps": true, "autoscaling": true, "batch": true, "extensions": true, "policy": true}

// foreign says why the document is certainly no object of a Kubernetes API and
// is rightly passed over; empty when it should be one.
func (h head) foreign(file string) string {
	base := strings.ToLower(path.Base(file))
	gv, _ := schema.ParseGroupVersion(h.apiVersion)
	switch {
	case h.keys["$patch"]:
		return "is a strategic merge patch"
	case localConfig(h.annotations):
		return "is marked as local configuration (config.kubernetes.io/local-config)"
	case foreignGroups[gv.Group] != "":
		return foreignGroups[gv.Group]
	case h.apiVersion == "builtin":
		return "is the configuration of a kustomize transformer"
	case strings.HasSuffix(gv.Group, ".config.k8s.io") && h.name == "":
		return "is configuration of a component"
	case !plainGroups[gv.Group] && !strings.Contains(gv.Group, "."):
		return fmt.Sprintf("is no Kubernetes object (its API group %q is none of Kubernetes, and that of a custom resource has a dot)", gv.Group)
	case h.kind == "" && base == "chart.yaml":
		return "describes a Helm chart: render it first (helm template)"
	case h.kind == "" && (base == "kustomization.yaml" || base == "kustomization.yml"):
		return foreignGroups["kustomize.config.k8s.io"]
	case h.apiVersion == "v1" && h.kind == "Config" && h.name == "" && (h.keys["clusters"] || h.keys["contexts"] || h.keys["users"]):
		return "is a kubeconfig"
	case h.apiVersion == "v1" && h.kind == "Policy" && h.metadata == nil && (h.keys["predicates"] || h.keys["priorities"]):
		return foreignGroups["kubescheduler.config.k8s.io"]
	case h.apiVersion == "v1" && h.kind == "EncryptionConfig":
		return "is configuration of the API server"
	}
	return h.otherFormat()
}

// otherFormat recognises documents that lack apiVersion or kind because they
// are in another format.
func (h head) otherFormat() string {
	named := h.nameText != nil || h.generateName != "" || h.keys["type"] && h.keys["object"]
	switch {
	case h.item:
		return ""
	case h.apiVersionText == nil && h.kindText == nil && (!named || len(h.keys) == 1):
		return "is no Kubernetes object (it has neither apiVersion nor kind)"
	case h.kindText == nil && len(h.apiVersionText) > 0 && h.apiVersionText[0] != '"' && h.metadata == nil:
		return "is no Kubernetes object (its apiVersion is a number)" // Grafana provisioning
	case h.kindText == nil && h.metadata == nil && h.keys["name"] && h.keys["version"]:
		return "describes a Helm chart: render it first (helm template)"
	case h.apiVersionText == nil && h.metadata == nil && h.kind != "" && unicode.IsLower(rune(h.kind[0])):
		return "is no Kubernetes object (it has no apiVersion, and its kind is lower case)" // Drone pipelines
	}
	return ""
}

// localConfig reports whether the annotation of kustomize and kpt is set that
// keeps an object out of what is applied.
func localConfig(annotations []byte) bool {
	for key, value := range members(annotations) {
		if key == "config.kubernetes.io/local-config" {
			return textOf(value) != "false"
		}
	}
	return false
}

// isJSONPatch reports whether the array is a JSON patch (RFC 6902).
func isJSONPatch(array []byte) bool {
	var operations []struct {
		Op   string  `json:"op"`
		Path *string `json:"path"`
	}
	if json.Unmarshal(array, &operations) != nil || len(operations) == 0 {
		return false
	}
	for _, o := range operations {
		if o.Op == "" || o.Path == nil {
			return false
		}
	}
	return true
}
