package framework_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/precheck-dev/precheck/"

// mayImport says which packages of this module a package may import besides
// the ones below its own folder. The first prefix that fits counts.
var mayImport = []struct {
	folder  string
	allowed []string
}{
	{"framework/cluster", nil},
	{"framework/model", []string{"framework/cluster"}},
	{"framework/policy", []string{"framework"}},
	{"framework/checktest", []string{"framework"}},
	{"framework", []string{"framework/cluster", "framework/model"}},
	{"policies", []string{"framework"}},
	{"checks", []string{"framework", "policies"}},
	{"runner", []string{"framework", "checks", "policies"}},
}

// pure are the folders whose packages neither talk to a cluster nor print.
var pure = []string{"checks", "framework/model"}

func TestImportsPointOneWay(t *testing.T) {
	root := ".."
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if e.IsDir() && (rel == "e2e" || rel == "examples" || strings.HasSuffix(rel, "/gen") || strings.HasPrefix(e.Name(), "_") || strings.HasPrefix(e.Name(), ".") && rel != ".") {
			return filepath.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(filepath.ToSlash(filepath.Dir(rel)), imported); why != "" {
				t.Errorf("%s imports %s: %s", rel, imported, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func forbidden(folder, imported string) string {
	for _, p := range pure {
		if !strings.HasPrefix(folder+"/", p+"/") {
			continue
		}
		for _, bad := range []string{"os", "log", "log/slog", "net/http"} {
			if imported == bad {
				return "checks and models are pure"
			}
		}
		if strings.HasPrefix(imported, "k8s.io/client-go") {
			return "checks and models never talk to a cluster"
		}
	}
	own, ours := strings.CutPrefix(imported, module)
	if !ours {
		return ""
	}
	for _, rule := range mayImport {
		if !within(folder, rule.folder) {
			continue
		}
		if own == rule.folder || rule.folder != "framework" && within(own, rule.folder) {
			return ""
		}
		for _, a := range rule.allowed {
			if within(own, a) {
				return ""
			}
		}
		return "imports point from " + folder + " to there and not back"
	}
	return "no rule allows it"
}

func within(folder, of string) bool { return folder == of || strings.HasPrefix(folder, of+"/") }
