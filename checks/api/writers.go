package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/apilife"
)

// clientSideApply is the manager of kubectl apply without --server-side.
const clientSideApply = "kubectl-client-side-apply"

// A usage is an API version that one writer writes an object in, and the
// evidence.
type usage struct {
	gvk schema.GroupVersionKind
	// writer is a field manager. It is empty when the annotation of kubectl
	// apply tells of the version and no field manager that applies manifests does.
	writer   string
	evidence []framework.Evidence
}

// text says who writes the object and in which version.
func (u usage) text() string {
	by := u.writer
	if by == "" {
		by = "kubectl apply or the like"
	}
	return "written by " + by + " as " + name(u.gvk) + ", which"
}

// remedy is what to do about the writer before it meets the target.
func (u usage) remedy() string {
	switch source := sourceOf(u.writer); {
	case source == charts && !apilife.GroupKnown(u.gvk.Group):
		return "Change the API version in the chart and in its stored releases before Helm is run against the target."
	case source == charts:
		return "Change the API version in the chart and in its stored releases (helm mapkubeapis) before Helm is run against the target."
	case source == manifests || u.writer == "":
		return "Change the API version in the manifests before they are applied to the target."
	}
	return fmt.Sprintf("Let %s use a version that the target serves before it runs there.", u.writer)
}

// versionSource is what a writer takes an API version from.
type versionSource int

const (
	code      versionSource = iota // its own, as controllers do
	manifests                      // of a person or a repository
	charts                         // and the releases that Helm stores
)

// sourceOf knows programs by the field manager that they give: kubectl, Helm,
// Argo CD, Flux, Terraform (HashiCorp) and Pulumi. Of all others it says code.
func sourceOf(manager string) versionSource {
	manager = strings.ToLower(manager)
	if manager == "helm" || manager == "helm-controller" {
		return charts
	}
	for _, prefix := range []string{"kubectl", "argocd", "flux", "kustomize", "terraform", "hashicorp", "pulumi"} {
		if strings.HasPrefix(manager, prefix) {
			return manifests
		}
	}
	return code
}

// usages are the API versions, other than the one it is listed in, that
// somebody is expected to write the object in again, sorted by version and
// writer.
func usages(row *cluster.Row) []usage {
	var out []usage
	for _, w := range lasting(row.Writes) {
		gvk, ok := written(row, w)
		if !ok || gvk == row.GroupVersionKind() {
			continue
		}
		writer := w.Manager
		if w.Origin == cluster.LastApplied {
			writer = annotator(row, gvk)
		}
		i := slices.IndexFunc(out, func(u usage) bool { return u.gvk == gvk && u.writer == writer })
		if i < 0 {
			i, out = len(out), append(out, usage{gvk: gvk, writer: writer})
		}
		out[i].evidence = append(out[i].evidence, evidenceOf(w))
	}
	slices.SortFunc(out, func(a, b usage) int {
		return cmp.Or(strings.Compare(name(a.gvk), name(b.gvk)), strings.Compare(a.writer, b.writer))
	})
	return out
}

// annotator is the field manager that must have written the annotation of
// kubectl apply: the one that applies manifests in its version.
func annotator(row *cluster.Row, gvk schema.GroupVersionKind) string {
	for _, w := range lasting(row.Writes) {
		if other, ok := written(row, w); ok && other == gvk && sourceOf(w.Manager) == manifests {
			return w.Manager
		}
	}
	return ""
}

// written is the kind and version of a write. It is false for what cannot be
// a version of the object.
func written(row *cluster.Row, w cluster.Write) (schema.GroupVersionKind, bool) {
	gv, err := schema.ParseGroupVersion(w.APIVersion)
	if err != nil {
		return schema.GroupVersionKind{}, false
	}
	gvk := gv.WithKind(row.Resource.Kind)
	if w.Kind != "" {
		gvk.Kind = w.Kind
	}
	_, known := apilife.Lookup(gvk)
	return gvk, known || gv.Group == row.Resource.Group && !apilife.GroupKnown(gv.Group)
}

// lasting are the writes that will come again. Left out are
//   - the components of a cluster, which the target has of its own,
//   - commands that take the version from the server and not from a file,
//   - entries that the same manager has since followed with another version,
//   - entries of kubectl apply that its annotation, being newer, contradicts.
func lasting(writes []cluster.Write) []cluster.Write {
	newest := map[[2]string]time.Time{}
	applied := ""
	for _, w := range writes {
		key := [2]string{w.Manager, w.Operation}
		if w.Time().After(newest[key]) {
			newest[key] = w.Time()
		}
		if w.Origin == cluster.LastApplied {
			applied = w.APIVersion
		}
	}
	var out []cluster.Write
	for _, w := range writes {
		switch {
		case w.Origin == cluster.LastApplied:
		case passing(w.Manager), w.Time().Before(newest[[2]string{w.Manager, w.Operation}]),
			w.Manager == clientSideApply && applied != "" && applied != w.APIVersion:
			continue
		}
		out = append(out, w)
	}
	return out
}

// passing reports whether the field manager never writes an API version that
// stands in a file: a component of the cluster, a restore, or a kubectl command
// that edits what is there.
func passing(manager string) bool {
	switch manager {
	case "kube-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet", "kube-proxy",
		"cloud-controller-manager", "k3s", "k3s-server", "rke2", "velero-server", "before-first-apply":
		return true
	case clientSideApply, "kubectl-create", "kubectl-replace":
		return false
	}
	return strings.HasPrefix(manager, "kubectl-")
}

func evidenceOf(w cluster.Write) framework.Evidence {
	e := framework.Evidence{Type: string(w.Origin), APIVersion: w.APIVersion, Manager: w.Manager, Operation: w.Operation}
	if at := w.Time(); !at.IsZero() {
		e.Time = &at
	}
	return e
}

// listing is the evidence for the version that the object is listed in: the
// manifest, or the API server and whoever wrote it so.
func (s source) listing(row *cluster.Row) []framework.Evidence {
	kind := "served-object"
	if !s.live {
		kind = "manifest"
	}
	out := []framework.Evidence{{Type: kind, APIVersion: row.Ref().APIVersion}}
	for _, w := range lasting(row.Writes) {
		if gvk, ok := written(row, w); ok && gvk == row.GroupVersionKind() {
			out = append(out, evidenceOf(w))
		}
	}
	return out
}
