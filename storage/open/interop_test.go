package open_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/neutral"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
)

// optunas runs a test on an empty database of each kind with each Python Optuna
// that there is: HONE_PYTHON names an interpreter that has version 5, HONE_PYTHON4
// one that has version 4; both need psycopg2 and PyMySQL for the servers.
func optunas(t *testing.T, test func(t *testing.T, python string, p place)) {
	for _, c := range []struct{ name, env string }{{"Optuna5", "HONE_PYTHON"}, {"Optuna4", "HONE_PYTHON4"}} {
		t.Run(c.name, func(t *testing.T) {
			python := os.Getenv(c.env)
			if python == "" {
				t.Skipf("%s does not name a Python that has optuna", c.env)
			}
			places(t, func(t *testing.T, p place) {
				if p.dialect != rdb.SQLite {
					driver := map[rdb.Dialect]string{rdb.PostgreSQL: "psycopg2", rdb.MySQL: "pymysql"}[p.dialect]
					if err := exec.Command(python, "-c", "import "+driver).Run(); err != nil {
						t.Skipf("%s has no %s", python, driver)
					}
				}
				test(t, python, p)
			})
		})
	}
}

// pythonURL is the place's URL for Optuna.
func (p place) pythonURL() string {
	switch p.dialect {
	case rdb.SQLite:
		return "sqlite:///" + p.name
	case rdb.PostgreSQL:
		u := must(url.Parse(p.url))
		u.Scheme = "postgresql+psycopg2"
		return u.String() + "?options=-csearch_path%3D" + p.name
	}
	u := must(url.Parse(p.url))
	u.Scheme, u.Path = "mysql+pymysql", "/"+p.name
	return u.String()
}

// A peer is a Python with Optuna that answers calls; there is one of each
// interpreter, for they take long to start.
type peer struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

var peers sync.Map // by interpreter

func startPeer(t *testing.T, python string) *peer {
	t.Helper()
	p := new(peer)
	if old, ok := peers.LoadOrStore(python, p); ok {
		return old.(*peer)
	}
	cmd := exec.Command(python, "testdata/peer.py", "serve") // ends when our end of the pipe is closed
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	ok(t, err)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	p.in, p.out = in, bufio.NewReader(out)
	return p
}

// peer has Optuna do something with a database and returns its answer.
func (p place) peer(t *testing.T, python, verb string, args ...any) json.RawMessage {
	t.Helper()
	peer := startPeer(t, python)
	peer.mu.Lock()
	defer peer.mu.Unlock()
	call, err := json.Marshal(append([]any{verb, p.pythonURL()}, args...))
	ok(t, err)
	_, err = peer.in.Write(append(call, '\n'))
	ok(t, err)
	line, err := peer.out.ReadBytes('\n')
	ok(t, err)
	var answer struct {
		Answer json.RawMessage
		Error  string
	}
	ok(t, json.Unmarshal(line, &answer))
	if answer.Error != "" {
		t.Fatalf("Optuna: %s%v: %s", verb, args, answer.Error)
	}
	return answer.Answer
}

// agreeWithPython wants Optuna to read from a database what we read from it.
func (p place) agreeWithPython(t *testing.T, python string) {
	t.Helper()
	var want struct{ Studies []map[string]any }
	neutral.Decode(t, p.peer(t, python, "read"), &want)
	st := p.open(t)
	defer st.Close()
	agree(t, st, want.Studies)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// big is the largest integer that a float holds exactly with all below it, or
// what fits an int.
const big = 1 << (strconv.IntSize - 11)

// write fills a database with all that a study can hold.
func write(t *testing.T, st *rdb.Storage) {
	t.Helper()
	ctx := t.Context()
	inf, nan := math.Inf(1), math.NaN()
	texts := []string{`"plain"`, `"na\u00efve ☃ 日本語 \u0001 \ud83d"`, `{"a":[1,2.5,null,true,{"b":"c"}],"":""}`,
		`[NaN,Infinity,-Infinity]`, `1180591620717411303424`, `5e-324`, `1e400`, `null`, `-0.0`, "[ 1,\n 2 ]"}
	study, err := st.CreateStudy(ctx, "all 日本", []storage.Direction{storage.Minimize})
	ok(t, err)
	for i, text := range texts {
		ok(t, st.SetStudyAttr(ctx, study, storage.AttrKind(i%2), fmt.Sprint("k ", i, "\n\"é"), text))
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
		ok(t, err)
		for i, d := range dists {
			ok(t, st.SetParam(ctx, tr.ID, storage.Param{Name: fmt.Sprint("p", i), Value: values[i], Dist: d}))
		}
		for i, v := range []float64{nan, inf, -inf, 0, 1e308, 5e-324, math.Pi} {
			ok(t, st.SetReport(ctx, tr.ID, i*i, v))
		}
		for i, text := range texts {
			ok(t, st.SetTrialAttr(ctx, tr.ID, storage.AttrKind(i%2), fmt.Sprint("k", i), text))
		}
		ok(t, st.SetTrialAttr(ctx, tr.ID, storage.SystemAttr, storage.AttrConstraints, "[-1.0, 0.5]"))
		state := []storage.State{storage.Complete, storage.Pruned, storage.Failed, storage.Complete}[number]
		v := [][]float64{{0.125}, {math.Pi}, nil, {inf}}[number]
		_, err = st.SetState(ctx, tr.ID, state, v)
		ok(t, err)
	}
	held, _, err := st.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
	ok(t, err)
	ok(t, st.Beat(ctx, study, "w", 1, []int64{held.ID}))
	for range 2 {
		_, err = st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting, SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: `{"p3":3.0}`}}})
		ok(t, err)
	}
	claimed, _, err := st.Claim(ctx, study, storage.Claim{})
	ok(t, err)
	_, err = st.Requeue(ctx, claimed.ID, "", []storage.Attr{{Key: storage.AttrLost, Value: `"gone"`}}, &storage.Trial{State: storage.Waiting, Params: []storage.Param{{Name: "p3", Value: 3, Dist: dists[3]}}})
	ok(t, err)
	waiting, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
	ok(t, err)
	_, err = st.SetState(ctx, waiting.ID, storage.Complete, []float64{7}) // without having run
	ok(t, err)
	back, err := st.CreateTrial(ctx, study, nil)
	ok(t, err)
	_, err = st.SetState(ctx, back.ID, storage.Waiting, nil)
	ok(t, err)

	gone, err := st.CreateStudy(ctx, "gone", []storage.Direction{storage.Maximize})
	ok(t, err)
	_, err = st.CreateTrial(ctx, gone, nil)
	ok(t, err)
	ok(t, st.DeleteStudy(ctx, gone))

	multi, err := st.CreateStudy(ctx, "multi", []storage.Direction{storage.Minimize, storage.Maximize})
	ok(t, err)
	at := time.Date(2026, 2, 28, 23, 59, 59, 999999000, time.FixedZone("", -7*3600))
	_, err = st.CreateTrial(ctx, multi, &storage.Trial{
		State: storage.Complete, Values: []float64{1, inf}, Started: at, Finished: at.Add(time.Hour),
		Params:    []storage.Param{{Name: "b", Value: 1, Dist: dists[8]}, {Name: "a", Value: 0.5, Dist: dists[0]}},
		Reports:   []storage.Report{{Step: 3, Value: nan}, {Step: 1 << 30, Value: 1}},
		UserAttrs: storage.Attrs{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}},
	})
	ok(t, err)
	_, err = st.CreateTrial(ctx, multi, &storage.Trial{State: storage.Failed})
	ok(t, err)
	_, err = st.CreateStudy(ctx, "", []storage.Direction{storage.Maximize})
	ok(t, err)
}

// What we write, Optuna reads as we do; it copies it and deletes it.
func TestPythonReads(t *testing.T) {
	optunas(t, func(t *testing.T, python string, p place) {
		st := p.open(t)
		defer st.Close()
		write(t, st)
		p.agreeWithPython(t, python)

		copied := place{server{name: "SQLite", dialect: rdb.SQLite}, filepath.Join(t.TempDir(), "copy.db")}
		for _, name := range []string{"all 日本", "multi"} {
			p.peer(t, python, "copy", name, copied.pythonURL())
		}
		cst := copied.open(t)
		defer cst.Close()
		studies, err := cst.Studies(t.Context())
		ok(t, err)
		if len(studies) != 2 {
			t.Fatalf("%d studies were copied, want 2", len(studies))
		}
		for _, c := range studies {
			id, err := st.FindStudy(t.Context(), c.Name)
			ok(t, err)
			original, err := st.Study(t.Context(), id)
			ok(t, err)
			ours, err := st.Trials(t.Context(), id, -1, nil)
			ok(t, err)
			theirs, err := cst.Trials(t.Context(), c.ID, -1, nil)
			ok(t, err)
			original.ID = c.ID
			for i := range ours {
				if i < len(theirs) {
					ours[i].ID = theirs[i].ID
				}
			}
			for k := len(c.SystemAttrs) - 1; k >= 0; k-- {
				if strings.HasPrefix(c.SystemAttrs[k].Key, "hone:beat:") {
					t.Errorf("a beat is shown: %v", c.SystemAttrs[k])
				}
			}
			var got, want any
			neutral.Decode(t, neutral.Study(t, c, theirs), &got)
			neutral.Decode(t, neutral.Study(t, original, ours), &want)
			neutral.Compare(t, "copy of "+c.Name, got, want)
		}
		p.peer(t, python, "delete", "all 日本")
		if _, err := st.FindStudy(t.Context(), "all 日本"); !errors.Is(err, storage.ErrStudyNotFound) {
			t.Errorf("FindStudy of what Optuna deleted: %v", err)
		}
		p.agreeWithPython(t, python)
	})
}

// What Optuna writes, we read as it does; we go on with it, copy it, and delete
// it.
func TestPythonWrites(t *testing.T) {
	optunas(t, func(t *testing.T, python string, p place) {
		p.peer(t, python, "fill")
		p.agreeWithPython(t, python)
		st := p.open(t)
		defer st.Close()
		study, err := hone.LoadStudy(t.Context(), st, "all 日本", nil)
		ok(t, err)
		ok(t, study.Optimize(func(t *hone.Trial) (float64, error) {
			if t.Number()%3 == 2 {
				t.Report(1, 2)
				return 0, hone.ErrPruned
			}
			return t.SuggestFloat("x", 0, 1) + float64(t.SuggestInt("n", 1, 9)), nil
		}, 5))
		p.agreeWithPython(t, python)
		p.peer(t, python, "continue", "all 日本", 3)
		p.agreeWithPython(t, python)
		ok(t, hone.CopyStudy(t.Context(), st, "multi", st, "multi's copy"))
		ok(t, hone.DeleteStudy(t.Context(), st, "all 日本"))
		p.agreeWithPython(t, python)
		p.peer(t, python, "delete", "multi's copy")
		p.agreeWithPython(t, python)
	})
}

// Optuna and we take turns on one study.
func TestPythonContinues(t *testing.T) {
	optunas(t, func(t *testing.T, python string, p place) {
		st := p.open(t)
		defer st.Close()
		ctx := t.Context()
		study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		params := []storage.Param{
			{Name: "x", Value: 0.25, Dist: distributions.Float{Low: 0, High: 1}},
			{Name: "n", Value: 3, Dist: distributions.Int{Low: 1, High: 9, Step: 1}},
			{Name: "c", Value: 1, Dist: distributions.Categorical{Choices: []any{"a", "b"}}},
		}
		for round := range 3 {
			_, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting,
				SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: fmt.Sprintf(`{"x":0.5,"n":%d,"c":"b"}`, round+1)}}})
			ok(t, err)
			p.peer(t, python, "continue", "s", 3)
			ts, err := st.Trials(ctx, study, -1, nil)
			ok(t, err)
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
			mine, claimed, err := st.Claim(ctx, study, storage.Claim{Budget: 4*round + 4})
			if err != nil || !claimed || mine.Number != 4*round+3 {
				t.Fatalf("round %d: Claim: number %d, %v, %v", round, mine.Number, claimed, err)
			}
			for _, param := range params {
				ok(t, st.SetParam(ctx, mine.ID, param))
			}
			_, err = st.SetState(ctx, mine.ID, storage.Complete, []float64{float64(round)})
			ok(t, err)
			p.agreeWithPython(t, python)
		}
		err = st.SetParam(ctx, 1, storage.Param{Name: "x", Value: 1, Dist: distributions.Int{Low: 0, High: 1, Step: 1}})
		if !errors.Is(err, storage.ErrTrialFinished) {
			t.Errorf("SetParam on a finished trial of Optuna's: %v", err)
		}
		free, err := st.CreateTrial(ctx, study, nil)
		ok(t, err)
		err = st.SetParam(ctx, free.ID, storage.Param{Name: "x", Value: 1, Dist: distributions.Int{Low: 0, High: 1, Step: 1}})
		if !errors.Is(err, storage.ErrIncompatible) {
			t.Errorf("SetParam of another kind than Optuna's: %v", err)
		}
	})
}

// Workers in Python that watch heartbeats see that our trials are alive, and that
// they are not when the beats have stopped.
func TestPythonSeesBeats(t *testing.T) {
	optunas(t, func(t *testing.T, python string, p place) {
		st := p.open(t)
		defer st.Close()
		ctx := t.Context()
		study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		var held []int64
		for range 3 {
			tr, _, err := st.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
			ok(t, err)
			held = append(held, tr.ID)
		}
		ok(t, st.Beat(ctx, study, "w", 1, held))
		stale := func() (numbers []int) {
			ok(t, json.Unmarshal(p.peer(t, python, "heartbeats", "s"), &numbers))
			return numbers
		}
		if n := stale(); len(n) != 0 {
			t.Errorf("Optuna takes the trials %v for stale after a beat", n)
		}
		p.exec(t, "UPDATE trial_heartbeats SET heartbeat = "+map[rdb.Dialect]string{
			rdb.SQLite: "datetime('now', '-1 hour')", rdb.PostgreSQL: "CURRENT_TIMESTAMP - INTERVAL '1 hour'", rdb.MySQL: "CURRENT_TIMESTAMP - INTERVAL 1 HOUR",
		}[p.dialect])
		if n := stale(); len(n) != 3 {
			t.Errorf("Optuna takes the trials %v for stale; none had a beat for an hour", n)
		}
		ok(t, st.Beat(ctx, study, "w", 2, held[1:]))
		if n := stale(); len(n) != 1 || n[0] != 0 {
			t.Errorf("Optuna takes the trials %v for stale; trial 0 alone had no beat for an hour", n)
		}
	})
}
