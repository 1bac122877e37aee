package layering

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that a page of the documentation names is there.
func TestNamedTestsExist(t *testing.T) {
	root := filepath.Join("..", "..")
	declared := make(map[string]bool)
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	named := make(map[string][]string) // the pages by the test
	mention := regexp.MustCompile("`(?:\\w+\\.)?((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() != ".." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".md") {
			for _, m := range mention.FindAllStringSubmatch(string(text), -1) {
				named[m[1]] = append(named[m[1]], path)
			}
			return nil
		}
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			declared[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(declared) < 100 || len(named) < 20 {
		t.Fatalf("%d tests and %d mentions were found", len(declared), len(named))
	}
	for name, pages := range named {
		if !declared[name] {
			t.Errorf("%v name %s, which is not there", pages, name)
		}
	}
}
