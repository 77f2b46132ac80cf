package policy

import (
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/precheck-dev/precheck/framework/cluster"
)

// addedLabels are labels that controllers put on their pods and that no
// template has. See
// https://kubernetes.io/docs/reference/labels-annotations-taints/.
var addedLabels = []string{
	appsv1.StatefulSetPodNameLabel, appsv1.PodIndexLabel, appsv1.ControllerRevisionHashLabelKey,
	appsv1.DefaultDeploymentUniqueLabelKey, "pod-template-generation",
	batchv1.JobNameLabel, batchv1.ControllerUidLabel, batchv1.JobCompletionIndexAnnotation, "job-name", "controller-uid",
}

func added(key string) bool { return slices.Contains(addedLabels, key) }

// selects reports whether the selector of a Service may select a pod of the
// workload. The hash of a revision and what else only a live pod has is taken
// to match, because a Service that selects nothing is rarer than one that does.
func selects(selector map[string]string, w cluster.Workload) bool {
	for k, v := range selector {
		if have, ok := w.Template.Labels[k]; ok && have == v {
			continue
		}
		if !mayHave(w, k, v) {
			return false
		}
	}
	return true
}

// mayHave reports whether the controller of the workload may add the label to
// a pod.
func mayHave(w cluster.Workload, key, value string) bool {
	switch w.Object.GetObjectKind().GroupVersionKind().Kind {
	case "StatefulSet":
		switch key {
		case appsv1.StatefulSetPodNameLabel:
			name, ordinal, ok := cutLast(value)
			return ok && name == w.Object.GetName() && hasOrdinal(w, ordinal)
		case appsv1.PodIndexLabel:
			return hasOrdinal(w, value)
		}
		return key == appsv1.ControllerRevisionHashLabelKey
	case "Deployment":
		return key == appsv1.DefaultDeploymentUniqueLabelKey
	case "DaemonSet":
		return key == appsv1.ControllerRevisionHashLabelKey || key == "pod-template-generation"
	case "CronJob":
		return slices.Contains([]string{batchv1.JobNameLabel, batchv1.ControllerUidLabel, batchv1.JobCompletionIndexAnnotation, "job-name", "controller-uid"}, key)
	case "Job":
		return slices.Contains([]string{batchv1.ControllerUidLabel, batchv1.JobCompletionIndexAnnotation, "controller-uid"}, key) ||
			(key == batchv1.JobNameLabel || key == "job-name") && value == w.Object.GetName()
	}
	return false
}

// hasOrdinal reports whether a StatefulSet has a pod of this number, written
// as the controller writes it.
func hasOrdinal(w cluster.Workload, text string) bool {
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text {
		return false
	}
	start := 0
	if set, ok := w.Object.(*appsv1.StatefulSet); ok && set.Spec.Ordinals != nil {
		start = int(set.Spec.Ordinals.Start)
	}
	return n >= start && n < start+int(w.Replicas)
}

// cutLast splits the name of a pod of a StatefulSet at its last hyphen.
func cutLast(pod string) (name, ordinal string, ok bool) {
	i := strings.LastIndexByte(pod, '-')
	if i < 0 {
		return "", "", false
	}
	return pod[:i], pod[i+1:], true
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
