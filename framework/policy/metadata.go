package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"
	"sigs.k8s.io/yaml"

	"github.com/precheck-dev/precheck/framework"
)

// metadata is what the METADATA comment of a policy says.
type metadata struct {
	title, description string
	sources            []string
	severity           framework.Severity
	step               framework.Step
	remedy             string
	source, target     []string
	params             map[string]any
	each               string

	annotation *ast.Annotations
}

// doc is the Doc of the check.
func (m *metadata) doc() string {
	doc := m.title + "\n\n" + m.description
	if len(m.sources) > 0 {
		doc += "\n\nSources:\n- " + strings.Join(m.sources, "\n- ")
	}
	return doc
}

var annotationKeys = []string{"scope", "title", "description", "related_resources", "authors", "organizations", "custom"}

// readMetadata finds and decodes the METADATA of a policy, strictly.
func readMetadata(f *file) (*metadata, error) {
	a, err := findAnnotation(f)
	if err != nil {
		return nil, err
	}
	if err := checkKeys(f, a); err != nil {
		return nil, err
	}
	m := &metadata{title: strings.TrimSpace(a.Title), description: strings.TrimSpace(a.Description), annotation: a}
	for _, r := range a.RelatedResources {
		m.sources = append(m.sources, r.Ref.String())
	}
	switch {
	case m.title == "":
		return nil, at(a.Location, "METADATA has no title")
	case m.description == "":
		return nil, at(a.Location, "METADATA has no description; say what goes wrong, on which versions, and where that is documented")
	}
	return m, m.decode(a)
}

// findAnnotation is the METADATA of the package.
func findAnnotation(f *file) (*ast.Annotations, error) {
	var found *ast.Annotations
	for _, a := range f.module.Annotations {
		switch {
		case a.Scope == "package":
			found = a
		case len(a.Custom) > 0:
			return nil, at(a.Location, "custom belongs into the METADATA above the package")
		}
		if len(a.Schemas) > 0 {
			return nil, at(a.Location, "METADATA has the key \"schemas\"; the schema of input follows from custom")
		}
	}
	if found == nil {
		return nil, at(f.module.Package.Loc(), "there is no METADATA comment above the package")
	}
	return found, nil
}

// checkKeys refuses keys of the comment that OPA would pass over in silence.
func checkKeys(f *file, a *ast.Annotations) error {
	row := a.Location.Row + 1
	var text strings.Builder
	for _, c := range f.module.Comments {
		if c.Location.Row == row {
			text.Write(c.Text)
			text.WriteByte('\n')
			row++
		}
	}
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(text.String()), &keys); err != nil {
		return at(a.Location, "METADATA: %s", strings.Join(strings.Fields(err.Error()), " "))
	}
	return unknownKey(a.Location, "METADATA", keys, annotationKeys)
}

// decode reads custom.
func (m *metadata) decode(a *ast.Annotations) error {
	fields := map[string]struct {
		into any
		want string
	}{
		"severity": {&m.severity, "info, warning or blocker"},
		"step":     {&m.step, "application, data, traffic or retire"},
		"remedy":   {&m.remedy, "one sentence"},
		"source":   {&m.source, "a list of resources"},
		"target":   {&m.target, "a list of resources"},
		"params":   {&m.params, "a map of parameters to their defaults"},
		"each":     {&m.each, "one resource"},
	}
	if err := unknownKey(a.Location, "custom", a.Custom, slices.Sorted(maps.Keys(fields))); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(a.Custom)) {
		data, err := json.Marshal(a.Custom[key])
		if err == nil {
			err = json.Unmarshal(data, fields[key].into)
		}
		if err != nil {
			return at(a.Location, "custom.%s is %s (want %s)", key, data, fields[key].want)
		}
	}
	for _, key := range []string{"severity", "step", "remedy"} {
		if _, ok := a.Custom[key]; !ok {
			return at(a.Location, "custom has no %s (want %s)", key, fields[key].want)
		}
	}
	return nil
}

func unknownKey(loc *ast.Location, what string, keys map[string]any, known []string) error {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(known, key) {
			return at(loc, "%s has the unknown key %q%s", what, key, nearest(key, known))
		}
	}
	return nil
}

// nearest proposes the known word next to a wrong one, or lists them all.
func nearest(word string, known []string) string {
	known = slices.Sorted(slices.Values(known))
	best, distance := "", 1+len(word)/3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(word, k); d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %s?", best)
	case len(known) == 0:
		return "; there are none"
	}
	return fmt.Sprintf(" (want one of %s)", strings.Join(known, ", "))
}
