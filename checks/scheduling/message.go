package scheduling

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/precheck-dev/precheck/framework/model/placement"
)

// fact says of a requirement that no node of the target satisfies why that is.
func fact(r placement.Requirement, target *placement.Nodes) string {
	e, ok := r.Single()
	switch {
	case !ok && len(r.Labels()) == 0 && !slices.ContainsFunc(r.Terms, func(t corev1.NodeSelectorTerm) bool { return len(t.MatchFields) > 0 }):
		return "the node selector has no conditions, and such a selector matches no node"
	case !ok && len(r.Terms) == 1:
		return "no node of the target has " + term(r.Terms[0])
	case !ok:
		return fmt.Sprintf("no present node of the target satisfies any of %d terms: %s", len(r.Terms), few(terms(r), "; "))
	case pinned(r):
		return "the target has no node named " + few(e.Values, " or ")
	}
	switch e.Operator {
	case corev1.NodeSelectorOpDoesNotExist:
		return "every present node of the target has the label " + e.Key
	case corev1.NodeSelectorOpNotIn:
		return "every present node of the target has " + phrase(corev1.NodeSelectorRequirement{Key: e.Key, Operator: corev1.NodeSelectorOpIn, Values: e.Values})
	}
	if values := target.Values(e.Key); len(values) > 0 {
		return fmt.Sprintf("no present node of the target has %s (values there: %s)", phrase(e), few(quoted(values), ", "))
	}
	return missing(r, e, target)
}

// missing says of a condition on a label that no node of the target has what
// is wanted of the label, and what became of it if it was renamed. What the new
// name would repair is told without the value.
func missing(r placement.Requirement, e corev1.NodeSelectorRequirement, target *placement.Nodes) string {
	text := "no present node of the target has the label " + e.Key
	s, renamed := placement.Successor(e.Key)
	if renamed {
		if with, _ := r.Successor(); target.Match(with).Len() > 0 {
			return text
		}
	}
	values := target.Values(s.Successor)
	if renamed && len(values) == 0 {
		text += " or its successor " + s.Successor
	}
	if wanted := few(e.Values, ", "); wanted != "" {
		text += " (wanted: " + wanted + ")"
	}
	if len(values) > 0 {
		text += fmt.Sprintf("; its successor %s has %s there", s.Successor, few(quoted(values), ", "))
	}
	return text
}

// pinned reports whether the requirement is on the names of nodes.
func pinned(r placement.Requirement) bool {
	e, ok := r.Single()
	return ok && e.Operator == corev1.NodeSelectorOpIn && (e.Key == corev1.LabelHostname || e.Key == metav1.ObjectNameField)
}

// phrase is a condition as a person writes it.
func phrase(e corev1.NodeSelectorRequirement) string {
	values := few(quoted(e.Values), ", ")
	switch e.Operator {
	case corev1.NodeSelectorOpIn:
		if len(e.Values) == 1 {
			return e.Key + "=" + values
		}
		return e.Key + " in (" + values + ")"
	case corev1.NodeSelectorOpNotIn:
		return e.Key + " not in (" + values + ")"
	case corev1.NodeSelectorOpExists:
		return "the label " + e.Key
	case corev1.NodeSelectorOpDoesNotExist:
		return "no label " + e.Key
	case corev1.NodeSelectorOpGt:
		return e.Key + " > " + values
	case corev1.NodeSelectorOpLt:
		return e.Key + " < " + values
	}
	return e.Key + " " + string(e.Operator) + " " + values
}

func term(t corev1.NodeSelectorTerm) string {
	var out []string
	for _, e := range slices.Concat(t.MatchExpressions, t.MatchFields) {
		out = append(out, phrase(e))
	}
	if len(out) == 0 {
		return "an empty term"
	}
	return strings.Join(out, " and ")
}

func terms(r placement.Requirement) []string {
	out := make([]string, len(r.Terms))
	for i, t := range r.Terms {
		out[i] = term(t)
	}
	return out
}

// phrases are the requirements in short, each once.
func phrases(requirements []placement.Requirement) []string {
	var out []string
	for _, r := range requirements {
		text := strings.Join(terms(r), " or ")
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// few joins at most three of the texts and tells how many more there are.
func few(all []string, separator string) string {
	const most = 3
	if len(all) <= most {
		return strings.Join(all, separator)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], separator), len(all)-most)
}

// quoted makes empty values visible.
func quoted(values []string) []string {
	out := slices.Clone(values)
	for i, v := range out {
		if v == "" {
			out[i] = `""`
		}
	}
	return out
}

// reason is a parse error without the paths, which begin at the selector.
func reason(err error) string {
	all := []error{err}
	var many utilerrors.Aggregate
	if errors.As(err, &many) {
		all = many.Errors()
	}
	var out []string
	for _, e := range all {
		text := e.Error()
		var at *field.Error
		if errors.As(e, &at) {
			text = at.ErrorBody()
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, "; ")
}
