package honetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

func parabola(t *hone.Trial) (float64, error) {
	x := t.SuggestFloat("x", -10, 10)
	return (x - 2) * (x - 2), nil
}

// Without faults it is the storage that it wraps.
func TestFaultyPassesOn(t *testing.T) {
	storagetest.Run(t, storagetest.Options{Open: func(testing.TB) storage.Storage {
		return honetest.Faulty(storage.NewMemory(), func(string, int) (error, error) { return nil, nil })
	}})
}

// Every call that a study makes fails in its turn: the error names it, and what
// was told before is there.
func TestEveryCallFails(t *testing.T) {
	ctx := context.Background()
	run := func(fault honetest.Fault) (told int, mem *storage.Memory, err error) {
		mem = storage.NewMemory()
		s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: honetest.Faulty(mem, fault), Seed: 1})
		if err != nil {
			return 0, mem, err
		}
		err = s.OptimizeContext(ctx, parabola, &hone.OptimizeOptions{Trials: 5, Callbacks: []func(*hone.Study, hone.FrozenTrial){
			func(*hone.Study, hone.FrozenTrial) { told++ },
		}})
		return told, mem, err
	}
	calls := 0
	if _, _, err := run(func(_ string, n int) (error, error) { calls = n; return nil, nil }); err != nil || calls < 15 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	for k := 1; k <= calls; k++ {
		told, mem, err := run(honetest.FailFrom(k, nil))
		if err == nil && told == 5 {
			continue // the call only read back what is known anyway
		}
		if !errors.Is(err, honetest.ErrFault) {
			t.Fatalf("from call %d: %v", k, err)
		}
		s, err := hone.LoadStudy(ctx, mem, "s", nil)
		if err != nil {
			if k > 2 {
				t.Fatal(err)
			}
			continue
		}
		trials, err := s.Trials()
		complete := 0
		for _, f := range trials {
			if f.State == hone.Complete {
				complete++
			}
		}
		if err != nil || complete < told {
			t.Errorf("from call %d: %d results were told, %d are stored (%v)", k, told, complete, err)
		}
	}
}

func TestFaultsAreAsNamed(t *testing.T) {
	other := errors.New("other")
	for _, c := range []struct {
		name  string
		fault honetest.Fault
		want  error
	}{
		{"n-th call of a method", honetest.FailOn("SetState", 3, nil), honetest.ErrFault},
		{"own error", honetest.FailOn("SetParam", 1, other), other},
		{"never", honetest.FailOn("SetState", 99, nil), nil},
		{"random", honetest.FailRandomly(1, 0.2), honetest.ErrFault},
	} {
		s, err := hone.NewStudy(&hone.Options{Storage: honetest.Faulty(storage.NewMemory(), c.fault), Seed: 1})
		if err == nil {
			err = s.Optimize(parabola, 5)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestScript(t *testing.T) {
	s, err := hone.NewStudy(&hone.Options{Sampler: &honetest.Script{Trials: []map[string]any{{"x": 1.0}, {"x": -1}, {"x": 2.5}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.OptimizeContext(context.Background(), parabola, nil); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil || len(trials) != 3 || trials[1].Params["x"] != -1.0 || trials[2].Values[0] != 0.25 {
		t.Errorf("%+v, %v", trials, err)
	}
	for _, c := range []struct {
		script []map[string]any
		says   string
	}{
		{[]map[string]any{{}}, `no "x" for trial 0`},
		{[]map[string]any{{"x": 99.0}}, "outside Float(-10, 10)"},
		{[]map[string]any{{"x": "a"}}, "a as \"x\""},
	} {
		s, err := hone.NewStudy(&hone.Options{Sampler: &honetest.Script{Trials: c.script}})
		if err == nil {
			err = s.Optimize(parabola, 1)
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.script, err)
		}
	}
}

func TestScriptThenIsASampler(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &honetest.Script{Then: new(sampler.TPE)} })
	samplertest.Options{Blind: true}.Run(t, func() sampler.Sampler { return &honetest.Script{Then: new(sampler.Random)} })
}

func ExampleFaulty() {
	st := honetest.Faulty(storage.NewMemory(), honetest.FailOn("SetState", 3, nil))
	study, err := hone.NewStudy(&hone.Options{Storage: st})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(parabola, 10)
	fmt.Println(errors.Is(err, honetest.ErrFault))
	// Output: true
}

// A connection that breaks when the first result has been written, and before the
// answer comes back.
func ExampleFault() {
	var broken honetest.Fault = func(method string, n int) (before, after error) {
		if method == "SetState" {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, nil
	}
	study, err := hone.NewStudy(&hone.Options{Storage: honetest.Faulty(storage.NewMemory(), broken)})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(parabola, 1)
	trials, readErr := study.Trials()
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF), trials[0].State, readErr)
	// Output: true complete <nil>
}

// What comes after the script is chosen as by the other sampler itself: it does not
// repeat points, and ends the study, where that one does.
func TestScriptThen(t *testing.T) {
	for _, then := range []sampler.Sampler{new(sampler.Grid), new(sampler.BruteForce), new(sampler.TPE)} {
		s, err := hone.NewStudy(&hone.Options{Seed: 1, Sampler: &honetest.Script{Trials: []map[string]any{{"a": 1, "b": 2}}, Then: then}})
		if err != nil {
			t.Fatal(err)
		}
		points, trials := make(map[string]bool), 0
		o := &hone.OptimizeOptions{Trials: 12}
		if _, ends := then.(sampler.Exhauster); ends {
			o.Trials = 100
		}
		err = s.OptimizeContext(t.Context(), func(tr *hone.Trial) (float64, error) {
			a, b := tr.SuggestInt("a", 0, 2), tr.SuggestInt("b", 0, 3)
			points[fmt.Sprint(a, b)] = true
			trials++
			return float64(a + b), nil
		}, o)
		if err != nil || trials != 12 || len(points) != 12 {
			t.Errorf("%T: %d trials of %d points out of 12, %v", then, trials, len(points), err)
		}
	}
	_, err := hone.NewStudy(&hone.Options{
		Directions: []hone.Direction{hone.Minimize, hone.Minimize},
		Sampler:    &honetest.Script{Then: new(sampler.CMAES)},
	})
	if err == nil || !strings.Contains(err.Error(), "Script.Then: sampler: CMAES takes one objective") {
		t.Errorf("CMAES for two objectives: %v", err)
	}
}

func ExampleScript() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &honetest.Script{
		Trials: []map[string]any{{"x": 1.0}, {"x": 4.0}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := study.OptimizeContext(context.Background(), parabola, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(study.BestParams())
	// Output: map[x:1] <nil>
}
