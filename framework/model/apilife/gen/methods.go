package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A statement is what the generated lifecycle methods of one type say. Minors
// are of Kubernetes 1; zero means that the method does not exist.
type statement struct {
	introduced, deprecated, removed int
	replacement                     gvk
}

// lifecycleFiles are the generated file and, in core/v1, one written by hand for
// ComponentStatus and Endpoints.
var lifecycleFiles = []string{"zz_generated.prerelease-lifecycle.go", "lifecycle.go"}

// statements reads the lifecycle methods of a package, by type name. A package
// with neither file has none.
func statements(p typePackage) (map[string]statement, error) {
	list := map[string]statement{}
	for _, name := range lifecycleFiles {
		path := filepath.Join(p.dir, name)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return nil, err
		}
		if err := addMethods(list, file); err != nil {
			return nil, fmt.Errorf("%s/%s: %w", p.path, name, err)
		}
	}
	return list, nil
}

// addMethods adds what the lifecycle methods of a file say.
func addMethods(list map[string]statement, file *ast.File) error {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || !strings.HasPrefix(f.Name.Name, "APILifecycle") {
			continue
		}
		name, results, err := methodParts(f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name.Name, err)
		}
		s := list[name]
		if err := s.set(f.Name.Name, results); err != nil {
			return fmt.Errorf("%s.%s: %w", name, f.Name.Name, err)
		}
		list[name] = s
	}
	return nil
}

// methodParts returns the receiver's type name and the results that the single
// return statement of a generated method gives.
func methodParts(f *ast.FuncDecl) (string, []ast.Expr, error) {
	star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return "", nil, errors.New("the receiver is no pointer")
	}
	id, ok := star.X.(*ast.Ident)
	if !ok {
		return "", nil, errors.New("the receiver has no plain type")
	}
	if len(f.Body.List) != 1 {
		return "", nil, errors.New("more than one statement")
	}
	ret, ok := f.Body.List[0].(*ast.ReturnStmt)
	if !ok {
		return "", nil, errors.New("no return statement")
	}
	return id.Name, ret.Results, nil
}

// set stores the results of one method.
func (s *statement) set(method string, results []ast.Expr) error {
	if method == "APILifecycleReplacement" {
		if len(results) != 1 {
			return fmt.Errorf("%d results", len(results))
		}
		r := results[0]
		s.replacement = gvk{fieldLit(r, "Group"), fieldLit(r, "Version"), fieldLit(r, "Kind")}
		return nil
	}
	minor, err := minorOf(results)
	if err != nil {
		return err
	}
	switch method {
	case "APILifecycleIntroduced":
		s.introduced = minor
	case "APILifecycleDeprecated":
		s.deprecated = minor
	case "APILifecycleRemoved":
		s.removed = minor
	default:
		return errors.New("unknown method")
	}
	return nil
}

// minorOf returns the minor of a (major, minor) result; the major must be 1.
func minorOf(results []ast.Expr) (int, error) {
	if len(results) != 2 {
		return 0, fmt.Errorf("%d results", len(results))
	}
	var n [2]int
	for i, e := range results {
		lit, ok := e.(*ast.BasicLit)
		if !ok {
			return 0, errors.New("a result is no literal")
		}
		v, err := strconv.Atoi(lit.Value)
		if err != nil {
			return 0, err
		}
		n[i] = v
	}
	if n[0] != 1 {
		return 0, fmt.Errorf("major version %d", n[0])
	}
	return n[1], nil
}
