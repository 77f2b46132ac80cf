package precheck.traffic.pre_stop_test

import data.precheck.traffic.pre_stop

object_with(container, spec, type) := {
	"kind": "Deployment",
	"replicas": 2,
	"metadata": {"namespace": "web"},
	"template": {"path": "spec.template.", "spec": object.union({"containers": [object.union({"name": "app", "ports": [{"containerPort": 80}]}, container)]}, spec)},
	"services": [{"name": "s", "headless": false, "publishNotReadyAddresses": false, "reachedBy": ways[type], "ingresses": [], "ports": [{"targetPort": 80}], "receivers": ["app"], "undeclared": false}],
}

ways := {"ClusterIP": [], "LoadBalancer": ["LoadBalancer"], "NodePort": ["NodePort"]}

sleep(seconds) := {"lifecycle": {"preStop": {"sleep": {"seconds": seconds}}}}

messages(workload) := found if {
	found := {f.message | some f in pre_stop.deny} with input.object as workload
		with input.params.removalDelaySeconds as 10
}

test_missing if messages(object_with({}, {}, "ClusterIP")) == {"no preStop hook on a container that a Service sends to"}

test_covered if messages(object_with(sleep(10), {}, "LoadBalancer")) == set()

test_too_short if {
	messages(object_with(sleep(9), {}, "LoadBalancer")) == {"preStop sleeps 9 s on a container that a LoadBalancer Service sends to, less than the 10 s that are allowed for its removal (parameter removalDelaySeconds)"}
}

test_any_sleep_inside if messages(object_with(sleep(1), {}, "ClusterIP")) == set()

test_grace_period if {
	messages(object_with(sleep(30), {}, "NodePort")) == {"preStop takes 30 s, and the pod is killed after 30 s"}
	messages(object_with(sleep(30), {"terminationGracePeriodSeconds": 60}, "NodePort")) == set()
}

test_unknown_is_info if {
	some f in pre_stop.deny with input.object as object_with({"lifecycle": {"preStop": {"httpGet": {}}}}, {}, "NodePort")
		with input.params.removalDelaySeconds as 10
	f.severity == "info"
}

test_jobs_end if messages(object.union(object_with({}, {}, "NodePort"), {"kind": "Job"})) == set()

test_peers if {
	peer := object_with({}, {}, "ClusterIP")
	service := object.union(peer.services[0], {"headless": true, "publishNotReadyAddresses": true})
	messages(object.union(peer, {"services": [service]})) == set()
}

test_add_on_is_info if {
	add_on := object.union(object_with({}, {}, "ClusterIP"), {"metadata": {"namespace": "kube-system"}})
	some f in pre_stop.deny with input.object as add_on with input.params.removalDelaySeconds as 10
	f.severity == "info"
	contains(f.remedy, "out of the move")
}
