# METADATA
# title: containers behind a Service have no readiness probe
# description: |-
#   A container without a readiness probe is ready as soon as it runs, so its
#   pod is an endpoint of the Service, and a backend of the load balancer,
#   before it can answer. While traffic moves, the replicas that start on the
#   target (autoscaling, rescheduling, the first start itself) fail requests.
#
#   Containers count that declare a port which the Service sends to; where no
#   container declares it, the pod passes if any of its containers has a probe.
#   A startup probe holds requests back until it succeeds, and nothing later:
#   that is a warning of its own. Readiness gates of a load balancer tell that
#   the backend is registered, not that the application answers. A Service with
#   publishNotReadyAddresses does not look at readiness; without a cluster IP it
#   serves the discovery of peers and is passed over.
#
#   It blocks where requests come from outside of the cluster (LoadBalancer,
#   NodePort, externalIPs, an Ingress), because there the shift itself sends
#   them to pods that have just started; elsewhere, and for Jobs, it warns.
#   Other ways in (Gateway API, Istio) are not seen. Workloads with 0 replicas
#   get no requests. In kube-system it informs, because the target has its own
#   add-ons.
#
#   Details: containers, services and ingresses are the names of the containers,
#   of the Services that send to them and of the Ingresses in front of these,
#   reachedBy the ways from outside.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-probes
#   description: without a readiness probe the default state is Success
# - ref: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate
# - ref: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec
#   description: publishNotReadyAddresses
# custom:
#   severity: warning
#   step: traffic
#   remedy: Give the containers a readinessProbe that succeeds only when they can answer.
#   each: workloads
#   source: [ingresses.networking.k8s.io]
package precheck.traffic.readiness_probe

import data.precheck.lib.workload

deny contains finding("no readiness probe", names, "blocker") if {
	count(lacking) > 0
	names := {pair[1] | some pair in lacking} - started
	count(names) > 0
}

deny contains finding("no readiness probe but a startup probe", names, "warning") if {
	count(lacking) > 0
	names := {pair[1] | some pair in lacking} & started
	count(names) > 0
}

deny contains {
	"message": "a Service sends requests to pods that are not ready (publishNotReadyAddresses)",
	"severity": severity("warning", 0),
	"remedy": remedy("Remove publishNotReadyAddresses from the Service, so that only pods that are ready get requests."),
	"details": {"services": concat(",", services)},
} if {
	input.object.replicas != 0
	services := [service.name |
		some service in input.object.services
		service.publishNotReadyAddresses
		not service.headless
	]
	count(services) > 0
}

finding(what, names, worst) := {
	"message": sprintf("%s on a container that %s", [what, workload.sender(ways)]),
	"severity": severity(worst, count(ways)),
	"remedy": remedy("Give the containers a readinessProbe that succeeds only when they can answer."),
	"details": {
		"containers": concat(",", names),
		"services": concat(",", {input.object.services[i].name | some i in senders}),
		"ingresses": concat(",", {name | some i in senders; some name in input.object.services[i].ingresses}),
		"reachedBy": concat(",", ways),
	},
} if {
	senders := {pair[0] | some pair in lacking; pair[1] in names}
	ways := {way | some i in senders; some way in input.object.services[i].reachedBy}
}

# lacking are the places of Services, each with the name of a container that it
# sends to and that has no readiness probe. Where nobody can tell which one
# listens, they are all regular ones, if none of the pod has a probe.
lacking := [[i, name] |
	input.object.replicas != 0
	some i, service in input.object.services
	not service.publishNotReadyAddresses
	some name in service.receivers
	not probed[name]
	judged(name, service.containers)
]

judged(name, declared) if {
	name in declared
} else if {
	count(probed) == 0
}

probed := {c.name |
	some list in ["containers", "initContainers"]
	some c in input.object.template.spec[list]
	c.readinessProbe
}

# started are the containers that are ready only after their startup probe.
started := {c.name |
	some list in ["containers", "initContainers"]
	some c in input.object.template.spec[list]
	c.startupProbe
}

# severity is at most worst: only what comes from outside blocks, and nothing
# about an add-on of the cluster.
severity(worst, ways) := "info" if {
	workload.shipped(input.object.metadata.namespace)
} else := worst if {
	ways > 0
	not workload.finite(input.object.kind)
} else := "warning"

remedy(own) := "Leave the add-on out of the move; the target has its own." if {
	workload.shipped(input.object.metadata.namespace)
} else := own
