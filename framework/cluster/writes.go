package cluster

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// writes are the versions an object was written in, each writer once with its
// latest time, sorted.
func (c *collector) writes(o metav1.Object) []Write {
	fields := o.GetManagedFields()
	applied := o.GetAnnotations()[corev1.LastAppliedConfigAnnotation]
	if len(fields) == 0 && applied == "" {
		return nil
	}
	out := make([]Write, 0, len(fields)+1)
	for _, f := range fields {
		w := Write{Writer: c.writer(Writer{Origin: ManagedFields, APIVersion: f.APIVersion, Manager: f.Manager, Operation: string(f.Operation)})}
		if f.Time != nil {
			w.unix = f.Time.Unix()
		}
		out = append(out, w)
	}
	if applied != "" {
		var head metav1.TypeMeta
		if json.Unmarshal([]byte(applied), &head) == nil && head.APIVersion != "" {
			out = append(out, Write{Writer: c.writer(Writer{Origin: LastApplied, APIVersion: head.APIVersion, Kind: head.Kind})})
		}
	}
	slices.SortFunc(out, func(x, y Write) int {
		if d := strings.Compare(x.key(), y.key()); d != 0 {
			return d
		}
		return int(y.unix - x.unix)
	})
	return slices.Clip(slices.CompactFunc(out, func(x, y Write) bool { return x.Writer == y.Writer }))
}

func (w *Writer) key() string {
	return strings.Join([]string{string(w.Origin), w.APIVersion, w.Kind, w.Manager, w.Operation}, "\x00")
}

func (c *collector) writer(w Writer) *Writer {
	if known, ok := c.writers[w]; ok {
		return known
	}
	c.writers[w] = &w
	return &w
}

// generated reports whether the object comes into being on any cluster by
// itself, so that nothing is lost when it is not moved.
//
// Sources: EndpointSlice label (KEP-752), EndpointSliceMirroring controller,
// FlowSchema annotation (API Priority and Fairness documentation, "Maintenance
// of the mandatory and suggested configuration objects"), APIService label
// (kube-aggregator), RBAC bootstrap label (RBAC documentation, "Auto-reconciliation").
func generated(o metav1.Object, r *APIResource) bool {
	switch r.Group + "/" + r.Kind {
	case "discovery.k8s.io/EndpointSlice":
		by := o.GetLabels()["endpointslice.kubernetes.io/managed-by"]
		return by == "endpointslice-controller.k8s.io" || by == "endpointslicemirroring-controller.k8s.io"
	case "flowcontrol.apiserver.k8s.io/FlowSchema", "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration":
		return o.GetAnnotations()["apf.kubernetes.io/autoupdate-spec"] == "true"
	case "apiregistration.k8s.io/APIService":
		return o.GetLabels()["kube-aggregator.kubernetes.io/automanaged"] != ""
	case "rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding":
		return o.GetLabels()["kubernetes.io/bootstrapping"] == "rbac-defaults"
	case "coordination.k8s.io/Lease", "/Node", "storage.k8s.io/CSINode", "/ComponentStatus":
		return true
	case "scheduling.k8s.io/PriorityClass":
		return strings.HasPrefix(o.GetName(), "system-")
	}
	return false
}

// markGenerated gives the metadata what generated looks for.
func markGenerated(o metav1.Object, r *APIResource) {
	switch r.Group + "/" + r.Kind {
	case "discovery.k8s.io/EndpointSlice":
		o.SetLabels(map[string]string{"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"})
	case "flowcontrol.apiserver.k8s.io/FlowSchema", "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration":
		o.SetAnnotations(map[string]string{"apf.kubernetes.io/autoupdate-spec": "true"})
	case "apiregistration.k8s.io/APIService":
		o.SetLabels(map[string]string{"kube-aggregator.kubernetes.io/automanaged": "true"})
	case "rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding":
		o.SetLabels(map[string]string{"kubernetes.io/bootstrapping": "rbac-defaults"})
	}
}
