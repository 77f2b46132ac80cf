package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A module is one downloaded module version. Sum is the h1 hash of its content
// as the checksum database has it.
type module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"`
	time    time.Time
	dir     string
}

// download fetches all modules of all releases with one go command and returns
// them in the order asked for. The go command verifies every hash.
func download(list []release) ([]module, error) {
	var want []string
	for _, r := range list {
		for _, m := range modules {
			want = append(want, m+"@"+r.version(m))
		}
	}
	out, err := goModDownload(want)
	if err != nil {
		return nil, err
	}
	got := map[string]module{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Version, Sum, Dir, Info, Error string }
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("decode the answer of go mod download: %w", err)
		}
		if m.Error != "" {
			return nil, fmt.Errorf("download %s@%s: %s", m.Path, m.Version, m.Error)
		}
		t, err := publishedAt(m.Info)
		if err != nil {
			return nil, fmt.Errorf("read the time of %s@%s: %w", m.Path, m.Version, err)
		}
		got[m.Path+"@"+m.Version] = module{m.Path, m.Version, m.Sum, t, m.Dir}
	}
	var mods []module
	for _, w := range want {
		m, ok := got[w]
		if !ok {
			return nil, fmt.Errorf("download %s: no answer", w)
		}
		mods = append(mods, m)
	}
	return mods, nil
}

// goModDownload runs in a scratch module, so that no go.mod is ever changed.
func goModDownload(want []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "apilife")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module scratch\n"), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command("go", append([]string{"mod", "download", "-json"}, want...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if len(out) > 0 {
		return out, nil // a failed download is in the JSON, with its reason
	}
	if err != nil {
		return nil, fmt.Errorf("run go mod download: %w", err)
	}
	return nil, errors.New("run go mod download: no output")
}

// publishedAt returns the time of the tag that a module's .info file gives.
func publishedAt(info string) (time.Time, error) {
	data, err := os.ReadFile(info)
	if err != nil {
		return time.Time{}, err
	}
	var v struct{ Time time.Time }
	err = json.Unmarshal(data, &v)
	return v.Time, err
}
