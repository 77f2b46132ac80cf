package scheduling

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/model/placement"
)

// remedy is the best thing to do about a cause, or empty for the check's own.
func (j *judge) remedy(c cause, f framework.Finding) string {
	matches, renamed := c.renamed(j.target)
	elsewhere := c.parts[0].Origin == placement.RuntimeClass
	if renamed && matches > 0 && (elsewhere || len(f.Patches) > 0) {
		instead := f.Details["successor"] + " instead"
		if slices.ContainsFunc(c.parts, marksControlPlane) {
			instead += ", in the tolerations too"
		}
		return fmt.Sprintf("Use %s: %d of %d nodes of the target match then.", instead, matches, j.target.Len())
	}
	if len(c.parts) > 1 {
		return "Add a node to the target that has all that is asked for, or ask for less."
	}
	if renamed && matches > 0 {
		return fmt.Sprintf("Take out what asks for the old name: %s is asked for already.", f.Details["successor"])
	}
	if e, ok := c.parts[0].Single(); ok {
		return j.single(c.parts[0], e)
	}
	if len(c.parts[0].Labels()) == 0 {
		return "Give the selector a condition, or remove it."
	}
	return ""
}

func marksControlPlane(r placement.Requirement) bool {
	return slices.ContainsFunc(r.Labels(), placement.ControlPlane)
}

// single is what to do about one condition.
func (j *judge) single(r placement.Requirement, e corev1.NodeSelectorRequirement) string {
	there := len(j.target.Values(e.Key)) > 0
	switch by := placement.SetBy(e.Key); {
	case pinned(r):
		return "Select nodes by a label that the target's nodes have, and not by name."
	case e.Operator == corev1.NodeSelectorOpDoesNotExist || e.Operator == corev1.NodeSelectorOpNotIn:
		return fmt.Sprintf("Add nodes to the target without what the condition on %s excludes, or remove it.", e.Key)
	case placement.ControlPlane(e.Key):
		return fmt.Sprintf("Select nodes without %s: a worker with it counts as control plane, and load balancers may leave it out.", e.Key)
	case placement.Described(e.Key):
		return j.described(e)
	case placement.PoolID(e.Key):
		return "Select by a label of your own that the pools of both clusters carry: the ID of a node pool is new in every cluster."
	case by.AddOn && !there:
		return fmt.Sprintf("Install %s on the target first, or use a label that its nodes have.", by.Name)
	case by.AddOn:
		return otherValue(e.Key)
	case by.Name != "":
		return fmt.Sprintf("Use a label of your own that nodes of both clusters carry, instead of one of %s.", by.Name)
	}
	return fmt.Sprintf("Give nodes of the target %s, start a node of a pool that has it, or use another one.", phrase(e))
}

// described is what to do about a label that says what a node is.
func (j *judge) described(e corev1.NodeSelectorRequirement) string {
	label := e.Key
	if s, ok := placement.Successor(label); ok {
		label = s.Successor
	}
	switch {
	case label == corev1.LabelOSStable:
		return fmt.Sprintf("Add nodes with %s to the target.", phrase(corev1.NodeSelectorRequirement{Key: label, Operator: e.Operator, Values: e.Values}))
	case label == corev1.LabelArchStable:
		return fmt.Sprintf("Add nodes with %s to the target, or change the selector if the images are built for another architecture.",
			phrase(corev1.NodeSelectorRequirement{Key: label, Operator: e.Operator, Values: e.Values}))
	case len(j.target.Values(label)) == 0:
		return fmt.Sprintf("Give the nodes of the target the label %s, or use another one.", label)
	}
	return otherValue(label)
}

func otherValue(label string) string {
	return fmt.Sprintf("Use a value of %s that the target's nodes have, or add nodes with the wanted one.", label)
}

// volumeRemedy is what to do about a volume that no node of the target can use.
func (j *judge) volumeRemedy(pv *corev1.PersistentVolume, c cause) string {
	if pv.Spec.Local != nil || pv.Spec.HostPath != nil {
		return "Copy the data of local disks to volumes of the target: the disks stay with their nodes."
	}
	if e, ok := c.parts[0].Single(); ok && len(c.parts) == 1 && len(j.target.Values(e.Key)) == 0 {
		if by := placement.SetBy(e.Key); by.AddOn {
			return fmt.Sprintf("Install %s on the target before volumes are restored.", by.Name)
		}
	}
	return "Restore the volume from a snapshot, so that it is provisioned where the target has nodes."
}

// invalidRemedy is what to do about a selector that cannot be parsed.
const invalidRemedy = "Correct the selector, which the API server refuses."
