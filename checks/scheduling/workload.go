package scheduling

import (
	"fmt"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/placement"
)

// subject is a workload with what its pods demand of nodes.
type subject struct {
	cluster.Workload
	path     placement.Path // of the pod spec
	spec     *corev1.PodSpec
	required []placement.Requirement
	fit      placement.Answer     // nodes of the target that satisfy required
	class    []framework.Evidence // of the RuntimeClass that adds to required
}

func (j *judge) workload(w cluster.Workload) {
	if finished(w.Object) {
		return
	}
	s := &subject{Workload: w, path: specPath(w.Object), spec: &w.Template.Spec}
	s.required = placement.Required(s.path, s.spec)
	if pod, ok := w.Object.(*corev1.Pod); ok && pod.Status.Phase != "" {
		// The scheduler wrote the node's name, and a restore drops it.
		s.required = slices.DeleteFunc(s.required, func(r placement.Requirement) bool { return r.Origin == placement.NodeName })
	}
	j.runtimeClass(s)
	s.fit = j.target.MatchAll(s.required)
	j.needs(s)
	j.wishes(s)
	j.exclusions(s)
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
	s.required = append(s.required, fromClass(s.path, class)...)
}

func fromClass(path placement.Path, class *nodev1.RuntimeClass) []placement.Requirement {
	return placement.FromLabels(placement.RuntimeClass, path.Child("runtimeClassName"), class.Scheduling.NodeSelector)
}

// needs reports why the pods fit no node of the target.
func (j *judge) needs(s *subject) {
	if s.fit.Len() > 0 && s.fit.Invalid == nil {
		return
	}
	causes := j.causes(s.required)
	severity, ending := j.gravity(s)
	for _, c := range causes {
		f := j.finding(c, s.path, s.spec)
		switch o := c.parts[0].Origin; {
		case len(c.parts) > 1 || c.invalid != nil:
		case o == placement.Spread:
			f.Message += ", over which the pods must be spread"
		case o == placement.Together:
			f.Message += ", within which the pods must run together"
		}
		if f.Severity == 0 {
			f.Severity = severity
			f.Message += ending
		}
		if slices.ContainsFunc(c.parts, func(r placement.Requirement) bool { return r.Origin == placement.RuntimeClass }) {
			f.Evidence = s.class
		}
		if j.source != nil {
			f.Details["sourceNodes"] = strconv.Itoa(j.source.MatchAll(s.required).Len())
		}
		j.report(s, f)
	}
}

// report adds the object. A pod that another object makes is not patched.
func (j *judge) report(s *subject, f framework.Finding) {
	path := f.Object.FieldPath
	f.Object = j.pass.Source.Ref(s.Object)
	f.Object.FieldPath = path
	if owner := metav1.GetControllerOfNoCopy(s.Object); owner != nil {
		f.Remedy = fmt.Sprintf("Change it in the %s %s, which makes these pods.", owner.Kind, owner.Name)
		f.Patches = nil
	}
	j.pass.Report(f)
}

// gravity is how bad it is that the pods fit no node of the target, and what
// the message says about it.
func (j *judge) gravity(s *subject) (framework.Severity, string) {
	severity, ending := framework.Blocker, ""
	lower := func(when bool, why string) {
		if when {
			severity = max(severity-1, framework.Info)
			ending += "; " + why
		}
	}
	nowhere := !runs(s.Object) && j.nowhere(s.required...)
	if daemon, ok := s.Object.(*appsv1.DaemonSet); ok {
		if nowhere {
			return framework.Info, "; the DaemonSet runs on no node of the source either"
		}
		lower(j.source == nil && !runs(daemon), "whether the DaemonSet runs on any node of the source is not known")
	}
	lower(nowhere, "its pods fit no node of the source either")
	lower(s.Replicas == 0, "it has no replicas")
	lower(suspended(s.Object), "it is suspended")
	lower(s.Object.GetNamespace() == metav1.NamespaceSystem, "add-ons in kube-system often belong to the cluster and are not moved")
	return severity, ending
}

// wishes reports what the pods ask of nodes without needing it and no node
// that they fit has.
func (j *judge) wishes(s *subject) {
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
	for _, c := range causes {
		f := j.finding(c, s.path, s.spec)
		r := c.parts[0]
		if c.invalid == nil {
			if j.target.Match(r).Len() > 0 {
				f.Message = "no node of the target that the pods fit has " + phrases(c.parts)[0]
			}
			f.Message += effect(r.Origin)
			f.Severity = wishSeverity(r.Origin, s.Replicas)
			if j.nowhere(r) {
				f.Severity = framework.Info
				f.Message += "; nor does any node of the source"
			}
		}
		j.report(s, f)
	}
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
	switch {
	case o == placement.Apart:
		return framework.Warning
	case o == placement.SpreadAnyway || o == placement.PreferApart:
		if replicas == 0 || replicas == 1 {
			return framework.Info
		}
		return framework.Warning
	}
	return framework.Info
}

// exclusions reports renamed labels that kept the pods off some nodes and no
// longer do, because no node of the target has the old name.
func (j *judge) exclusions(s *subject) {
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
		c := cause{parts: []placement.Requirement{r}}
		f := j.finding(c, s.path, s.spec)
		f.Severity = framework.Info
		f.Message = fmt.Sprintf("no node of the target has the label %s, so it keeps the pods off no node", e.Key)
		f.Remedy = fmt.Sprintf("Use %s instead, which keeps the pods off %d of %d nodes.", f.Details["successor"], kept, j.target.Len())
		j.report(s, f)
	}
}

func specPath(o cluster.Object) placement.Path {
	switch o.(type) {
	case *corev1.Pod:
		return placement.At("spec")
	case *batchv1.CronJob:
		return placement.At("spec", "jobTemplate", "spec", "template", "spec")
	}
	return placement.At("spec", "template", "spec")
}

// runs reports whether pods of the workload are known to be on nodes of the
// source, be it that the nodes lost the labels since: affinity is ignored
// during execution.
func runs(o cluster.Object) bool {
	switch w := o.(type) {
	case *appsv1.Deployment:
		return w.Status.ReadyReplicas > 0
	case *appsv1.StatefulSet:
		return w.Status.ReadyReplicas > 0
	case *appsv1.ReplicaSet:
		return w.Status.ReadyReplicas > 0
	case *corev1.ReplicationController:
		return w.Status.ReadyReplicas > 0
	case *appsv1.DaemonSet:
		return w.Status.DesiredNumberScheduled > 0
	case *batchv1.Job:
		return w.Status.Ready != nil && *w.Status.Ready > 0
	case *corev1.Pod:
		return w.Status.Phase == corev1.PodRunning
	}
	return false
}

func suspended(o cluster.Object) bool {
	switch w := o.(type) {
	case *batchv1.CronJob:
		return w.Spec.Suspend != nil && *w.Spec.Suspend
	case *batchv1.Job:
		return w.Spec.Suspend != nil && *w.Spec.Suspend
	}
	return false
}

func finished(o cluster.Object) bool {
	job, ok := o.(*batchv1.Job)
	return ok && slices.ContainsFunc(job.Status.Conditions, func(c batchv1.JobCondition) bool {
		return c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed)
	})
}
