package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"github.com/precheck-dev/precheck/framework/cluster"
)

func main() {
	debug.SetGCPercent(50)
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	if err != nil { panic(err) }
	cfg.Timeout = 30 * time.Second
	t := time.Now()
	s, err := cluster.Live{Config: cfg, Now: time.Now()}.Read(context.Background(), []cluster.Resource{cluster.Workloads, cluster.Services, cluster.Nodes, cluster.Inventory, cluster.API, cluster.PersistentVolumes, cluster.EndpointSlices, cluster.PodDisruptionBudgets, cluster.HorizontalPodAutoscalers})
	if err != nil { panic(err) }
	fmt.Println(time.Since(t))
	fmt.Println(s.Identity)
	for k, v := range s.Counts() { fmt.Println(k, v) }
	for _, g := range s.Gaps() { fmt.Println("GAP", g) }
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println("heap MiB", m.HeapAlloc>>20, "sys", m.Sys>>20)
	b, _ := os.ReadFile("/proc/self/status")
	for _, l := range splitLines(string(b)) { if len(l) > 5 && l[:5] == "VmHWM" { fmt.Println(l) } }
	n := 0
	for r := range cluster.Inventory.Of(s) { if n < 0 { fmt.Println(*r) }; n++ }
	fmt.Println("rows", n)
	runtime.KeepAlive(s)
}
func splitLines(s string) (out []string) { l := ""; for _, c := range s { if c == '\n' { out = append(out, l); l = "" } else { l += string(c) } }; return }
