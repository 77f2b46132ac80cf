package cluster

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// trimUnstructured redacts an object of a kind that has no Go type here.
// Custom resources embed pod templates (Rollouts, Knative Services) and whole
// objects (the manifests of a fleet), so these rules hold wherever in the
// object something stands:
//   - literal values of environment variables go, as a list of name and value
//     or as a map, under every key that ends in env or environment variables;
//   - values of Secrets and ConfigMaps go, and of what is called stringData;
//   - last-applied annotations go.
func trimUnstructured(u *unstructured.Unstructured) { redactTree(u.Object) }

func redactTree(v any) {
	switch v := v.(type) {
	case map[string]any:
		redactMap(v)
		for _, child := range v {
			redactTree(child)
		}
	case []any:
		for _, child := range v {
			redactTree(child)
		}
	}
}

func redactMap(m map[string]any) {
	kind, _ := m["kind"].(string)
	apiVersion, _ := m["apiVersion"].(string)
	secret := apiVersion == "v1" && (kind == "Secret" || kind == "ConfigMap")
	for key, child := range m {
		switch {
		case key == corev1.LastAppliedConfigAnnotation:
			delete(m, key)
		case secret && (key == "data" || key == "binaryData"), key == "stringData":
			blank(child)
		case isEnvironment(key):
			redactEnvironment(child)
		}
	}
}

// isEnvironment reports whether the key is one of those under which custom
// resources keep environment variables: env, extraEnv, envVars, ...
func isEnvironment(key string) bool {
	key = strings.ToLower(key)
	for _, end := range []string{"env", "envs", "envvar", "envvars", "environment", "environmentvariables"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

func redactEnvironment(v any) {
	switch v := v.(type) {
	case map[string]any:
		blank(v)
	case []any:
		for _, e := range v {
			if m, ok := e.(map[string]any); ok && m["value"] != nil {
				m["value"] = ""
			}
		}
	}
}

// blank empties all values of a map that are no objects themselves; the keys
// stay.
func blank(v any) {
	m, _ := v.(map[string]any)
	for key, value := range m {
		if _, nested := value.(map[string]any); !nested {
			m[key] = ""
		}
	}
}
