package precheck.lib.lifecycle_test

import data.precheck.lib.lifecycle

exec(command) := {"exec": {"command": command}}

test_seconds_known[name] if {
	some name, [handler, want] in {
		"action": [{"sleep": {"seconds": 5}}, 5],
		"command": [exec(["sleep", "10"]), 10],
		"path": [exec(["/bin/sleep", "2m"]), 120],
		"several arguments": [exec(["sleep", "1", "0.5"]), 1.5],
		"shell": [exec(["sh", "-c", "sleep 10"]), 10],
		"then": [exec(["/bin/sh", "-c", "sleep 10 && nginx -s quit"]), 10],
		"in a row": [exec(["/bin/bash", "-ec", "sleep 3; nginx -s quit; sleep 4s"]), 7],
	}
	lifecycle.seconds(handler) == want
}

test_seconds_unknown[name] if {
	some name, handler in {
		"request": {"httpGet": {"path": "/drain", "port": 80}},
		"script": exec(["/drain.sh"]),
		"no sleep": exec(["sh", "-c", "nginx -s quit"]),
		"loop": exec(["sh", "-c", "while busy; do sleep 1; done"]),
		"condition": exec(["sh", "-c", "nginx -s quit || sleep 10"]),
		"variable": exec(["sh", "-c", "sleep $DELAY"]),
		"background": exec(["sh", "-c", "sleep 10 & nginx -s quit"]),
		"no argument": exec(["sleep"]),
		"wrong argument": exec(["sleep", "soon"]),
		"shell that reads a file": exec(["sh", "sleep 10"]),
		"another word": exec(["sh", "-c", "usleep 10"]),
	}
	not lifecycle.seconds(handler)
}

test_kind if lifecycle.kind(exec(["x"])) == "exec"
