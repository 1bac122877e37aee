package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"hash/fnv"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A comment is a doc comment with the part of the library that it comes from.
type comment struct {
	text string
	part int
}

const (
	minPackages = 6  // parts of fewer packages cannot be split by package
	maxComments = 60 // of one package, so that no part drowns the others
	minLength   = 60 // bytes; shorter comments say too little
)

// goroot returns where Go is installed.
func goroot() string {
	if out, err := exec.Command("go", "env", "GOROOT").Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	return build.Default.GOROOT
}

// load reads the comments of the standard library. Whole packages go to one of the
// three sets, so that nothing of a package is known when its comments are judged:
// of each part three in five to learn from, one to judge by, and one to test on.
func load(root string) (learn, judge, test []comment, parts []string, err error) {
	src := filepath.Join(root, "src")
	byPart := make(map[string]map[string][]string) // part, package, comments
	err = filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			switch d.Name() {
			case "testdata", "vendor", "cmd", "internal":
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(src, filepath.Dir(path))
		if err != nil {
			return err
		}
		part, _, _ := strings.Cut(filepath.ToSlash(dir), "/")
		texts, err := comments(path)
		if err != nil || len(texts) == 0 {
			return err
		}
		if byPart[part] == nil {
			byPart[part] = make(map[string][]string)
		}
		byPart[part][dir] = append(byPart[part][dir], texts...)
		return nil
	})
	if err != nil {
		return nil, nil, nil, nil, fmt.Errorf("read the standard library in %s: %w", src, err)
	}
	for part, packages := range byPart {
		if len(packages) >= minPackages {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	if len(parts) < 2 {
		return nil, nil, nil, nil, fmt.Errorf("%s holds no standard library", src)
	}
	sets := []*[]comment{&learn, &judge, &learn, &test, &learn}
	for i, part := range parts {
		var dirs []string
		for dir := range byPart[part] {
			dirs = append(dirs, dir)
		}
		slices.SortFunc(dirs, func(a, b string) int { // shuffled, but always in the same way
			return cmp.Compare(hash(a), hash(b))
		})
		for k, dir := range dirs {
			texts := byPart[part][dir]
			for _, text := range texts[:min(len(texts), maxComments)] {
				*sets[k%len(sets)] = append(*sets[k%len(sets)], comment{text, i})
			}
		}
	}
	return learn, judge, test, parts, nil
}

// comments returns the doc comments of a file's declarations.
func comments(path string) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, decl := range f.Decls {
		var doc *ast.CommentGroup
		switch d := decl.(type) {
		case *ast.FuncDecl:
			doc = d.Doc
		case *ast.GenDecl:
			doc = d.Doc
		}
		if text := doc.Text(); len(text) >= minLength {
			out = append(out, text)
		}
	}
	return out, nil
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
