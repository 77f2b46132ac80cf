package scheduling

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
)

// workload reports what the verdict on its pod spec means for a workload.
func (j *judge) workload(w cluster.Workload) {
	if finished(w.Object) {
		return
	}
	spec := &w.Template.Spec
	if pod, ok := w.Object.(*corev1.Pod); ok && pod.Status.Phase != "" && spec.NodeName != "" {
		// The scheduler wrote the node's name, and a restore drops it.
		free := *spec
		free.NodeName = ""
		spec = &free
	}
	v := j.verdict(specPath(w.Object), spec)
	if len(v.needs) > 0 {
		severity, ending := j.gravity(w, v)
		for _, f := range v.needs {
			if f.Severity == 0 {
				f.Severity = severity
				f.Message += ending
				if idleDaemon(w, v) {
					f.Remedy = "Leave it as it is: nothing is lost that runs on the source."
				}
			}
			j.report(w, f)
		}
	}
	for _, wish := range v.wishes {
		f := wish.finding
		if f.Severity == 0 {
			f.Severity = wishSeverity(wish.origin, w.Replicas)
			if inSystem(w.Object) {
				f.Severity = framework.Info
				f.Message += "; " + systemNote
			}
		}
		j.report(w, f)
	}
}

// report adds the object. A pod that another object makes is not patched.
func (j *judge) report(w cluster.Workload, f framework.Finding) {
	path := f.Object.FieldPath
	f.Object = j.pass.Source.Ref(w.Object)
	f.Object.FieldPath = path
	if inSystem(w.Object) && f.Remedy != invalidRemedy {
		f.Remedy = "Leave add-ons of kube-system out of the move if the target has its own."
	}
	if owner := metav1.GetControllerOfNoCopy(w.Object); owner != nil {
		f.Remedy = fmt.Sprintf("Change it in the %s %s, which makes these pods.", owner.Kind, owner.Name)
		f.Patches = nil
	}
	j.pass.Report(f)
}

// gravity is how bad it is that the pods fit no node of the target, and what
// the message says about it.
func (j *judge) gravity(w cluster.Workload, v *verdict) (framework.Severity, string) {
	severity, ending := framework.Blocker, ""
	lower := func(when bool, why string) {
		if when {
			severity = max(severity-1, framework.Info)
			ending += "; " + why
		}
	}
	if idleDaemon(w, v) {
		return framework.Info, "; the DaemonSet runs on no node of the source either"
	}
	if daemon, ok := w.Object.(*appsv1.DaemonSet); ok {
		lower(j.source == nil && !runs(daemon), "whether the DaemonSet runs on any node of the source is not known")
	}
	nowhere := v.nowhere && !runs(w.Object)
	lower(nowhere, "its pods fit no node of the source either")
	lower(w.Replicas == 0, "it has no replicas")
	lower(w.Replicas == 0 && metav1.GetControllerOfNoCopy(w.Object) != nil, "it may be an old revision")
	lower(suspended(w.Object), "it is suspended")
	lower(inSystem(w.Object), systemNote)
	return severity, ending
}

// idleDaemon reports whether the workload is a DaemonSet that is known to run
// nowhere on the source, so that nothing changes for it.
func idleDaemon(w cluster.Workload, v *verdict) bool {
	_, daemon := w.Object.(*appsv1.DaemonSet)
	return daemon && v.nowhere && !runs(w.Object)
}

// systemNote is what a message adds about what is in kube-system.
const systemNote = "add-ons in kube-system often belong to the cluster and are not moved"

func inSystem(o cluster.Object) bool { return o.GetNamespace() == metav1.NamespaceSystem }

// specPath are the fields that lead to the pod spec; their number tells the
// three kinds of objects apart.
func specPath(o cluster.Object) []string {
	switch o.(type) {
	case *corev1.Pod:
		return []string{"spec"}
	case *batchv1.CronJob:
		return []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	return []string{"spec", "template", "spec"}
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
