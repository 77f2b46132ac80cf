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

service(ports) := {"name": "s", "type": "ClusterIP", "externalIPs": [], "ingresses": [], "ports": ports}

test_sidecars_run_as_long_as_the_pod if {
	[c.name | some c in pod] == ["app", "logs", "mesh"]
}

test_without_init_containers if {
	workload.containers({"containers": [{"name": "app"}]}) == [{"name": "app"}]
}

test_targets_by_number_and_name if {
	workload.targets(pod, service([{"targetPort": 8080}])) == {"app"}
	workload.targets(pod, service([{"targetPort": "http"}, {"targetPort": 15001}])) == {"app", "mesh"}
	workload.targets(pod, service([{"targetPort": "grpc"}])) == set()
}

test_guesswork_is_about_numbers if {
	workload.guesswork(pod, service([{"targetPort": 8080}, {"targetPort": 9090}]))
	workload.guesswork(pod, service([]))
	not workload.guesswork(pod, service([{"targetPort": 8080}]))
	not workload.guesswork(pod, service([{"targetPort": "grpc"}]))
}

test_reached_by if {
	workload.reached_by(service([])) == set()
	workload.reached_by(object.union(service([]), {"type": "NodePort", "ingresses": ["i"], "externalIPs": ["192.0.2.1"]})) == {"NodePort", "Ingress", "externalIPs"}
}

test_finite if {
	workload.finite("CronJob")
	not workload.finite("Deployment")
}

test_names if {
	workload.names("container", {"a"}) == `container "a"`
	workload.names("container", {"b", "a"}) == `containers "a", "b"`
}
