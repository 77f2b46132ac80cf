package precheck.workload.sleep_action_test

import data.precheck.workload.sleep_action

workload(seconds) := {"template": {"spec": {"containers": [{"name": "app", "lifecycle": {"preStop": {"sleep": {"seconds": seconds}}}}]}}}

found(seconds, minor) := n if {
	n := count(sleep_action.deny) with input.object as workload(seconds)
		with input.target.version as {"major": 1, "minor": minor, "text": "v1"}
}

test_versions if {
	found(5, 29) == 1
	found(5, 30) == 0
	found(0, 32) == 1
	found(0, 33) == 0
}
