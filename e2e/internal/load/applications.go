package load

import (
	"context"
	"path/filepath"

	"k8s.io/client-go/rest"
)

// A layer is a directory of manifests with the program that deploys it.
type layer struct {
	dir    string
	writer Writer
}

// Source makes a new cluster of Kubernetes 1.24 the source of a migration: the
// applications below dir, deployed by different programs through API versions
// of their age, and running.
func Source(ctx context.Context, config *rest.Config, dir string) error {
	return layers(ctx, config, dir, []layer{
		{"cluster", Kubectl},
		{"shop", Kubectl},
		{"orders", Flux},
		{"monitoring", Helm},
		{"billing", Kubectl},
		{"chat", Flux},
	})
}

// Target makes a new cluster the target of the migration: nodes, kube-proxy and
// storage classes of today, and nothing of the applications but namespaces.
func Target(ctx context.Context, config *rest.Config, dir string) error {
	return layers(ctx, config, dir, []layer{{".", Kubectl}})
}

func layers(ctx context.Context, config *rest.Config, dir string, all []layer) error {
	for _, l := range all {
		if err := Apply(ctx, config, l.writer, filepath.Join(dir, l.dir)); err != nil {
			return err
		}
	}
	return Reconcile(ctx, config)
}
