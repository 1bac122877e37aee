package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// The report that is kept is the one that the kept results give, to the byte. (Other
// processors than this one may round other digits.)
func TestReportIsCurrent(t *testing.T) {
	if testing.Short() || runtime.GOARCH != "amd64" {
		t.Skip("with -short, and where another processor rounds other digits")
	}
	dir := t.TempDir()
	o := options{dir: ".", report: dir}
	if err := o.writeReport(); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob("report/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != len(kept) || len(made) < 2 {
		t.Errorf("%d files, %d are kept", len(made), len(kept))
	}
	for _, path := range made {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("report", filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s is not what own/ and peers/ give: %s", filepath.Base(path), reportCommand)
		}
	}
}
