package precheck.lib.workload_test

import data.precheck.lib.workload

spec := {
	"containers": [
		{"name": "app", "ports": [{"name": "http", "containerPort": 8080}]},
		{"name": "logs"},
	],
	"initContainers": [
		{"name": "migrate"},
		{"name": "mesh", "restartPolicy": "Always", "ports": [{"containerPort": 15001}]},
	],
}

pod := workload.containers(spec)

service := {"name": "s", "type": "ClusterIP", "externalIPs": [], "ingresses": []}

test_sidecars_run_as_long_as_the_pod if {
	[c.name | some c in pod] == ["app", "logs", "mesh"]
}

test_without_init_containers if {
	workload.containers({"containers": [{"name": "app"}]}) == [{"name": "app"}]
}

test_reached_by if {
	workload.reached_by(service) == set()
	workload.reached_by(object.union(service, {"type": "NodePort", "ingresses": ["i"], "externalIPs": ["192.0.2.1"]})) == {"NodePort", "Ingress", "externalIPs"}
}

test_finite if {
	workload.finite("CronJob")
	not workload.finite("Deployment")
}

test_names if {
	workload.names("container", {"a"}) == `container "a"`
	workload.names("container", {"b", "a"}) == `containers "a", "b"`
}
