# METADATA
# title: what a workload has to do with the Services in front of it
# description: >-
#   OPA keeps the answers of functions by their arguments and converts these for
#   it, so a function that takes a pod spec is slower than one that takes names.
package precheck.lib.workload

# containers are the containers that run as long as the pod does: the regular
# ones and the init containers that restart (sidecars, Kubernetes 1.28 and newer).
containers(spec) := array.concat(spec.containers, [c |
	some c in object.get(spec, "initContainers", [])
	c.restartPolicy == "Always"
])

# finite kinds run to an end of their own.
finite(kind) if kind in {"Job", "CronJob"}

# sender is who sends requests to a container, in words, by the reachedBy of its
# Services. The most public way counts.
sender(ways) := "an Ingress exposes" if {
	"Ingress" in ways
} else := "a LoadBalancer Service sends to" if {
	"LoadBalancer" in ways
} else := "a Service with externalIPs sends to" if {
	"externalIPs" in ways
} else := "a NodePort Service sends to" if {
	"NodePort" in ways
} else := "a Service sends to"

# shipped says that the workload is an add-on of the cluster itself, which a
# migration leaves behind.
shipped(namespace) if namespace == "kube-system"
