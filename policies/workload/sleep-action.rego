# METADATA
# title: the target does not know the sleep action of lifecycle hooks
# description: |-
#   The handler "sleep" of preStop and postStart is alpha in Kubernetes 1.29
#   (off by default), on by default from 1.30 and stable in 1.34; zero seconds
#   are accepted from 1.33. An older API server drops the unknown field and then
#   refuses the pod template, because a handler needs an action; zero seconds
#   are refused as well.
# related_resources:
# - ref: https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/3960-pod-lifecycle-sleep-action
#   description: alpha 1.29, beta 1.30, stable 1.34
# - ref: https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/4818-allow-zero-value-for-sleep-action-of-prestop-hook
#   description: alpha 1.32, beta 1.33, stable 1.34
# custom:
#   severity: blocker
#   step: application
#   remedy: Replace the sleep action by exec with a sleep command, or choose a newer target.
#   each: workloads
#   target: [version]
package precheck.workload.sleep_action

deny contains {
	"message": sprintf("container %q uses the sleep action in %s, which the target (%s) does not know before 1.%d", [c.name, hook, version.text, since]),
	"details": {"container": c.name, "hook": hook, "since": sprintf("1.%d", [since])},
} if {
	some list in ["containers", "initContainers"]
	some c in object.get(input.object.template.spec, list, [])
	some hook, handler in c.lifecycle
	since := known_since(handler.sleep)
	version.major == 1
	version.minor < since
}

version := input.target.version

known_since(sleep) := 33 if sleep.seconds == 0

known_since(sleep) := 30 if sleep.seconds != 0
