package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/precheck-dev/precheck/e2e/internal/kube"
)

// lists are what both programs read: everything that load.Bulk writes.
var lists = []string{
	"/api/v1/nodes", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/api/v1/services",
	"/api/v1/pods", "/api/v1/configmaps", "/api/v1/secrets",
}

// sample is what one run of a program took.
type sample struct {
	Wall   time.Duration
	CPU    time.Duration // user
	Memory int64         // peak resident set, bytes
}

// comparison holds the samples of both programs.
type comparison struct{ precheck, kubectl []sample }

// measure runs both programs in turn. A first run of each is not counted: it
// warms the servers' caches.
func measure(ctx context.Context, p programs, source, target *kube.Cluster, rounds int) (comparison, error) {
	admin := kube.User{Name: "admin", Groups: []string{kube.Masters}}
	from, err := source.Kubeconfig(admin)
	if err != nil {
		return comparison{}, err
	}
	to, err := target.Kubeconfig(admin)
	if err != nil {
		return comparison{}, err
	}
	var c comparison
	for round := range rounds + 1 {
		pass, err := kubectlPass(ctx, p.kubectl, from)
		if err != nil {
			return c, err
		}
		args := []string{"run", "--source-kubeconfig", from, "--target-kubeconfig", to, "-o", "json"}
		one, err := start(ctx, p.precheck, args...)
		if err != nil {
			return c, err
		}
		if round > 0 {
			c.kubectl, c.precheck = append(c.kubectl, pass), append(c.precheck, one)
		}
	}
	return c, nil
}

// kubectlPass gets every list once, one after the other.
func kubectlPass(ctx context.Context, kubectl, kubeconfig string) (sample, error) {
	var sum sample
	for _, list := range lists {
		one, err := start(ctx, kubectl, "get", "--kubeconfig", kubeconfig, "--raw", list)
		if err != nil {
			return sum, err
		}
		sum.Wall += one.Wall
		sum.CPU += one.CPU
		sum.Memory = max(sum.Memory, one.Memory)
	}
	return sum, nil
}

// start measures one run of a program, and lets a new process of this command
// do so: Linux counts the peak memory of whoever starts a program as the
// program's own (setmax_mm_hiwater_rss in begin_new_exec, fs/exec.c), and this
// process has grown while it filled the cluster.
func start(ctx context.Context, program string, args ...string) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, fmt.Errorf("find this program: %w", err)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, self, append([]string{measureOne, program}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("measure %s: %w\n%s", program, err, stderr.Bytes())
	}
	var s sample
	if err := json.Unmarshal(out, &s); err != nil {
		return sample{}, fmt.Errorf("measure %s: %w", program, err)
	}
	return s, nil
}

// measureOne is the argument that makes this program measure another one.
const measureOne = "measure-one"

// measured runs a program to its end and prints what that took. Of precheck,
// findings are an end as good as any.
func measured(program string, args ...string) error {
	var stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stderr = &stderr
	// The program ends with this one, which is killed when the command is
	// interrupted. The kernel ties it to the thread that started it.
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	begin := time.Now()
	err := cmd.Run() // stdout goes to the null device
	wall := time.Since(begin)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && stderr.Len() == 0 {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("run %s %v: %w\n%s", program, args, err, stderr.Bytes())
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("the system does not tell what a process used")
	}
	return json.NewEncoder(os.Stdout).Encode(sample{wall, cmd.ProcessState.UserTime(), usage.Maxrss << 10})
}

// goals are what precheck has to reach; zero is no goal.
type goals struct {
	ratio  float64 // wall time, of kubectl's
	memory int64   // bytes
}

// goalsFor are the goals for a number of objects, as far as there are any.
func goalsFor(objects int) goals {
	switch {
	case objects <= 36500:
		return goals{ratio: 1, memory: 120 << 20}
	case objects <= 100000:
		return goals{ratio: 1, memory: 250 << 20}
	}
	return goals{}
}

// print writes the table and reports whether a goal is missed.
func (c comparison) print(w io.Writer, g goals) (missed bool) {
	of := func(samples []sample, value func(sample) float64) (middle, most float64) {
		values := make([]float64, len(samples))
		for i, s := range samples {
			values[i] = value(s)
		}
		slices.Sort(values)
		n := len(values)
		return (values[(n-1)/2] + values[n/2]) / 2, values[n-1]
	}
	seconds := func(s sample) float64 { return s.Wall.Seconds() }
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\twall (median)\tuser CPU (median)\tpeak memory (most)")
	row := func(name string, samples []sample) (wall, memory float64) {
		wall, _ = of(samples, seconds)
		cpu, _ := of(samples, func(s sample) float64 { return s.CPU.Seconds() })
		_, memory = of(samples, func(s sample) float64 { return float64(s.Memory) })
		fmt.Fprintf(table, "%s\t%.2f s\t%.2f s\t%.0f MiB\n", name, wall, cpu, memory/(1<<20))
		return wall, memory
	}
	theirs, _ := row("kubectl get --raw", c.kubectl)
	ours, memory := row("precheck run", c.precheck)
	_ = table.Flush()
	ratio := ours / theirs
	verdict := func(what string, got, most float64, unit string) {
		if most == 0 {
			return
		}
		mark := "reached"
		if got > most {
			mark, missed = "MISSED", true
		}
		fmt.Fprintf(w, "%s: %.2f%s, at most %.2f%s: %s\n", what, got, unit, most, unit, mark)
	}
	fmt.Fprintln(w)
	verdict("wall time of precheck to kubectl", ratio, g.ratio, "")
	verdict("peak memory of precheck", memory/(1<<20), float64(g.memory)/(1<<20), " MiB")
	return missed
}
