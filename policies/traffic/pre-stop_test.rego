package precheck.traffic.pre_stop_test

import data.precheck.traffic.pre_stop

object_with(container, spec, type) := {
	"kind": "Deployment",
	"replicas": 2,
	"template": {"spec": object.union({"containers": [object.union({"name": "app", "ports": [{"containerPort": 80}]}, container)]}, spec)},
	"services": [{"name": "s", "type": type, "externalIPs": [], "ingresses": [], "ports": [{"targetPort": 80}], "containers": ["app"], "undeclared": false}],
}

sleep(seconds) := {"lifecycle": {"preStop": {"sleep": {"seconds": seconds}}}}

messages(workload) := found if {
	found := {f.message | some f in pre_stop.deny} with input.object as workload
		with input.params.removalDelaySeconds as 10
}

test_missing if messages(object_with({}, {}, "ClusterIP")) == {`no preStop hook on container "app" behind Service "s"`}

test_covered if messages(object_with(sleep(10), {}, "LoadBalancer")) == set()

test_too_short if {
	some m in messages(object_with(sleep(9), {}, "LoadBalancer"))
	startswith(m, `preStop of container "app" sleeps 9 s, less than the 10 s`)
}

test_any_sleep_inside if messages(object_with(sleep(1), {}, "ClusterIP")) == set()

test_grace_period if {
	messages(object_with(sleep(30), {}, "NodePort")) == {`preStop of container "app" takes 30 s, and the pod is killed after 30 s`}
	messages(object_with(sleep(30), {"terminationGracePeriodSeconds": 60}, "NodePort")) == set()
}

test_unknown_is_info if {
	some f in pre_stop.deny with input.object as object_with({"lifecycle": {"preStop": {"httpGet": {}}}}, {}, "NodePort")
		with input.params.removalDelaySeconds as 10
	f.severity == "info"
}

test_jobs_end if messages(object.union(object_with({}, {}, "NodePort"), {"kind": "Job"})) == set()
