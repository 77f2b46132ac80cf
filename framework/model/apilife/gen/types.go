package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
)

// A gvk names a kind.
type gvk struct{ group, version, kind string }

func (k gvk) String() string {
	if k.group == "" {
		return k.version + " " + k.kind
	}
	return k.group + "/" + k.version + " " + k.kind
}

// A typePackage is a Go package of API types: its import path, its group and
// version, and the names that it registers.
type typePackage struct {
	path, dir      string
	group, version string
	types          map[string]bool
}

// typePackages reads the packages of versioned types in a module.
func typePackages(m module) ([]typePackage, error) {
	root := m.dir
	if m.Path != moduleAPI {
		root = filepath.Join(m.dir, "pkg", "apis")
	}
	var list []typePackage
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "register.go" {
			return err
		}
		p, err := readRegister(path)
		if err != nil {
			return fmt.Errorf("read %s@%s %s: %w", m.Path, m.Version, path, err)
		}
		if p.version == "" || p.version == "__internal" || len(p.types) == 0 {
			return nil
		}
		rel, err := filepath.Rel(m.dir, p.dir)
		if err != nil {
			return err
		}
		p.path = m.Path + "/" + filepath.ToSlash(rel)
		list = append(list, p)
		return nil
	})
	return list, err
}

// readRegister takes group, version and types from the register.go of a package
// of API types, which all have the same form.
func readRegister(path string) (typePackage, error) {
	p := typePackage{dir: filepath.Dir(path), types: map[string]bool{}}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return p, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if len(n.Names) != 1 || len(n.Values) != 1 {
				return true
			}
			switch n.Names[0].Name {
			case "GroupName":
				p.group = stringLit(n.Values[0])
			case "SchemeGroupVersion":
				p.version = fieldLit(n.Values[0], "Version")
			}
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "AddKnownTypes" {
				addTypes(p.types, n.Args)
			}
		}
		return true
	})
	return p, nil
}

// addTypes adds the names in a list of &Name{} expressions.
func addTypes(set map[string]bool, args []ast.Expr) {
	for _, a := range args {
		u, ok := a.(*ast.UnaryExpr)
		if !ok {
			continue
		}
		if c, ok := u.X.(*ast.CompositeLit); ok {
			if id, ok := c.Type.(*ast.Ident); ok {
				set[id.Name] = true
			}
		}
	}
}

// stringLit returns the value of a string literal, or "".
func stringLit(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}

// fieldLit returns the string literal of a field in a composite literal, or "".
func fieldLit(e ast.Expr, field string) string {
	c, ok := e.(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, el := range c.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if id, ok := kv.Key.(*ast.Ident); ok && id.Name == field {
			return stringLit(kv.Value)
		}
	}
	return ""
}

// isList reports whether a type is the list of another one.
func (p typePackage) isList(name string) bool {
	base, ok := strings.CutSuffix(name, "List")
	return ok && (base == "" || p.types[base])
}
