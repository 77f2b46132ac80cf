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
#   that the Service sends to; Jobs end by themselves and are passed over.
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
	"message": sprintf("no preStop hook on %s behind %s", [workload.names("container", names), behind]),
	"details": {"containers": concat(",", names), "services": concat(",", services)},
} if {
	names := {c.name |
		some c in served
		not c.lifecycle.preStop
	}
	count(names) > 0
}

deny contains {
	"message": sprintf("preStop of container %q sleeps %v s, less than the %v s until %s sends nothing more", [c.name, pause[c.name], needed, behind]),
	"remedy": "Let preStop sleep until the load balancer has removed the pod, and raise terminationGracePeriodSeconds with it.",
	"details": {"containers": c.name, "services": concat(",", services), "preStopSeconds": pause[c.name], "neededSeconds": needed},
} if {
	some c in served
	pause[c.name] < needed
}

deny contains {
	"message": sprintf("preStop of container %q takes %v s, and the pod is killed after %v s", [c.name, pause[c.name], grace]),
	"remedy": "Raise terminationGracePeriodSeconds above preStop and the longest request together.",
	"fieldPath": "spec.terminationGracePeriodSeconds",
	"details": {"containers": c.name, "services": concat(",", services), "preStopSeconds": pause[c.name], "gracePeriodSeconds": grace},
} if {
	some c in served
	pause[c.name] >= grace
}

deny contains {
	"message": sprintf("how long preStop of container %q takes cannot be told (%s)", [c.name, lifecycle.kind(c.lifecycle.preStop)]),
	"severity": "info",
	"remedy": "Make sure that preStop lasts until the load balancer has removed the pod.",
	"details": {"containers": c.name, "services": concat(",", services), "preStop": lifecycle.kind(c.lifecycle.preStop)},
} if {
	some c in served
	c.lifecycle.preStop
	not pause[c.name]
}

# served are the containers that a Service sends to; all regular ones where
# nobody can tell.
served contains c if {
	input.object.replicas != 0
	not workload.finite(input.object.kind)
	some service in input.object.services
	some c in workload.containers(input.object.template.spec)
	c.name in service.containers
}

served contains c if {
	input.object.replicas != 0
	not workload.finite(input.object.kind)
	some service in input.object.services
	service.undeclared
	some c in input.object.template.spec.containers
}

services := {service.name | some service in input.object.services}

behind := workload.names("Service", services)

pause[c.name] := lifecycle.seconds(c.lifecycle.preStop) if some c in served

grace := object.get(input.object.template.spec, "terminationGracePeriodSeconds", 30)

# needed is how long preStop must last at least.
needed := input.params.removalDelaySeconds if {
	some service in input.object.services
	count(workload.reached_by(service)) > 0
} else := 1
