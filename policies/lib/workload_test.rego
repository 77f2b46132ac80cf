package precheck.lib.workload_test

import data.precheck.lib.workload

test_sidecars_run_as_long_as_the_pod if {
	spec := {
		"containers": [{"name": "app"}, {"name": "logs"}],
		"initContainers": [{"name": "migrate"}, {"name": "mesh", "restartPolicy": "Always"}],
	}
	[c.name | some c in workload.containers(spec)] == ["app", "logs", "mesh"]
}

test_without_init_containers if {
	workload.containers({"containers": [{"name": "app"}]}) == [{"name": "app"}]
}

test_finite if {
	workload.finite("CronJob")
	not workload.finite("Deployment")
}

test_sender if {
	workload.sender(set()) == "a Service sends to"
	workload.sender({"NodePort", "LoadBalancer"}) == "a LoadBalancer Service sends to"
	workload.sender({"LoadBalancer", "Ingress"}) == "an Ingress exposes"
	workload.sender({"NodePort", "externalIPs"}) == "a Service with externalIPs sends to"
}

test_shipped if {
	workload.shipped("kube-system")
	not workload.shipped("web")
}
