package distributions

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/gohone/hone/internal/pyjson"
)

// hexFloat is a float as Python's float.hex writes it.
type hexFloat float64

func (h *hexFloat) UnmarshalJSON(text []byte) error {
	s, err := strconv.Unquote(string(text))
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(s, 64)
	*h = hexFloat(f)
	return err
}

// pair holds the elements of a JSON array of differing types.
type pair []json.RawMessage

func (p pair) read(t *testing.T, into ...any) {
	t.Helper()
	if len(p) != len(into) {
		t.Fatalf("%d elements, want %d", len(p), len(into))
	}
	for i, v := range into {
		if err := json.Unmarshal(p[i], v); err != nil {
			t.Fatal(err)
		}
	}
}

// golden is what testdata/golden.py wrote with Optuna itself.
type golden struct {
	Domains []struct {
		JSON     string
		Single   bool
		Contains []pair
		ToUnit   [][2]hexFloat `json:"to_unit"`
		FromUnit [][2]hexFloat `json:"from_unit"`
	}
	Highs []pair
	Find  struct {
		JSON   string
		Values []pair
	}
	Compatible []pair
	Texts      []struct {
		Text    string
		Meaning *struct {
			Low, High, Step hexFloat
			Log             bool
			Choices         string
		}
	}
}

func readGolden(t testing.TB) golden {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Domains) == 0 || len(g.Highs) == 0 || len(g.Find.Values) == 0 || len(g.Compatible) == 0 || len(g.Texts) == 0 {
		t.Fatal("testdata/golden.json lacks cases")
	}
	return g
}

func mustUnmarshal(t testing.TB, text string) Distribution {
	t.Helper()
	d, err := Unmarshal(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func TestDomainsAsInOptuna(t *testing.T) {
	for _, c := range readGolden(t).Domains {
		if strconv.IntSize == 32 && fits32(c.JSON) {
			continue
		}
		d := mustUnmarshal(t, c.JSON)
		if text, err := Marshal(d); err != nil || text != c.JSON {
			t.Errorf("written as %s, %v; want %s", text, err, c.JSON)
		}
		if d.Single() != c.Single {
			t.Errorf("%v: Single is %v", d, d.Single())
		}
		for _, p := range c.Contains {
			var v hexFloat
			var want bool
			p.read(t, &v, &want)
			if got := d.Contains(float64(v)); got != want {
				t.Errorf("%v: Contains(%v) is %v", d, v, got)
			}
		}
		for _, p := range c.ToUnit {
			v, want := float64(p[0]), float64(p[1])
			// A domain whose ends nearly meet leaves Optuna's difference of
			// logarithms only as many digits as the ratio has. And a value that is
			// off its grid by less than the tolerance, we take for the grid's.
			tolerance := 1e-12
			if f, ok := d.(Float); ok && (f.Log && f.High/f.Low < 1.001 || f.Step > 0) {
				tolerance = 1e-8
			}
			if got := d.ToUnit(v); math.Abs(got-want) > tolerance {
				t.Errorf("%v: ToUnit(%v) is %v, Optuna has %v", d, v, got, want)
			}
		}
		for _, p := range c.FromUnit {
			u, want := float64(p[0]), float64(p[1])
			// Optuna never returns a continuous High.
			if got := d.FromUnit(u); math.Abs(got-want) > 1e-12*math.Abs(want)+1e-15 && u != 1 {
				t.Errorf("%v: FromUnit(%v) is %v, Optuna has %v", d, u, got, want)
			}
		}
	}
}

// fits32 tells that a text of golden.json holds an integer beyond int32.
func fits32(text string) bool {
	_, err := Unmarshal(text)
	return err != nil
}

func TestHighAsInOptuna(t *testing.T) {
	kept := 0
	for _, p := range readGolden(t).Highs {
		var low, high, step, want hexFloat
		var single bool
		p.read(t, &low, &high, &step, &want, &single)
		d := Float{Low: float64(low), High: float64(high), Step: float64(step)}
		n, err := Normalize(d)
		if err != nil {
			t.Errorf("%v: %v", d, err)
			continue
		}
		if n.(Float).High == d.High && math.Abs(d.High-d.Step-float64(want)) < 1e-9*d.Step {
			kept++ // as lastOnGrid says
			continue
		}
		if n.(Float).High != float64(want) {
			t.Errorf("%v ends at %v, in Optuna at %v", d, n.(Float).High, want)
		}
		// Where the end needs more digits than a float64 has, Optuna may call a
		// domain of two values single.
		if single && want != low {
			single = false
		}
		if n.Single() != single || d.Single() != single {
			t.Errorf("%v: Single is %v, normalised %v; want %v", d, d.Single(), n.Single(), single)
		}
		if !n.Contains(float64(want)) || n.FromUnit(1) != float64(want) || n.FromUnit(0) != float64(low) {
			t.Errorf("%v: ends are %v and %v", n, n.FromUnit(0), n.FromUnit(1))
		}
	}
	if kept > 4 {
		t.Errorf("in %d cases High stays where Optuna lowers it", kept)
	}
}

func TestFindAsInOptuna(t *testing.T) {
	g := readGolden(t).Find
	d := mustUnmarshal(t, g.JSON)
	for _, p := range g.Values {
		var text string
		var want int
		p.read(t, &text, &want)
		v, err := pyjson.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Internal(v)
		if want < 0 {
			if err == nil {
				t.Errorf("%s is found at %v, Optuna does not find it", text, got)
			}
		} else if err != nil || got != float64(want) {
			t.Errorf("%s is found at %v, %v; in Optuna at %d", text, got, err, want)
		}
	}
}

func TestCompatibleAsInOptuna(t *testing.T) {
	for _, p := range readGolden(t).Compatible {
		var a, b string
		var want, equal bool
		p.read(t, &a, &b, &want, &equal)
		old, new := mustUnmarshal(t, a), mustUnmarshal(t, b)
		if err := Compatible(old, new); (err == nil) != want {
			t.Errorf("Compatible(%v, %v) = %v, want %v", old, new, err, want)
		}
		if got := Equal(old, new); got != equal {
			t.Errorf("Equal(%v, %v) = %v", old, new, got)
		}
	}
}

func TestTextsAsOptunaReadsThem(t *testing.T) {
	for _, c := range readGolden(t).Texts {
		got, err := Unmarshal(c.Text)
		if c.Meaning == nil {
			if err == nil {
				t.Errorf("%.90s is read as %v; Optuna refuses it", c.Text, got)
			}
			continue
		}
		if strconv.IntSize == 32 && err != nil && c.Meaning.High > math.MaxInt32 {
			continue
		}
		if err != nil {
			t.Errorf("%.90s: %v; Optuna reads it", c.Text, err)
			continue
		}
		m := c.Meaning
		switch d := got.(type) {
		case Float:
			if want := (Float{float64(m.Low), float64(m.High), float64(m.Step), m.Log}); d != want {
				t.Errorf("%s is read as %v, want %v", c.Text, d, want)
			}
		case Int:
			if d.Log != m.Log || float64(d.Low) != float64(m.Low) || float64(d.High) != float64(m.High) || float64(d.Step) != float64(m.Step) {
				t.Errorf("%s is read as %v, want %v", c.Text, d, *m)
			}
		case Categorical:
			if text, err := pyjson.AppendSpaced(nil, d.Choices); err != nil || !sameJSON(t, text, m.Choices) {
				t.Errorf("%s is read as %s, %v; want %s", c.Text, text, err, m.Choices)
			}
		}
	}
}

// sameJSON compares without regard to the order of keys.
func sameJSON(t *testing.T, a []byte, b string) bool {
	v, err := pyjson.Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pyjson.Decode([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	return equal(pyjson.Plain(v), pyjson.Plain(w))
}
