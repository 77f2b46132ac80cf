# METADATA
# title: how long a lifecycle hook takes
package precheck.lib.lifecycle

# seconds is how long a handler sleeps. It is undefined when nobody can tell: a
# script that does more than sleep and run commands in a row, a request.
seconds(handler) := handler.sleep.seconds

seconds(handler) := sum([amount(a) | some a in args]) if {
	program(handler.exec.command[0]) == "sleep"
	args := array.slice(handler.exec.command, 1, count(handler.exec.command))
	count(args) > 0
	every a in args {
		amount(a) >= 0
	}
}

# In a script the sleeps are added up; other commands are taken to be quick.
seconds(handler) := sum([n | some m in sleeps; n := amount(concat("", [m[1], m[2]]))]) if {
	program(handler.exec.command[0]) in {"sh", "bash", "ash", "dash", "ksh", "zsh"}
	regex.match(`^-[a-z]*c$`, handler.exec.command[1])
	script := handler.exec.command[2]
	not regex.match(`\b(while|until|for|if|case)\b|\|\||\$|(^|[^&])&($|[^&])`, script)
	sleeps := regex.find_all_string_submatch_n(`\bsleep\s+([0-9]+(?:\.[0-9]+)?)([smhd]?)\b`, script, -1)
	count(sleeps) > 0
}

program(path) := regex.replace(path, `^.*/`, "")

# amount is the argument of sleep(1) in seconds.
amount(text) := to_number(number) * unit if {
	some match in regex.find_all_string_submatch_n(`^([0-9]+(?:\.[0-9]+)?)([smhd]?)$`, text, 1)
	number := match[1]
	unit := {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
}

# kind is the type of a handler: exec, httpGet, tcpSocket or sleep.
kind(handler) := concat(", ", object.keys(handler))
