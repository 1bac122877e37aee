// Package layering holds the line between the layers: imports go one way.
package layering

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gohone/hone"

// layer returns the height of a package: it may import what lies below it, and
// what is of its own height only within its own folder. Kernels, which know
// nothing of trials, are at the bottom.
func layer(path string) int {
	rel := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	first, _, _ := strings.Cut(rel, "/")
	switch {
	case rel == "":
		return 4 // the root
	case first == "internal":
		return 0
	case first == "distributions":
		return 1
	case rel == "storage" || rel == "storage/journal" || rel == "storage/rdb" || rel == "storage/storagetest":
		return 2
	case first == "sampler" || first == "pruner":
		return 3
	}
	return 5 // honetest, plot, examples, bench, …
}

// upward names the internal packages that speak of trials, with the layer that
// they belong to.
var upward = map[string]int{
	"internal/interop":     5,
	"internal/conformance": 2,
	"internal/oplog":       2,
	"internal/neutral":     2,
}

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func height(path string) int {
	if h, ok := upward[strings.TrimPrefix(path, module+"/")]; ok {
		return h
	}
	return layer(path)
}

// violations returns the imports that go upward.
func violations(pkgs []pkg) []string {
	var out []string
	for _, p := range pkgs {
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, module) && height(imp) > height(p.ImportPath) {
				out = append(out, p.ImportPath+" imports "+imp+", which is above it")
			}
		}
	}
	return out
}

func list(t *testing.T, dir string, what ...string) []pkg {
	t.Helper()
	if len(what) == 0 {
		what = []string{"./..."}
	}
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,TestImports,XTestImports"}, what...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func TestImportsGoOneWay(t *testing.T) {
	pkgs := list(t, "../..")
	if len(pkgs) < 8 {
		t.Fatalf("go list found %d packages only", len(pkgs))
	}
	for _, v := range violations(pkgs) {
		t.Error(v)
	}
}

// TestSamplersReadNoClock: history, space and seed decide what is sampled, so neither
// samplers nor the kernels that they are made of tell the time.
func TestSamplersReadNoClock(t *testing.T) {
	looked := 0
	for _, p := range list(t, "../..", "-deps", "./sampler") {
		if p.ImportPath != module+"/sampler" && !strings.HasPrefix(p.ImportPath, module+"/internal/") {
			continue
		}
		looked++
		if slices.Contains(p.Imports, "time") {
			t.Errorf("%s imports time", p.ImportPath)
		}
	}
	if looked < 5 {
		t.Errorf("looked at %d packages only", looked)
	}
}

// TestRootDependsOnGonumAlone looks at what users of the root module have to
// fetch.
func TestRootDependsOnGonumAlone(t *testing.T) {
	for _, p := range list(t, "../..") {
		for _, imp := range p.Imports {
			host, _, _ := strings.Cut(imp, "/")
			if !strings.Contains(host, ".") || strings.HasPrefix(imp, module) || strings.HasPrefix(imp, "gonum.org/v1/gonum/") || strings.HasPrefix(imp, "golang.org/x/exp/") {
				continue
			}
			t.Errorf("%s imports %s; the root module needs gonum and golang.org/x/exp only", p.ImportPath, imp)
		}
	}
}

// TestViolationsAreSeen proves that the check finds what it is there for.
func TestViolationsAreSeen(t *testing.T) {
	for _, c := range []struct {
		from, to string
		bad      bool
	}{
		{module + "/sampler", module, true},
		{module + "/storage", module + "/sampler", true},
		{module + "/distributions", module + "/storage", true},
		{module + "/internal/cma", module + "/distributions", true},
		{module + "/internal/cma", module + "/internal/lbfgsb", false},
		{module, module + "/sampler", false},
		{module + "/sampler", module + "/storage", false},
	} {
		got := violations([]pkg{{ImportPath: c.from, Imports: []string{c.to}}})
		if (len(got) > 0) != c.bad {
			t.Errorf("%s importing %s: violations %v", c.from, c.to, got)
		}
	}
}
