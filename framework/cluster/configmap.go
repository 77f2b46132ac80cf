package cluster

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ConfigMapData is an extractor: it reads the ConfigMaps of one namespace and
// keeps, while decoding, only the keys and the part of their values that a
// check needs. Nothing else of a ConfigMap ever reaches a snapshot.
type ConfigMapData struct {
	// Name of the extractor, unique among all checks, for example "kube-proxy-config".
	Name string
	// Namespace that is read.
	Namespace string
	// Keep returns what stays of the value of a key, or false. It must give the
	// same answer when asked again with its own result, because a saved
	// snapshot is read through it too.
	Keep func(configMap, key, value string) (string, bool)
}

// String implements Resource.
func (c *ConfigMapData) String() string { return "configmaps/" + c.Name }

func (c *ConfigMapData) parts() []part { return []part{{name: c.String(), data: c}} }

// In yields the ConfigMaps of which anything was kept, sorted by name.
func (c *ConfigMapData) In(s *Snapshot) iter.Seq[*corev1.ConfigMap] {
	objects := s.objectsOf(c.String())
	return func(yield func(*corev1.ConfigMap) bool) {
		for _, o := range objects {
			if !yield(o.(*corev1.ConfigMap)) {
				return
			}
		}
	}
}

// configMaps is how an extractor reads ConfigMaps; there is no Kind of them,
// because their values must not be kept.
var configMaps = &kindSpec{
	gr: schema.GroupResource{Resource: "configmaps"}, kind: "ConfigMap", namespaced: true,
	new: func() runtime.Object { return &corev1.ConfigMap{} },
}

// reduce drops from a ConfigMap what the extractor does not keep, and reports
// whether anything stayed.
func (c *ConfigMapData) reduce(cm *corev1.ConfigMap) bool {
	cm.BinaryData = nil
	for key, value := range cm.Data {
		kept, ok := c.Keep(cm.Name, key, value)
		if !ok {
			delete(cm.Data, key)
			continue
		}
		cm.Data[key] = kept
	}
	return cm.Namespace == c.Namespace && len(cm.Data) > 0
}
