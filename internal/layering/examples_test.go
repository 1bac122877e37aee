package layering

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// documented are the folders in which every exported type has an Example of its
// name.
var documented = []string{
	".", "distributions", "storage", "storage/storagetest", "sampler", "sampler/samplertest", "pruner", "pruner/prunertest", "honetest",
}

// undocumented returns the exported types of a folder that have no Example, and
// how many have one.
func undocumented(t *testing.T, dir string) (missing []string, found int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	examples := make(map[string]bool)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		isTest := strings.HasSuffix(name, "_test.go")
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if rest, ok := strings.CutPrefix(d.Name.Name, "Example"); ok && isTest {
					typ, _, _ := strings.Cut(rest, "_")
					examples[typ] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() && !isTest {
						types = append(types, s.Name.Name)
					}
				}
			}
		}
	}
	for _, typ := range types {
		if examples[typ] {
			found++
		} else {
			missing = append(missing, typ)
		}
	}
	return missing, found
}

func TestEveryTypeHasAnExample(t *testing.T) {
	for _, dir := range documented {
		missing, found := undocumented(t, filepath.Join("../..", dir))
		if len(missing) > 0 {
			t.Errorf("%s: these exported types have no Example: %s", dir, strings.Join(missing, ", "))
		}
		if found+len(missing) == 0 && !strings.HasSuffix(dir, "test") {
			t.Errorf("%s exports no types: is it the right folder?", dir)
		}
	}
}
