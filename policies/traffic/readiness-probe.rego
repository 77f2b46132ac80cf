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
	names := union({set | some set in unprobed}) - started
	services := {service | some service, set in unprobed; count(set & names) > 0}
	count(services) > 0
}

deny contains {
	"message": sprintf("no readiness probe but a startup probe on %s behind %s", [workload.names("container", names), workload.names("Service", services)]),
	"details": details(names, services),
} if {
	names := union({set | some set in unprobed}) & started
	services := {service | some service, set in unprobed; count(set & names) > 0}
	count(services) > 0
}

deny contains {
	"message": sprintf("%s sends requests to pods that are not ready (publishNotReadyAddresses)", [workload.names("Service", services)]),
	"remedy": "Remove publishNotReadyAddresses from the Service, so that only pods that are ready get requests.",
	"details": {"services": concat(",", services)},
} if {
	input.object.replicas != 0
	services := {service.name |
		some service in input.object.services
		service.publishNotReadyAddresses
		not service.headless
	}
	count(services) > 0
}

# unprobed are the containers that a Service sends to and that have no readiness
# probe. Where nobody can tell which one listens, they are all regular ones, if
# none of the pod has a probe.
unprobed[service.name] := names if {
	input.object.replicas != 0
	some service in input.object.services
	not service.publishNotReadyAddresses
	names := ({name | some name in service.containers} | anywhere[service.undeclared]) - probed
	count(names) > 0
}

anywhere[true] := {c.name |
	count(probed) == 0
	some c in input.object.template.spec.containers
}

anywhere[false] := set()

probed := {c.name |
	some c in containers
	c.readinessProbe
}

# started are the containers that are ready only after their startup probe.
started := {c.name |
	some c in containers
	c.startupProbe
}

containers := workload.containers(input.object.template.spec)

reached(services) := {way |
	some service in input.object.services
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
