package journal_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/neutral"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// optunas runs a test with each Python Optuna that there is: HONE_PYTHON names
// an interpreter that has version 5, HONE_PYTHON4 one that has version 4.
func optunas(t *testing.T, test func(t *testing.T, python string)) {
	for name, env := range map[string]string{"Optuna5": "HONE_PYTHON", "Optuna4": "HONE_PYTHON4"} {
		t.Run(name, func(t *testing.T) {
			python := os.Getenv(env)
			if python == "" {
				t.Skipf("%s does not name a Python that has optuna", env)
			}
			test(t, python)
		})
	}
}

func peer(t *testing.T, python string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(python, append([]string{"testdata/peer.py"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("peer.py %s: %v\n%s", args[0], err, stderr.String())
	}
	return out
}

// agree wants Optuna to read from a journal what we read from it.
func agree(t *testing.T, python, path string) {
	t.Helper()
	var want struct{ Studies []map[string]any }
	neutral.Decode(t, peer(t, python, "read", path), &want)
	st, err := journal.Open(path, &journal.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	studies, err := st.Studies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(studies) != len(want.Studies) {
		t.Fatalf("Optuna reads %d studies, we %d", len(want.Studies), len(studies))
	}
	for i, s := range studies {
		trials, err := st.Trials(t.Context(), s.ID, -1, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		neutral.Decode(t, neutral.Study(t, s, trials), &got)
		for k, w := range want.Studies[i]["trials"].([]any) {
			if _, ok := w.(map[string]any)["constraints"]; !ok { // Optuna 4
				delete(got["trials"].([]any)[k].(map[string]any), "constraints")
			}
		}
		neutral.Compare(t, s.Name, got, want.Studies[i])
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// big is the largest integer that a float holds exactly with all below it, or
// what fits an int.
const big = 1 << (strconv.IntSize - 11)

// write fills a journal with all that a study can hold.
func write(t *testing.T, st *journal.Storage) {
	t.Helper()
	ctx := t.Context()
	inf, nan := math.Inf(1), math.NaN()
	texts := []string{`"plain"`, `"na\u00efve ☃ 日本語 \u0001 \ud83d"`, `{"a":[1,2.5,null,true,{"b":"c"}],"":""}`,
		`[NaN,Infinity,-Infinity]`, `1180591620717411303424`, `5e-324`, `1e400`, `null`, `-0.0`, "[ 1,\n 2 ]"}
	study, err := st.CreateStudy(ctx, "all 日本", []storage.Direction{storage.Minimize})
	must(t, err)
	for i, text := range texts {
		must(t, st.SetStudyAttr(ctx, study, storage.AttrKind(i%2), fmt.Sprint("k ", i, "\n\"é"), text))
	}
	dists := []distributions.Distribution{
		distributions.Float{Low: -1.5, High: 2.5}, distributions.Float{Low: 1e-5, High: 1, Log: true},
		distributions.Float{Low: 0, High: 0.95, Step: 0.1}, distributions.Float{Low: 3, High: 3},
		distributions.Int{Low: -3, High: 12, Step: 1}, distributions.Int{Low: 1, High: 1024, Step: 1, Log: true},
		distributions.Int{Low: 0, High: 20, Step: 5}, distributions.Int{Low: 0, High: big, Step: 1},
		distributions.Categorical{Choices: []any{"adam", "日本", "\"\\"}},
		distributions.Categorical{Choices: []any{nil, true, 2, 2.5, "1"}},
		distributions.Categorical{Choices: []any{nan, inf, -inf, 0.1}},
	}
	values := []float64{0.1, 1e-5, 0.9, 3, -3, 1024, 20, big, 1, 4, 0}
	for number := range 4 {
		tr, err := st.CreateTrial(ctx, study, nil)
		must(t, err)
		for i, d := range dists {
			must(t, st.SetParam(ctx, tr.ID, storage.Param{Name: fmt.Sprint("p", i), Value: values[i], Dist: d}))
		}
		for i, v := range []float64{nan, inf, -inf, 0, 1e308, 5e-324, math.Pi} {
			must(t, st.SetReport(ctx, tr.ID, i*i, v))
		}
		for i, text := range texts {
			must(t, st.SetTrialAttr(ctx, tr.ID, storage.AttrKind(i%2), fmt.Sprint("k", i), text))
		}
		must(t, st.SetTrialAttr(ctx, tr.ID, storage.SystemAttr, storage.AttrConstraints, "[-1.0, 0.5]"))
		state := []storage.State{storage.Complete, storage.Pruned, storage.Failed, storage.Complete}[number]
		v := [][]float64{{math.Copysign(0, -1)}, {math.Pi}, nil, {inf}}[number]
		_, err = st.SetState(ctx, tr.ID, state, v)
		must(t, err)
	}
	_, _, err = st.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
	must(t, err)
	for range 2 {
		_, err = st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting, SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: `{"p3":3.0}`}}})
		must(t, err)
	}
	claimed, _, err := st.Claim(ctx, study, storage.Claim{})
	must(t, err)
	_, err = st.Requeue(ctx, claimed.ID, "", []storage.Attr{{Key: storage.AttrLost, Value: `"gone"`}}, &storage.Trial{State: storage.Waiting, Params: []storage.Param{{Name: "p3", Value: 3, Dist: dists[3]}}})
	must(t, err)
	waiting, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
	must(t, err)
	_, err = st.SetState(ctx, waiting.ID, storage.Complete, []float64{7}) // without having run
	must(t, err)
	back, err := st.CreateTrial(ctx, study, nil)
	must(t, err)
	_, err = st.SetState(ctx, back.ID, storage.Waiting, nil)
	must(t, err)

	gone, err := st.CreateStudy(ctx, "gone", []storage.Direction{storage.Maximize})
	must(t, err)
	_, err = st.CreateTrial(ctx, gone, nil)
	must(t, err)
	must(t, st.DeleteStudy(ctx, gone))

	multi, err := st.CreateStudy(ctx, "multi", []storage.Direction{storage.Minimize, storage.Maximize})
	must(t, err)
	at := time.Date(2026, 2, 28, 23, 59, 59, 999999000, time.FixedZone("", -7*3600))
	_, err = st.CreateTrial(ctx, multi, &storage.Trial{
		State: storage.Complete, Values: []float64{1, inf}, Started: at, Finished: at.Add(time.Hour),
		Params:    []storage.Param{{Name: "b", Value: 1, Dist: dists[8]}, {Name: "a", Value: 0.5, Dist: dists[0]}},
		Reports:   []storage.Report{{Step: 3, Value: nan}, {Step: 1 << 30, Value: 1}},
		UserAttrs: storage.Attrs{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}},
	})
	must(t, err)
	_, err = st.CreateTrial(ctx, multi, &storage.Trial{State: storage.Failed})
	must(t, err)
	_, err = st.CreateStudy(ctx, "", []storage.Direction{storage.Maximize})
	must(t, err)
}

// What we write, Optuna reads as we do; it goes on with it and copies it.
func TestPythonReads(t *testing.T) {
	optunas(t, func(t *testing.T, python string) {
		path := filepath.Join(t.TempDir(), "study.log")
		st, err := journal.Open(path, nil)
		must(t, err)
		defer st.Close()
		write(t, st)
		agree(t, python, path)

		to := filepath.Join(t.TempDir(), "copy.log")
		for _, name := range []string{"all 日本", "multi"} {
			peer(t, python, "copy", path, name, to)
		}
		copied, err := journal.Open(to, nil)
		must(t, err)
		defer copied.Close()
		studies, err := copied.Studies(t.Context())
		must(t, err)
		if len(studies) != 2 {
			t.Fatalf("%d studies were copied, want 2", len(studies))
		}
		for _, c := range studies {
			id, err := st.FindStudy(t.Context(), c.Name)
			must(t, err)
			original, err := st.Study(t.Context(), id)
			must(t, err)
			ours, err := st.Trials(t.Context(), id, -1, nil)
			must(t, err)
			theirs, err := copied.Trials(t.Context(), c.ID, -1, nil)
			must(t, err)
			original.ID = c.ID
			for i := range ours {
				if i < len(theirs) {
					ours[i].ID = theirs[i].ID
				}
			}
			var got, want any
			neutral.Decode(t, neutral.Study(t, c, theirs), &got)
			neutral.Decode(t, neutral.Study(t, original, ours), &want)
			neutral.Compare(t, "copy of "+c.Name, got, want)
		}
	})
}

// Optuna and we take turns on one study.
func TestPythonContinues(t *testing.T) {
	optunas(t, func(t *testing.T, python string) {
		path := filepath.Join(t.TempDir(), "study.log")
		st, err := journal.Open(path, nil)
		must(t, err)
		defer st.Close()
		ctx := t.Context()
		study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
		must(t, err)
		params := []storage.Param{
			{Name: "x", Value: 0.25, Dist: distributions.Float{Low: 0, High: 1}},
			{Name: "n", Value: 3, Dist: distributions.Int{Low: 1, High: 9, Step: 1}},
			{Name: "c", Value: 1, Dist: distributions.Categorical{Choices: []any{"a", "b"}}},
		}
		for round := range 3 {
			_, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting,
				SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: fmt.Sprintf(`{"x":0.5,"n":%d,"c":"b"}`, round+1)}}})
			must(t, err)
			if round == 1 { // a writer of ours was killed in the middle of a record
				f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
				must(t, err)
				_, err = f.WriteString(`{"op_code":7,"worker_id":"`)
				must(t, err)
				must(t, f.Close())
				must(t, st.SetStudyAttr(ctx, study, storage.UserAttr, "torn", "1"))
			}
			peer(t, python, "continue", path, "s", "3")
			ts, err := st.Trials(ctx, study, -1, nil)
			must(t, err)
			if len(ts) != 4*round+3 {
				t.Fatalf("round %d: %d trials, want %d", round, len(ts), 4*round+3)
			}
			first := ts[4*round]
			if first.State != storage.Complete || len(first.Params) != 3 || first.Params[1].Value != float64(round+1) || first.Values[0] != 0.5*float64(round+1) {
				t.Errorf("round %d: what we enqueued became %+v", round, first)
			}
			for i, tr := range ts {
				if tr.Number != i || tr.State != storage.Complete || tr.Started.IsZero() || tr.Finished.Before(tr.Started) ||
					time.Since(tr.Started) > 10*time.Minute || time.Until(tr.Finished) > time.Minute {
					t.Errorf("round %d: trial %d is %+v", round, i, tr)
				}
			}
			mine, ok, err := st.Claim(ctx, study, storage.Claim{Budget: 4*round + 4})
			if err != nil || !ok || mine.Number != 4*round+3 {
				t.Fatalf("round %d: Claim: number %d, %v, %v", round, mine.Number, ok, err)
			}
			for _, p := range params {
				must(t, st.SetParam(ctx, mine.ID, p))
			}
			_, err = st.SetState(ctx, mine.ID, storage.Complete, []float64{float64(round)})
			must(t, err)
			agree(t, python, path)
		}
		err = st.SetParam(ctx, 0, storage.Param{Name: "x", Value: 1, Dist: distributions.Int{Low: 0, High: 1, Step: 1}})
		if err == nil {
			t.Error("a finished trial of Optuna's was changed")
		}
	})
}
