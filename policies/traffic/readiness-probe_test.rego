package precheck.traffic.readiness_probe_test

import data.precheck.traffic.readiness_probe

object_with(container, service) := {
	"kind": "Deployment",
	"replicas": 2,
	"template": {"spec": {"containers": [object.union({"name": "app", "ports": [{"containerPort": 80}]}, container)]}},
	"services": [object.union(
		{
			"name": "s", "type": "ClusterIP", "headless": false, "externalIPs": [], "ingresses": [],
			"publishNotReadyAddresses": false, "ports": [{"targetPort": 80}], "containers": ["app"], "undeclared": false,
		},
		service,
	)],
}

severities(workload) := found if {
	found := [f.severity | some f in readiness_probe.deny] with input.object as workload
}

test_outside_blocks if severities(object_with({}, {"type": "LoadBalancer"})) == ["blocker"]

test_ingress_blocks if severities(object_with({}, {"ingresses": ["i"]})) == ["blocker"]

test_inside_warns if severities(object_with({}, {})) == ["warning"]

test_job_warns if {
	severities(object.union(object_with({}, {"type": "LoadBalancer"}), {"kind": "Job"})) == ["warning"]
}

test_probe_is_enough if {
	count(readiness_probe.deny) == 0 with input.object as object_with({"readinessProbe": {}}, {"type": "LoadBalancer"})
}

test_nothing_runs if {
	count(readiness_probe.deny) == 0 with input.object as object.union(object_with({}, {}), {"replicas": 0})
}

test_startup_probe_is_half_enough if {
	some f in readiness_probe.deny with input.object as object_with({"startupProbe": {}}, {"type": "LoadBalancer"})
	contains(f.message, "but a startup probe")
}

test_readiness_is_ignored if {
	some f in readiness_probe.deny with input.object as object_with({"readinessProbe": {}}, {"publishNotReadyAddresses": true})
	contains(f.message, "publishNotReadyAddresses")
}

test_peers if {
	count(readiness_probe.deny) == 0 with input.object as object_with({}, {"publishNotReadyAddresses": true, "headless": true})
}
