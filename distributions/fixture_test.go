package distributions

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// sharedFixture is the interoperability fixture beside the repository. What it
// holds is copied in testdata/distributions.json.
const sharedFixture = "../../shared/interop/fixtures/distributions.json"

func TestFixture(t *testing.T) {
	t.Run("copy", func(t *testing.T) { fixture(t, filepath.Join("testdata", "distributions.json")) })
	t.Run("shared", func(t *testing.T) {
		if _, err := os.Stat(sharedFixture); errors.Is(err, fs.ErrNotExist) {
			t.Skipf("%s is absent; testdata holds a copy", sharedFixture)
		}
		fixture(t, sharedFixture)
	})
}

func fixture(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type choice struct {
		Type  string
		Value any
	}
	var cases struct {
		Readable []struct {
			JSON    string
			Note    string
			Meaning struct {
				Kind      string
				Low, High float64
				Log       bool
				Step      *float64
				Choices   []choice
				WrittenAs string `json:"written_as"`
			}
		}
		Rejected []struct{ JSON, Error string }
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.Readable) == 0 || len(cases.Rejected) == 0 {
		t.Fatalf("%s holds no cases", path)
	}
	for _, c := range cases.Readable {
		got, err := Unmarshal(c.JSON)
		if err != nil {
			t.Errorf("%s: %v", c.JSON, err)
			continue
		}
		m := c.Meaning
		var want Distribution
		switch m.Kind {
		case "float":
			d := Float{Low: m.Low, High: m.High, Log: m.Log}
			if m.Step != nil {
				d.Step = *m.Step
			}
			want = d
		case "int":
			want = Int{Low: int(m.Low), High: int(m.High), Log: m.Log, Step: int(*m.Step)}
		case "categorical":
			d, ok := got.(Categorical)
			if !ok || len(d.Choices) != len(m.Choices) {
				t.Errorf("%s: got %v", c.JSON, got)
				continue
			}
			for i, w := range m.Choices {
				g := choice{Value: d.Choices[i]}
				switch v := d.Choices[i].(type) {
				case nil:
					g.Type = "null"
				case bool:
					g.Type = "bool"
				case int:
					g.Type, g.Value = "int", float64(v)
				case float64:
					g.Type = "float"
				case string:
					g.Type = "str"
				}
				if f, ok := w.Value.(map[string]any); ok {
					x, err := strconv.ParseFloat(f["__float__"].(string), 64)
					if err != nil {
						t.Fatal(err)
					}
					w.Value = x
				}
				if g.Type != w.Type || !equal(g.Value, w.Value) {
					t.Errorf("%s: choice %d is %v, want %v", c.JSON, i, g, w)
				}
			}
			want = got
		default:
			t.Fatalf("unknown kind %q", m.Kind)
		}
		if !Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.JSON, got, want)
		}
		text, err := Marshal(got)
		if err != nil {
			t.Errorf("%s: %v", c.JSON, err)
		}
		// What one of the three classes of today wrote comes back to the byte.
		if c.Note == "" && (m.WrittenAs == "FloatDistribution" || m.WrittenAs == "IntDistribution" || m.Kind == "categorical") && text != c.JSON {
			t.Errorf("written as %s, want %s", text, c.JSON)
		}
		if again, err := Unmarshal(text); err != nil || !Equal(again, got) {
			t.Errorf("%s: second reading gives %v, %v", text, again, err)
		}
	}
	for _, c := range cases.Rejected {
		if d, err := Unmarshal(c.JSON); err == nil {
			t.Errorf("%s: got %v, want an error as Python's %s", c.JSON, d, c.Error)
		}
	}
}
