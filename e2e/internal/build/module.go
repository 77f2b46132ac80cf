package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// writeModule writes a go.mod from which the program can be built, and returns
// the linker flags that stamp its version.
func writeModule(ctx context.Context, dir string, p Program, version string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("create module: %w", err)
	}
	upstream, commit, err := download(ctx, dir, p.Module, version)
	if err != nil {
		return "", err
	}
	file := new(modfile.File)
	if err := file.AddModuleStmt("precheck.dev/e2e/" + p.Name); err != nil {
		return "", err
	}
	if err := file.AddGoStmt(upstream.Go.Version); err != nil {
		return "", err
	}
	if err := file.AddRequire(p.Module, version); err != nil {
		return "", err
	}
	if p.Module == "k8s.io/kubernetes" {
		err = replaceStaging(file, upstream, version)
	}
	if err != nil {
		return "", err
	}
	text, err := file.Format()
	if err != nil {
		return "", fmt.Errorf("format go.mod: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), text, 0o644); err != nil {
		return "", err
	}
	return linkerFlags(p, version, commit), nil
}

// download fetches a module and returns its go.mod, and its commit if the
// module proxy knows it.
func download(ctx context.Context, dir, module, version string) (*modfile.File, string, error) {
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module precheck.dev/e2e/download\n"), 0o644); err != nil {
		return nil, "", err
	}
	out, err := goCommand(ctx, dir, "mod", "download", "-json", module+"@"+version)
	if err != nil {
		return nil, "", err
	}
	var info struct {
		GoMod  string
		Origin struct{ Hash string }
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return nil, "", fmt.Errorf("decode module information: %w", err)
	}
	text, err := os.ReadFile(info.GoMod)
	if err != nil {
		return nil, "", err
	}
	file, err := modfile.Parse(info.GoMod, text, nil)
	if err != nil {
		return nil, "", err
	}
	return file, info.Origin.Hash, nil
}

// replaceStaging copies the replacements of k8s.io/kubernetes, with the
// published version in place of each directory: v1.24.17 has k8s.io/api
// v0.24.17.
func replaceStaging(file, upstream *modfile.File, version string) error {
	published := "v0" + strings.TrimPrefix(version, semver.Major(version))
	for _, r := range upstream.Replace {
		path, v := r.New.Path, r.New.Version
		if strings.HasPrefix(path, "./staging/src/") {
			path, v = r.Old.Path, published
		}
		if err := file.AddReplace(r.Old.Path, r.Old.Version, path, v); err != nil {
			return fmt.Errorf("replace %s: %w", r.Old.Path, err)
		}
	}
	return nil
}

// linkerFlags stamps the version of a Kubernetes program; unstamped it calls
// itself v0.0.0-master. Programs of other modules need no stamp.
func linkerFlags(p Program, version, commit string) string {
	flags := []string{"-s", "-w"}
	if p.Module != "k8s.io/kubernetes" {
		return strings.Join(flags, " ")
	}
	if commit == "" {
		commit = "unknown"
	}
	_, minor, _ := strings.Cut(semver.MajorMinor(version), ".")
	values := []string{
		"gitVersion=" + version,
		"gitMajor=" + strings.TrimPrefix(semver.Major(version), "v"),
		"gitMinor=" + minor,
		"gitCommit=" + commit,
		"gitTreeState=archive",
	}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, value := range values {
			flags = append(flags, "-X", pkg+"."+value)
		}
	}
	return strings.Join(flags, " ")
}
