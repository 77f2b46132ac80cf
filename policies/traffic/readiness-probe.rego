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
#   get no requests.
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

deny contains {
	"message": sprintf("no readiness probe on %s behind %s", [workload.names("container", names), workload.names("Service", services)]),
	"severity": severity(services),
	"details": details(names, services),
} if {
	names := {name | some name in unprobed[_]} - started
	count(names) > 0
	services := {service | count(unprobed[service] & names) > 0}
}

deny contains {
	"message": sprintf("no readiness probe but a startup probe on %s behind %s", [workload.names("container", names), workload.names("Service", services)]),
	"details": details(names, services),
} if {
	names := {name | some name in unprobed[_]} & started
	count(names) > 0
	services := {service | count(unprobed[service] & names) > 0}
}

deny contains {
	"message": sprintf("%s sends requests to pods that are not ready (publishNotReadyAddresses)", [workload.names("Service", services)]),
	"remedy": "Remove publishNotReadyAddresses from the Service, so that only pods that are ready get requests.",
	"details": {"services": concat(",", services)},
} if {
	services := {service.name |
		some service in serving
		service.publishNotReadyAddresses
		not service.headless
	}
	count(services) > 0
}

containers := workload.containers(input.object.template.spec)

serving contains service if {
	input.object.replicas != 0
	some service in input.object.services
}

# unprobed are the containers without a readiness probe that a Service sends to.
unprobed[service.name] := names if {
	some service in serving
	not service.publishNotReadyAddresses
	names := bare(service)
	count(names) > 0
}

# started are the containers that are ready only after their startup probe.
started := {c.name |
	some c in containers
	c.startupProbe
}

bare(service) := targeted(service) | guessed(service)

targeted(service) := {c.name |
	some c in containers
	c.name in workload.targets(containers, service)
	not c.readinessProbe
}

# guessed are all regular containers when nobody can tell which one listens and
# none has a probe.
guessed(service) := {c.name | some c in input.object.template.spec.containers} if {
	workload.guesswork(containers, service)
	every c in containers {
		not c.readinessProbe
	}
} else := set()

reached(services) := {way |
	some service in serving
	service.name in services
	some way in workload.reached_by(service)
}

severity(services) := "blocker" if {
	count(reached(services)) > 0
	not workload.finite(input.object.kind)
} else := "warning"

details(names, services) := {
	"containers": concat(",", names),
	"services": concat(",", services),
	"reachedBy": concat(",", reached(services)),
}
