package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A defaultSet holds what an API server serves without --runtime-config: whole
// group versions (resource ""), and single resources.
type defaultSet map[defaultKey]bool

type defaultKey struct{ group, version, resource string }

func (d defaultSet) has(k gvk, resource string) bool {
	return d[defaultKey{k.group, k.version, ""}] || d[defaultKey{k.group, k.version, resource}]
}

// defaultFiles lists, per module, the files of which the first that exists holds
// the function DefaultAPIResourceConfigSource.
var defaultFiles = map[string][]string{
	moduleKubernetes: {"pkg/controlplane/instance.go", "pkg/master/master.go"},
	moduleExtensions: {"pkg/apiserver/apiserver.go"},
	moduleAggregator: {"pkg/apiserver/apiserver.go"},
}

// addDefaults adds what the API server of a module enables by default. packages
// gives the group and version of an import path.
func (d defaultSet) addDefaults(m module, packages map[string]typePackage) error {
	for _, name := range defaultFiles[m.Path] {
		path := filepath.Join(m.dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		n, err := d.addFile(file, packages)
		if err != nil {
			return fmt.Errorf("%s@%s: %w", m.Path, m.Version, err)
		}
		if n == 0 {
			return fmt.Errorf("%s@%s: %s enables nothing", m.Path, m.Version, name)
		}
		return nil
	}
	return fmt.Errorf("%s@%s: no file with the default API versions", m.Path, m.Version)
}

// addFile collects the arguments of EnableVersions and EnableResources, and the
// package variables named ...EnabledByDefault... that those are given since 1.24.
func (d defaultSet) addFile(file *ast.File, packages map[string]typePackage) (int, error) {
	aliases := importAliases(file)
	var exprs []ast.Expr
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if len(n.Values) == 1 && strings.Contains(n.Names[0].Name, "EnabledByDefault") {
				exprs = append(exprs, n.Values[0])
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(sel.Sel.Name, "Enable") {
				exprs = append(exprs, n.Args...)
			}
		}
		return true
	})
	count := 0
	var failed error
	for _, e := range exprs {
		ast.Inspect(e, func(n ast.Node) bool {
			x, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			alias, resource, ok := groupVersionExpr(x)
			if !ok {
				return true
			}
			p, known := packages[aliases[alias]]
			if !known {
				failed = fmt.Errorf("unknown package %s", alias)
				return false
			}
			d[defaultKey{p.group, p.version, resource}] = true
			count++
			return false
		})
	}
	return count, failed
}

// groupVersionExpr matches alias.SchemeGroupVersion and
// alias.SchemeGroupVersion.WithResource("name").
func groupVersionExpr(e ast.Expr) (alias, resource string, ok bool) {
	if call, isCall := e.(*ast.CallExpr); isCall {
		sel, isSel := call.Fun.(*ast.SelectorExpr)
		if !isSel || sel.Sel.Name != "WithResource" || len(call.Args) != 1 {
			return "", "", false
		}
		resource = stringLit(call.Args[0])
		e = sel.X
	}
	sel, isSel := e.(*ast.SelectorExpr)
	if !isSel || sel.Sel.Name != "SchemeGroupVersion" {
		return "", "", false
	}
	id, isIdent := sel.X.(*ast.Ident)
	if !isIdent {
		return "", "", false
	}
	return id.Name, resource, true
}

// importAliases returns the import paths of a file by the name they have in it.
func importAliases(file *ast.File) map[string]string {
	m := map[string]string{}
	for _, s := range file.Imports {
		path, err := strconv.Unquote(s.Path.Value)
		if err != nil {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if s.Name != nil {
			name = s.Name.Name
		}
		// Both packages define SchemeGroupVersion; only the second is read here.
		if rest, ok := strings.CutPrefix(path, "k8s.io/kubernetes/pkg/apis/"); ok {
			path = moduleAPI + "/" + rest
		}
		m[name] = path
	}
	return m
}
