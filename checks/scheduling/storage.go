package scheduling

import (
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/precheck-dev/precheck/framework"
	"github.com/precheck-dev/precheck/framework/cluster"
	"github.com/precheck-dev/precheck/framework/model/placement"
)

// volumes reports persistent volumes that no node of the target can use.
func (j *judge) volumes() {
	for pv := range cluster.PersistentVolumes.In(j.pass.Source) {
		if !movesAsItIs(pv) || pv.Spec.NodeAffinity == nil || pv.Spec.NodeAffinity.Required == nil {
			continue
		}
		required := placement.FromSelector(placement.Volume, placement.At("spec", "nodeAffinity", "required"), pv.Spec.NodeAffinity.Required)
		for _, c := range j.causes(required) {
			f := j.finding(c, placement.At("spec", "nodeAffinity", "required"), nil)
			if len(f.Patches) == 0 && c.invalid == nil {
				f.Remedy = j.volumeRemedy(pv, c)
			}
			if f.Severity == 0 {
				f.Severity = framework.Warning
			}
			if c.invalid == nil && idle(pv) {
				f.Severity = framework.Info
				f.Message += "; no claim uses the volume"
			}
			f.Step = framework.Data
			path := f.Object.FieldPath
			f.Object = j.pass.Source.Ref(pv)
			f.Object.FieldPath = path
			j.pass.Report(f)
		}
	}
}

// movesAsItIs reports whether a volume is created on the target with the node
// affinity it has: Velero restores one with the policy Retain and no snapshot
// unchanged, and re-provisions the others; one that no provisioner made is
// applied by whoever wrote it. An empty policy is Retain (API reference).
func movesAsItIs(pv *corev1.PersistentVolume) bool {
	const provisionedBy = "pv.kubernetes.io/provisioned-by"
	return pv.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || pv.Annotations[provisionedBy] == ""
}

// idle reports whether no claim uses the volume. A volume without status comes
// from a manifest, and its claim may find it on the target.
func idle(pv *corev1.PersistentVolume) bool {
	return pv.Status.Phase == corev1.VolumeAvailable || pv.Status.Phase == corev1.VolumeReleased || pv.Status.Phase == corev1.VolumeFailed
}

// storageClasses reports classes that provision volumes for no node of the
// target. A class that the target has stays as it is there, so it is the one
// that counts.
func (j *judge) storageClasses() {
	uses := j.classUses()
	for class := range cluster.StorageClasses.In(j.pass.Target) {
		if uses[class.Name] > 0 {
			j.storageClass(class, framework.Target, uses[class.Name])
		}
	}
	for class := range cluster.StorageClasses.In(j.pass.Source) {
		if _, there := cluster.StorageClasses.Get(j.pass.Target, "", class.Name); !there {
			j.storageClass(class, framework.Source, uses[class.Name])
		}
	}
}

func (j *judge) storageClass(class *storagev1.StorageClass, side string, uses int) {
	if len(class.AllowedTopologies) == 0 { // all nodes
		return
	}
	path := placement.At("allowedTopologies")
	r := placement.FromTopologies(path, class.AllowedTopologies)
	for _, c := range j.causes([]placement.Requirement{r}) {
		f := j.finding(c, path, nil)
		f.Cluster = side
		from := j.pass.Source
		if side == framework.Target {
			from, f.Patches = j.pass.Target, nil // patches are for objects on their way
		}
		f.Object = from.Ref(class)
		f.Object.FieldPath = path.String()
		if len(f.Patches) == 0 && c.invalid == nil {
			f.Remedy = "Create the class on the target with topologies that its nodes have."
		}
		if f.Severity == 0 {
			f.Severity = framework.Blocker
			if uses == 0 {
				f.Severity = framework.Info
				f.Message += "; no claim of the source is provisioned from the class"
			} else if side == framework.Source && j.nowhere(r) {
				f.Severity = framework.Warning
				f.Message += "; no node of the source satisfies it either"
			}
			f.Details["claims"] = strconv.Itoa(uses)
		}
		j.pass.Report(f)
	}
}

// classUses counts, per class, the claims of the source that are provisioned
// anew on the target: those whose volume does not move as it is, and the
// templates of StatefulSets that have no claim yet.
func (j *judge) classUses() map[string]int {
	uses := map[string]int{}
	fallback := j.defaultClass()
	count := func(claim *corev1.PersistentVolumeClaimSpec, annotations map[string]string) {
		name := fallback
		if claim.StorageClassName != nil {
			name = *claim.StorageClassName
		}
		if beta, ok := annotations[corev1.BetaStorageClassAnnotation]; ok {
			name = beta
		}
		if name != "" {
			uses[name]++
		}
	}
	claims := map[string]bool{}
	for claim := range cluster.PersistentVolumeClaims.In(j.pass.Source) {
		claims[claim.Namespace+"/"+claim.Name] = true
		pv, ok := cluster.PersistentVolumes.Get(j.pass.Source, "", claim.Spec.VolumeName)
		if !ok || !movesAsItIs(pv) {
			count(&claim.Spec, claim.Annotations)
		}
	}
	for w := range cluster.Workloads.In(j.pass.Source) {
		for _, v := range w.Template.Spec.Volumes {
			if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
				count(&v.Ephemeral.VolumeClaimTemplate.Spec, v.Ephemeral.VolumeClaimTemplate.Annotations)
			}
		}
		set, ok := w.Object.(*appsv1.StatefulSet)
		if !ok || w.Replicas == 0 {
			continue
		}
		for _, t := range set.Spec.VolumeClaimTemplates {
			if !claims[set.Namespace+"/"+strings.Join([]string{t.Name, set.Name, "0"}, "-")] {
				count(&t.Spec, t.Annotations)
			}
		}
	}
	return uses
}

// defaultClass is the class of claims that name none: the target's, or the
// source's when the target has none, or empty.
func (j *judge) defaultClass() string {
	for _, s := range []*cluster.Snapshot{j.pass.Target, j.pass.Source} {
		for class := range cluster.StorageClasses.In(s) {
			if class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
				return class.Name
			}
		}
	}
	return ""
}
