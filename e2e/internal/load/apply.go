package load

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// A Writer is a program that puts manifests into a cluster, as far as the
// stored objects show which one it was.
type Writer struct {
	Manager     string // field manager
	ServerSide  bool   // server-side apply instead of create
	LastApplied bool   // leaves kubectl's annotation
}

// Writers that are seen in real clusters.
var (
	Kubectl = Writer{Manager: "kubectl-client-side-apply", LastApplied: true}
	Flux    = Writer{Manager: "kustomize-controller", ServerSide: true}
	Helm    = Writer{Manager: "helm"}
)

// An applier writes manifests through the API version that each names.
type applier struct {
	writer Writer
	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
}

// Apply writes the manifests of files and directories, in their order, each
// with exactly the API version that it names. A custom resource may follow its
// definition. A status in a manifest is written to the status subresource.
func Apply(ctx context.Context, config *rest.Config, w Writer, paths ...string) error {
	manifests, err := read(paths)
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("create client: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return fmt.Errorf("create client: %w", err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
	a := &applier{writer: w, client: client, mapper: mapper}
	for _, m := range manifests {
		if err := a.apply(ctx, m.object); err != nil {
			return fmt.Errorf("apply %s %s of %s: %w", m.object.GetKind(), m.object.GetName(), m.file, err)
		}
	}
	return nil
}

// apply writes one object and then its status.
func (a *applier) apply(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := a.resource(ctx, object)
	if err != nil {
		return err
	}
	status, hasStatus := object.Object["status"]
	delete(object.Object, "status")
	if a.writer.LastApplied {
		if err := annotate(object); err != nil {
			return err
		}
	}
	if err := a.write(ctx, resource, object); err != nil {
		return err
	}
	if object.GetKind() == "Node" {
		// Admission taints a new node as not ready, and the kubelet's
		// controller would take the taint away.
		taints, _, _ := unstructured.NestedSlice(object.Object, "spec", "taints")
		patch := map[string]any{"spec": map[string]any{"taints": taints}}
		if err := a.merge(ctx, resource, object.GetName(), patch); err != nil {
			return fmt.Errorf("set taints: %w", err)
		}
	}
	if !hasStatus {
		return nil
	}
	patch := map[string]any{"status": status}
	if err := a.merge(ctx, resource, object.GetName(), patch, "status"); err != nil {
		return fmt.Errorf("set status: %w", err)
	}
	return nil
}

// resource finds where the object's kind is served in the object's version. A
// kind whose definition was created a moment ago is waited for.
func (a *applier) resource(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	var mapping *meta.RESTMapping
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 15*time.Second, true,
		func(context.Context) (bool, error) {
			found, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
			if meta.IsNoMatchError(err) {
				a.mapper.Reset()
				return false, nil
			}
			mapping = found
			return err == nil, err
		})
	if err != nil {
		return nil, fmt.Errorf("find resource of %s: %w", kind, err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return a.client.Resource(mapping.Resource), nil
	}
	namespace := object.GetNamespace()
	if namespace == "" {
		namespace = metav1.NamespaceDefault
		object.SetNamespace(namespace)
	}
	return a.client.Resource(mapping.Resource).Namespace(namespace), nil
}

// write creates the object or, if it exists already, patches it.
func (a *applier) write(ctx context.Context, resource dynamic.ResourceInterface, object *unstructured.Unstructured) error {
	if a.writer.ServerSide {
		_, err := resource.Apply(ctx, object.GetName(), object,
			metav1.ApplyOptions{FieldManager: a.writer.Manager, Force: true})
		return err
	}
	_, err := resource.Create(ctx, object, metav1.CreateOptions{FieldManager: a.writer.Manager})
	if apierrors.IsAlreadyExists(err) {
		return a.merge(ctx, resource, object.GetName(), object.Object)
	}
	return err
}

// merge sends a merge patch, which also custom resources understand.
func (a *applier) merge(ctx context.Context, resource dynamic.ResourceInterface, name string, patch map[string]any, subresources ...string) error {
	data, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	manager := a.writer.Manager
	if len(subresources) > 0 {
		manager = "kubelet"
	}
	_, err = resource.Patch(ctx, name, types.MergePatchType, data, metav1.PatchOptions{FieldManager: manager}, subresources...)
	return err
}

// annotate adds the annotation in which kubectl keeps what it applied.
func annotate(object *unstructured.Unstructured) error {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
		object.SetAnnotations(annotations)
	}
	data, err := object.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode %s: %w", lastApplied, err)
	}
	annotations[lastApplied] = string(data)
	object.SetAnnotations(annotations)
	return nil
}
