package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/precheck-dev/precheck/framework"
)

const (
	// maxSize of a policy file, in bytes.
	maxSize = 1 << 20
	libDir  = "lib/"
	libRoot = "precheck.lib."
)

// file is one parsed Rego file. Its name is its path in its file system.
type file struct {
	name   string
	module *ast.Module
}

func (f *file) library() bool { return strings.HasPrefix(f.name, libDir) }

// pkg is the name of the package, without "data".
func (f *file) pkg() string { return strings.TrimPrefix(f.module.Package.Path.String(), "data.") }

// Load reads the policies of a directory, sorted by ID. The policies may use
// the libraries of their own directory and those in the lib directory of the
// other file systems.
//
// It parses, type-checks and compiles everything. The error joins one line per
// mistake, with file and line as seen from the root of its file system.
func Load(fsys fs.FS, libraries ...fs.FS) ([]*framework.Check, error) {
	files, errs := collect(fsys, ".")
	if len(files) == 0 && errs == nil {
		return nil, errors.New("there is no .rego file")
	}
	policies := slices.DeleteFunc(slices.Clone(files), (*file).library)
	if len(policies) == 0 && errs == nil {
		return nil, errors.New("there is no policy, only libraries")
	}
	for _, l := range libraries {
		libs, err := collect(l, strings.TrimSuffix(libDir, "/"))
		files, errs = append(files, libs...), errors.Join(errs, err)
	}
	if errs = errors.Join(errs, uniquePackages(files)); errs != nil {
		return nil, errs
	}
	return build(policies, files)
}

// build makes checks of files that parsed.
func build(policies, files []*file) ([]*framework.Check, error) {
	var errs []error
	var all []*policy
	for _, f := range files {
		if f.library() {
			errs = append(errs, checkInput(f, nil), checkLeftOut(f, nil))
		}
	}
	for _, f := range policies {
		p, err := newPolicy(f)
		errs = append(errs, err)
		if err == nil {
			all = append(all, p)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := compile(all, files); err != nil {
		return nil, err
	}
	checks := make([]*framework.Check, len(all))
	for i, p := range all {
		checks[i] = p.check
	}
	return checks, nil
}

// collect parses the Rego files below dir, in the order of their paths. What
// it returns beside an error is what could be parsed.
func collect(fsys fs.FS, dir string) ([]*file, error) {
	var files []*file
	var errs []error
	err := fs.WalkDir(fsys, dir, func(name string, entry fs.DirEntry, err error) error {
		if name == dir && errors.Is(err, fs.ErrNotExist) && dir != "." {
			return fs.SkipAll
		}
		if err != nil {
			return fmt.Errorf("read policies: %w", err)
		}
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		f, err := read(fsys, name)
		errs = append(errs, err)
		if f != nil {
			files = append(files, f)
		}
		return nil
	})
	return files, errors.Join(append(errs, err)...)
}

// read parses one file; nil when it is none of the loader's.
func read(fsys fs.FS, name string) (*file, error) {
	switch base := path.Base(name); {
	case base == "data.json" || base == "data.yaml" || base == "data.yml":
		return nil, fmt.Errorf("%s: data files are not read; write the data into the policy or a library", name)
	case !strings.HasSuffix(base, ".rego") || strings.HasSuffix(base, "_test.rego"):
		return nil, linkedDirectory(fsys, name)
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read policies: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: it is no regular file", name)
	case info.Size() > maxSize:
		return nil, fmt.Errorf("%s: it has %d bytes, more than the %d that a policy may have", name, info.Size(), maxSize)
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	module, err := parse(name, string(data))
	if err != nil {
		return nil, err
	}
	f := &file{name: name, module: module}
	return f, checkPackage(f)
}

// linkedDirectory refuses a link to a directory: its policies would silently
// be left out.
func linkedDirectory(fsys fs.FS, name string) error {
	if info, err := fs.Stat(fsys, name); err == nil && info.IsDir() {
		return fmt.Errorf("%s: it links to a directory, which is not followed; give that directory itself", name)
	}
	return nil
}

// checkPackage holds the package to the path of its file.
func checkPackage(f *file) error {
	want := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(f.name, ".rego"), "-", "_"), "/", ".")
	if f.library() && f.pkg() == want {
		return nil
	}
	if strings.Count(f.name, "/") != 1 && !f.library() {
		return fmt.Errorf("%s: a policy is a file in a directory named after its domain, such as images/untagged.rego", f.name)
	}
	if f.pkg() != "precheck."+want {
		return fmt.Errorf("%s:%d: the package is %s (want precheck.%s, after the path)",
			f.name, f.module.Package.Loc().Row, f.pkg(), want)
	}
	return nil
}

// uniquePackages refuses two files of one package: Rego would merge their
// rules silently.
func uniquePackages(files []*file) error {
	var errs []error
	first := map[string]string{}
	for _, f := range files {
		if other, ok := first[f.pkg()]; ok {
			errs = append(errs, fmt.Errorf("%s:%d: the package %s is that of %s as well; use another name",
				f.name, f.module.Package.Loc().Row, f.pkg(), other))
			continue
		}
		first[f.pkg()] = f.name
	}
	return errors.Join(errs...)
}
