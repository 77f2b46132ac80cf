// Command gen writes the data file of package apilife from the published modules
// of every Kubernetes minor since 1.19. It reads source code and OpenAPI
// documents, and builds nothing.
//
//	go run . -o ../data.json
//
// For a new minor, or a new patch, change the list in versions.go first.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

func main() {
	out := flag.String("o", "data.json", "file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run downloads, scans, merges and writes.
func run(out string) error {
	list := releases()
	mods, err := download(list)
	if err != nil {
		return err
	}
	var scans []*scan
	for i, r := range list {
		n := len(modules)
		s, err := scanRelease(r, mods[i*n:(i+1)*n])
		if err != nil {
			return fmt.Errorf("scan 1.%d: %w", r.minor, err)
		}
		scans = append(scans, s)
	}
	rows, err := merge(scans)
	if err != nil {
		return err
	}
	data, err := encode(mods, scans, rows)
	if err != nil {
		return err
	}
	return os.WriteFile(out, data, 0o644)
}

// earlierGroups were served before the first scanned minor only.
var earlierGroups = []string{
	"auditregistration.k8s.io", // 1.13 to 1.18: k8s.io/kubernetes v1.18.20 api/openapi-spec/swagger.json
}

// encode writes one line per module and per kind, so that a new release shows as
// a short difference.
func encode(mods []module, scans []*scan, rows []row) ([]byte, error) {
	groups := map[string]bool{}
	for _, g := range earlierGroups {
		groups[g] = true
	}
	for _, s := range scans {
		maps.Copy(groups, s.groups)
	}
	var last time.Time
	for _, m := range mods {
		if m.time.After(last) {
			last = m.time
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"date\": %q,\n\"oldest\": %d,\n\"newest\": %d,\n",
		last.UTC().Format(time.DateOnly), scans[0].minor, scans[len(scans)-1].minor)
	if err := writeLines(&b, "modules", mods); err != nil {
		return nil, err
	}
	b.WriteString(",\n")
	if err := writeLines(&b, "groups", slices.Sorted(maps.Keys(groups))); err != nil {
		return nil, err
	}
	b.WriteString(",\n")
	if err := writeLines(&b, "kinds", rows); err != nil {
		return nil, err
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

// writeLines writes a field whose value is an array with one element per line.
func writeLines[T any](b *bytes.Buffer, field string, list []T) error {
	fmt.Fprintf(b, "%q: [\n", field)
	for i, v := range list {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.Write(line)
		if i < len(list)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteByte(']')
	return nil
}
