package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A resource is how an API server serves a kind.
type resource struct {
	name       string // plural; "pods/eviction" for a subresource
	namespaced bool
	listable   bool
}

// servedResources reads the OpenAPI document that every Kubernetes release
// carries. It is written by a running API server with all API versions and all
// feature gates on, so it holds everything that the release can serve.
func servedResources(kubernetes module) (map[gvk]resource, error) {
	path := filepath.Join(kubernetes.dir, "api", "openapi-spec", "swagger.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("decode %s: %w", path, err)
	}
	served := map[gvk]resource{}
	for path, operations := range doc.Paths {
		for verb, raw := range operations {
			if verb != "get" && verb != "post" {
				continue
			}
			if err := addOperation(served, path, raw); err != nil {
				return nil, fmt.Errorf("decode %s: %s %s: %w", kubernetes.Version, verb, path, err)
			}
		}
	}
	return served, nil
}

// addOperation notes that the operation lists or creates objects of its kind.
func addOperation(served map[gvk]resource, path string, raw json.RawMessage) error {
	var op struct {
		Action string `json:"x-kubernetes-action"`
		Kind   struct {
			Group   string `json:"group"`
			Version string `json:"version"`
			Kind    string `json:"kind"`
		} `json:"x-kubernetes-group-version-kind"`
	}
	if err := json.Unmarshal(raw, &op); err != nil {
		return err
	}
	if op.Action != "list" && op.Action != "post" {
		return nil
	}
	r, ok := parsePath(path)
	if !ok {
		return nil
	}
	k := gvk{op.Kind.Group, op.Kind.Version, op.Kind.Kind}
	old, ok := served[k]
	if ok && rank(old.name) < rank(r.name) {
		return nil // the kind's own resource wins over a subresource
	}
	if ok && old.name == r.name {
		r.namespaced = r.namespaced || old.namespaced
		r.listable = old.listable
	}
	r.listable = r.listable || op.Action == "list"
	served[k] = r
	return nil
}

// rank orders resources before subresources.
func rank(name string) int { return strings.Count(name, "/") }

// parsePath returns the resource that a path of the API addresses, as a
// collection or as a subresource of one object.
func parsePath(path string) (resource, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return resource{}, false
	}
	if parts[0] == "watch" {
		return resource{}, false
	}
	var r resource
	if len(parts) > 2 && parts[0] == "namespaces" && parts[1] == "{namespace}" {
		r.namespaced = true
		parts = parts[2:]
	}
	switch {
	case len(parts) == 1:
		r.name = parts[0]
	case len(parts) == 3 && parts[1] == "{name}" && !strings.HasPrefix(parts[2], "proxy"):
		r.name = parts[0] + "/" + parts[2]
	default:
		return resource{}, false
	}
	return r, true
}
