// Package registry asks whether the target can pull the images of the source.
package registry

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// Params are the parameters of Unreachable.
type Params struct {
	// Reachable are the registries that the nodes of the target can pull from.
	Reachable []string `json:"reachable"`
}

// Unreachable reports workloads with an image from a registry that the target
// cannot pull from.
var Unreachable = &framework.Check{
	ID: "registry/unreachable",
	Doc: `image comes from a registry that the target cannot reach

The firewall of the new data centre lets nodes pull from our own registry
only. A pod with any other image stays in ImagePullBackOff.`,
	Remedy:   "Mirror the image to our registry and change the workload before the backup.",
	Severity: framework.Blocker,
	Step:     framework.Application,
	Source:   []cluster.Resource{cluster.Workloads},
	Params:   &Params{Reachable: []string{"registry.example.com"}},
	Run:      unreachable,
}

func unreachable(_ context.Context, p *framework.Pass) error {
	params := p.Params.(*Params)
	for w := range cluster.Workloads.In(p.Source) {
		for _, c := range slices.Concat(w.Template.Spec.InitContainers, w.Template.Spec.Containers) {
			if host := hostOf(c); !slices.Contains(params.Reachable, host) {
				p.Reportf(w.Object, "image of container %q comes from %q", c.Name, host)
			}
		}
	}
	return nil
}

// hostOf is the registry of the image: what stands before the first slash when
// it looks like a host, and Docker Hub otherwise (reference grammar of
// github.com/distribution/reference).
func hostOf(c corev1.Container) string {
	host, _, found := strings.Cut(c.Image, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return "docker.io"
	}
	return host
}
