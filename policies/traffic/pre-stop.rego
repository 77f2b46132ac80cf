# METADATA
# title: containers behind a Service stop before requests stop coming
# description: |-
#   When a pod is deleted, the kubelet stops its containers while the endpoint
#   controller, kube-proxy and the load balancer's controller remove it from
#   their lists, each in its own time. New connections keep arriving until the
#   slowest has done so. A preStop hook that sleeps that long keeps the container
#   serving meanwhile; without one, requests are lost whenever pods are deleted:
#   on a rollout, a drain, and when the source is emptied. An application may
#   itself wait after SIGTERM; precheck cannot see that.
#
#   preStop counts against terminationGracePeriodSeconds (30 by default): when
#   that is over, the container is killed without finishing its requests. How
#   long a hook takes is read from the sleep action and from exec with sleep;
#   of other hooks nobody can tell, which is worth knowing and no risk by itself.
#
#   removalDelaySeconds is how long the removal takes where requests come from
#   outside of the cluster; 10 is the sleep that the Spring Boot reference shows.
#   It differs with the load balancer, so measure and set it. Behind a Service
#   that only the cluster reaches, any sleep is accepted. Containers are those
#   that the Service sends to; Jobs end by themselves and are passed over, and so
#   are Services without a cluster IP that publish pods before they are ready,
#   because they serve the discovery of peers. In kube-system it informs, because
#   the target has its own add-ons.
#
#   Details: containers, services and ingresses are the names of the containers,
#   of the Services that send to them and of the Ingresses in front of these;
#   preStopSeconds, neededSeconds and gracePeriodSeconds are the times compared,
#   preStop is the type of a hook whose time cannot be told.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
#   description: preStop, SIGTERM, the grace period and the removal from endpoints
# - ref: https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/use-prestop-hook-to-implement-smooth-offline-pods-during-the-rolling-upgrade-of-alb-ingress-backend-pods
#   description: pod termination and the removal of backends run in parallel
# - ref: https://docs.spring.io/spring-boot/how-to/deployment/cloud.html#howto.deployment.cloud.kubernetes.container-lifecycle
#   description: preStop with sleep 10
# custom:
#   severity: warning
#   step: traffic
#   remedy: Add a preStop hook that sleeps until the load balancer has removed the pod, within terminationGracePeriodSeconds.
#   each: workloads
#   source: [ingresses.networking.k8s.io]
#   params:
#     removalDelaySeconds: 10
package precheck.traffic.pre_stop

import data.precheck.lib.lifecycle
import data.precheck.lib.workload

deny contains {
	"message": sprintf("no preStop hook on a container that %s", [workload.sender(ways)]),
	"severity": severity("warning"),
	"remedy": remedy("Add a preStop hook that sleeps until the load balancer has removed the pod, within terminationGracePeriodSeconds."),
	"details": {"containers": concat(",", names), "services": services, "ingresses": ingresses},
} if {
	names := {name | some name in served; not hook[name]}
	count(names) > 0
}

deny contains {
	"message": sprintf("preStop sleeps %v s on a container that %s, %s", [seconds, workload.sender(ways), why]),
	"severity": severity("warning"),
	"remedy": remedy("Let preStop sleep until the load balancer has removed the pod, and raise terminationGracePeriodSeconds with it."),
	"details": {"containers": name, "services": services, "ingresses": ingresses, "preStopSeconds": seconds, "neededSeconds": needed},
} if {
	some name, seconds in pause
	seconds < needed
}

deny contains {
	"message": sprintf("preStop takes %v s, and the pod is killed after %v s", [seconds, grace]),
	"severity": severity("warning"),
	"remedy": remedy("Raise terminationGracePeriodSeconds above preStop and the longest request together."),
	"fieldPath": concat("", [input.object.template.path, "spec.terminationGracePeriodSeconds"]),
	"details": {"containers": name, "services": services, "ingresses": ingresses, "preStopSeconds": seconds, "gracePeriodSeconds": grace},
} if {
	some name, seconds in pause
	seconds >= grace
}

deny contains {
	"message": sprintf("how long preStop takes cannot be told (%s)", [kind]),
	"severity": "info",
	"remedy": remedy("Make sure that preStop lasts until the load balancer has removed the pod."),
	"details": {"containers": name, "services": services, "ingresses": ingresses, "preStop": kind},
} if {
	some name, handler in hook
	not pause[name]
	kind := lifecycle.kind(handler)
}

# The rules below are whole values and not built by "contains", because OPA
# computes these once and those for every name that is asked for.

# senders are the Services that count. The peers of a StatefulSet find each other
# through a Service without a cluster IP that publishes them before they are
# ready; nobody else sends through it.
senders := [i |
	input.object.replicas != 0
	not workload.finite(input.object.kind)
	some i, service in input.object.services
	not peers(service.headless, service.publishNotReadyAddresses)
]

peers(headless, early) if {
	headless
	early
}

# served are the containers that a Service sends to; all regular ones where
# nobody can tell.
served := {name | some i in senders; some name in input.object.services[i].receivers}

# hook is the preStop of the containers that have one.
hook := {c.name: handler |
	some list in ["containers", "initContainers"]
	some c in input.object.template.spec[list]
	handler := c.lifecycle.preStop
	c.name in served
}

pause := {name: seconds | some name, handler in hook; seconds := lifecycle.seconds(handler)}

grace := object.get(input.object.template.spec, "terminationGracePeriodSeconds", 30)

ways := {way | some i in senders; some way in input.object.services[i].reachedBy}

services := concat(",", [input.object.services[i].name | some i in senders])

ingresses := concat(",", {name | some i in senders; some name in input.object.services[i].ingresses})

# needed is how long preStop must last at least.
needed := input.params.removalDelaySeconds if {
	count(ways) > 0
} else := 1

why := sprintf("less than the %v s that are allowed for its removal (parameter removalDelaySeconds)", [needed]) if {
	count(ways) > 0
} else := "which leaves no time for its removal"

severity(worst) := "info" if {
	workload.shipped(input.object.metadata.namespace)
} else := worst

remedy(own) := "Leave the add-on out of the move; the target has its own." if {
	workload.shipped(input.object.metadata.namespace)
} else := own
