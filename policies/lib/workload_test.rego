package precheck.lib.workload_test

import data.precheck.lib.workload

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
