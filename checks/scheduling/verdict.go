package scheduling

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/placement"
)

// verdict is what there is to say about a pod spec, whichever workload has it.
// Findings lack their object and, where the workload decides it, the severity.
// Their maps and slices are shared by all workloads with the spec.
type verdict struct {
	needs   []framework.Finding // why the pods fit no node of the target
	wishes  []wish
	nowhere bool // it is known that the pods fit no node of the source
}

// wish is a finding about what pods ask of nodes without needing it.
type wish struct {
	origin  placement.Origin
	finding framework.Finding
}

// subject is a pod spec under judgement.
type subject struct {
	path     placement.Path // of the pod spec
	spec     *corev1.PodSpec
	required []placement.Requirement
	fit      placement.Answer     // nodes of the target that satisfy required
	class    []framework.Evidence // of the RuntimeClass that adds to required
}

// verdict judges a pod spec, once for all that ask the same.
func (j *judge) verdict(names []string, spec *corev1.PodSpec) *verdict {
	key := strconv.Itoa(len(names)) + " " + placement.Signature(spec)
	if v, ok := j.verdicts[key]; ok {
		return v
	}
	path := placement.At(names...)
	s := &subject{path: path, spec: spec, required: placement.Required(path, spec)}
	j.runtimeClass(s)
	s.fit = j.target.MatchAll(s.required)
	v := &verdict{nowhere: j.nowhere(s.required...)}
	v.needs = j.needs(s)
	v.wishes = slices.Concat(j.wishes(s), j.exclusions(s))
	j.verdicts[key] = v
	return v
}

// runtimeClass adds what the RuntimeClass demands. One that the target has
// already is not replaced by the source's.
func (j *judge) runtimeClass(s *subject) {
	if s.spec.RuntimeClassName == nil {
		return
	}
	name, side, from := *s.spec.RuntimeClassName, framework.Target, j.pass.Target
	class, ok := cluster.RuntimeClasses.Get(from, "", name)
	if !ok {
		side, from = framework.Source, j.pass.Source
		class, ok = cluster.RuntimeClasses.Get(from, "", name)
	}
	if !ok || class.Scheduling == nil {
		return
	}
	ref := from.Ref(class)
	s.class = []framework.Evidence{{Type: "cluster-object", Cluster: side, Object: &ref, Note: "its scheduling.nodeSelector applies to the pods"}}
	s.required = append(s.required, placement.FromLabels(placement.RuntimeClass, s.path.Child("runtimeClassName"), class.Scheduling.NodeSelector)...)
}

// needs are the reasons why the pods fit no node of the target.
func (j *judge) needs(s *subject) []framework.Finding {
	if s.fit.Len() > 0 && s.fit.Invalid == nil {
		return nil
	}
	var out []framework.Finding
	for _, c := range j.causes(s.required) {
		f := j.finding(c, s.path, s.spec)
		switch o := c.parts[0].Origin; {
		case len(c.parts) > 1 || c.invalid != nil:
		case o == placement.Spread:
			f.Message += ", over which the pods must be spread"
		case o == placement.Together:
			f.Message += ", within which the pods must run together"
		}
		if slices.ContainsFunc(c.parts, func(r placement.Requirement) bool { return r.Origin == placement.RuntimeClass }) {
			f.Evidence = s.class
		}
		if j.source != nil {
			f.Details["sourceNodes"] = strconv.Itoa(j.source.MatchAll(s.required).Len())
		}
		out = append(out, f)
	}
	return out
}

// wishes are what the pods ask of nodes without needing it and no node that
// they fit has.
func (j *judge) wishes(s *subject) []wish {
	var causes []cause
	for _, r := range placement.Wished(s.path, s.spec) {
		a := j.target.Match(r)
		met := a.Len() > 0
		if s.fit.Len() > 0 {
			met = a.Meets(s.fit.Set)
		}
		if a.Invalid != nil || !met {
			causes = merge(causes, cause{parts: []placement.Requirement{r}, invalid: a.Invalid})
		}
	}
	var out []wish
	for _, c := range causes {
		r := c.parts[0]
		f := j.finding(c, s.path, s.spec)
		if c.invalid == nil {
			if j.target.Match(r).Len() > 0 {
				f.Message = "no present node of the target that the pods fit has " + phrases(c.parts)[0]
				f.Remedy = "Give the nodes that the pods fit what is asked for, or ask for something that they have."
			}
			f.Message += effect(r.Origin)
			if j.nowhere(r) {
				f.Severity = framework.Info
				f.Message += "; nor does any node of the source"
			}
		}
		out = append(out, wish{r.Origin, f})
	}
	return out
}

func effect(o placement.Origin) string {
	switch o {
	case placement.SpreadAnyway:
		return ", so the pods are not spread over it"
	case placement.Apart:
		return ", so the required anti-affinity keeps no pods apart"
	case placement.PreferApart:
		return ", so the preferred anti-affinity keeps no pods apart"
	case placement.PreferTogether:
		return ", so the preferred affinity has no effect"
	}
	return ", which the pods prefer"
}

// wishSeverity: losing the protection against a failing zone or node may lose
// something; losing a preference does not. One pod cannot be spread.
func wishSeverity(o placement.Origin, replicas int32) framework.Severity {
	switch o {
	case placement.Apart:
		return framework.Warning
	case placement.SpreadAnyway, placement.PreferApart:
		if replicas == 0 || replicas == 1 {
			return framework.Info
		}
		return framework.Warning
	}
	return framework.Info
}

// exclusions are renamed labels that kept the pods off some nodes and no
// longer do, because no node of the target has the old name.
func (j *judge) exclusions(s *subject) []wish {
	var out []wish
	for _, r := range s.required {
		e, ok := r.Single()
		if !ok || e.Operator != corev1.NodeSelectorOpDoesNotExist && e.Operator != corev1.NodeSelectorOpNotIn {
			continue
		}
		renamed, changed := r.Successor()
		kept := j.target.Match(r).Len() - j.target.Match(renamed).Len()
		if !changed || kept <= 0 || len(j.target.Values(e.Key)) > 0 {
			continue
		}
		f := j.finding(cause{parts: []placement.Requirement{r}}, s.path, s.spec)
		f.Severity = framework.Info
		f.Message = fmt.Sprintf("no present node of the target has the label %s, so it keeps the pods off no node", e.Key)
		f.Remedy = fmt.Sprintf("Use %s instead, which keeps the pods off %d of %d nodes.", f.Details["successor"], kept, j.target.Len())
		out = append(out, wish{r.Origin, f})
	}
	return out
}
