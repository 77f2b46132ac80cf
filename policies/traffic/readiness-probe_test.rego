package precheck.traffic.readiness_probe_test

import data.precheck.traffic.readiness_probe

object_with(container, service) := {
	"kind": "Deployment",
	"replicas": 2,
	"metadata": {"namespace": "web"},
	"template": {"spec": {"containers": [object.union({"name": "app", "ports": [{"containerPort": 80}]}, container)]}},
	"services": [object.union(
		{
			"name": "s", "headless": false, "reachedBy": [], "ingresses": [],
			"publishNotReadyAddresses": false, "ports": [{"targetPort": 80}], "containers": ["app"], "receivers": ["app"],
		},
		service,
	)],
}

severities(workload) := found if {
	found := [f.severity | some f in readiness_probe.deny] with input.object as workload
}

test_outside_blocks if severities(object_with({}, {"reachedBy": ["LoadBalancer"]})) == ["blocker"]

test_ingress_blocks if severities(object_with({}, {"ingresses": ["i"], "reachedBy": ["Ingress"]})) == ["blocker"]

test_inside_warns if severities(object_with({}, {})) == ["warning"]

test_job_warns if {
	severities(object.union(object_with({}, {"reachedBy": ["LoadBalancer"]}), {"kind": "Job"})) == ["warning"]
}

test_probe_is_enough if {
	count(readiness_probe.deny) == 0 with input.object as object_with({"readinessProbe": {}}, {"reachedBy": ["LoadBalancer"]})
}

test_nothing_runs if {
	count(readiness_probe.deny) == 0 with input.object as object.union(object_with({}, {}), {"replicas": 0})
}

test_startup_probe_is_half_enough if {
	some f in readiness_probe.deny with input.object as object_with({"startupProbe": {}}, {"reachedBy": ["LoadBalancer"]})
	contains(f.message, "but a startup probe")
}

test_readiness_is_ignored if {
	some f in readiness_probe.deny with input.object as object_with({"readinessProbe": {}}, {"publishNotReadyAddresses": true})
	contains(f.message, "publishNotReadyAddresses")
}

test_peers if {
	count(readiness_probe.deny) == 0 with input.object as object_with({}, {"publishNotReadyAddresses": true, "headless": true})
}

test_reason_is_said if {
	some f in readiness_probe.deny with input.object as object_with({}, {"ingresses": ["i"], "reachedBy": ["Ingress", "NodePort"]})
	f.message == "no readiness probe on a container that an Ingress exposes"
	f.details == {"containers": "app", "services": "s", "ingresses": "i", "reachedBy": "Ingress,NodePort"}
}

test_add_on_is_info if {
	severities(object.union(object_with({}, {"reachedBy": ["LoadBalancer"]}), {"metadata": {"namespace": "kube-system"}})) == ["info"]
}
