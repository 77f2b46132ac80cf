# METADATA
# title: what a workload has to do with the Services in front of it
# description: >-
#   The argument service is one of the services of an object of "each:
#   workloads". OPA keeps the answers of functions by their arguments, so none
#   takes a whole workload.
package precheck.lib.workload

# containers are the containers that run as long as the pod does: the regular
# ones and the init containers that restart (sidecars, Kubernetes 1.28 and newer).
containers(spec) := array.concat(spec.containers, [c |
	some c in object.get(spec, "initContainers", [])
	c.restartPolicy == "Always"
])

# finite kinds run to an end of their own.
finite(kind) if kind in {"Job", "CronJob"}

# reached_by says how requests from outside of the cluster reach the Service.
# The policy must read ingresses.networking.k8s.io.
reached_by(service) := {way |
	some way, holds in {
		"LoadBalancer": service.type == "LoadBalancer",
		"NodePort": service.type == "NodePort",
		"externalIPs": count(service.externalIPs) > 0,
		"Ingress": count(service.ingresses) > 0,
	}
	holds
}

# names is text such as: containers "a", "b".
names(noun, set) := sprintf("%s %q", [noun, name]) if {
	count(set) == 1
	some name in set
}

names(noun, set) := sprintf("%ss %s", [noun, concat(", ", [sprintf("%q", [name]) | some name in set])]) if count(set) != 1
