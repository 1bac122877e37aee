package table

import (
	"bytes"
	"compress/gzip"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// What index.json says of the tables is what their cells give.
func TestTables(t *testing.T) {
	data := os.DirFS("../../tables")
	tables, err := Index(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 15 {
		t.Fatalf("%d tables", len(tables))
	}
	for i := range tables[:3] {
		tab := &tables[i*6] // one of each origin
		if err := tab.Load(data); err != nil {
			t.Fatal(err)
		}
		var last []int
		for _, p := range tab.Params {
			last = append(last, len(p.Values)-1)
		}
		if got := tab.Cell(last); got != tab.Cells-1 {
			t.Errorf("%s: the last cell is %d of %d", tab.Name, got, tab.Cells)
		}
	}
	car := tables[0]
	if car.Name != "hpobench_car" || car.Best != -1 || math.Abs(car.Median - -0.9306980907917022) > 1e-12 {
		t.Errorf("%s: best %v, median %v", car.Name, car.Best, car.Median)
	}
}

func TestLoadBadTables(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(make([]byte, 12)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{"short.f32.gz": {Data: z.Bytes()}, "text.f32.gz": {Data: []byte("no gzip")}, "index.json": {Data: []byte("[")}}
	for name, want := range map[string]string{"short": "12 bytes for 4 cells", "text": "table text", "none": "no such file|not exist"} {
		tab := Table{Name: name, Cells: 4, Reps: 1, Params: []Param{{Values: []any{1, 2}}, {Values: []any{1, 2}}}}
		err := tab.Load(dir)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		found := false
		for _, w := range strings.Split(want, "|") {
			found = found || strings.Contains(err.Error(), w)
		}
		if !found {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if _, err := Index(dir); err == nil {
		t.Error("no error for a broken index")
	}
}
