package runner

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// heapGoal is how large the heap may grow before garbage is collected, as
	// long as what is in use leaves room below it. Most of what a run allocates
	// is garbage at once: items of lists, the input of policies.
	heapGoal = 72 << 20
	// overhead is what the runtime may keep besides the heap's goal before it
	// returns memory to the system.
	overhead = 14 << 20
	// leastPercent is the room for garbage beyond the goal, in per cent of what
	// is in use.
	leastPercent = 28
	// mostPercent keeps the first collections from coming too late: how much is
	// in use is known only after one.
	mostPercent = 400
)

// limitMemory makes the garbage collector aim at a heap size instead of a
// multiple of what is in use: it collects rarely while a snapshot is small, and
// keeps the peak near to what a large one holds. Whoever sets GOGC or GOMEMLIMIT
// knows better.
func limitMemory() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		afterCollection()
	}
}

// afterCollection sets the goal and does so again after the next collection,
// when the mark that it leaves has become garbage.
func afterCollection() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	used := int64(live[0].Value.Uint64())
	debug.SetGCPercent(percent(used))
	debug.SetMemoryLimit(max(heapGoal, used*(100+leastPercent)/100) + overhead)
	type mark struct{ _ *int }
	runtime.SetFinalizer(&mark{}, func(*mark) { afterCollection() })
}

// percent is the value of GOGC for which the heap ends at the goal.
func percent(used int64) int {
	if used == 0 {
		return mostPercent
	}
	room := (heapGoal - used) * 100 / used
	return int(min(max(room, leastPercent), mostPercent))
}
