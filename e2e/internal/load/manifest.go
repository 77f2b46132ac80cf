// Package load fills a cluster as its users and controllers would have.
package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// A manifest is one document of a file.
type manifest struct {
	object *unstructured.Unstructured
	file   string
}

// read returns the documents of files and of all YAML files below directories,
// in lexical order of their paths.
func read(paths []string) ([]manifest, error) {
	var all []manifest
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(file) != ".yaml" {
				return err
			}
			documents, err := parse(file)
			all = append(all, documents...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read manifests: %q hold none", paths)
	}
	return all, nil
}

// parse decodes the documents of one file.
func parse(file string) ([]manifest, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []manifest
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("split %s: %w", file, err)
		}
		object := new(unstructured.Unstructured)
		if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
			return nil, fmt.Errorf("parse %s: %w", file, err)
		}
		if len(object.Object) > 0 {
			all = append(all, manifest{object, file})
		}
	}
}
