package storagetest_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

// A broken storage is a handle that breaks one promise: where a function is
// set, it stands in for the method.
type broken struct {
	*handle
	createStudy  func(ctx context.Context, name string, d []storage.Direction) (int64, error)
	deleteStudy  func(ctx context.Context, study int64) error
	findStudy    func(ctx context.Context, name string) (int64, error)
	study        func(ctx context.Context, study int64) (storage.Study, error)
	studies      func(ctx context.Context) ([]storage.Study, error)
	setStudyAttr func(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error
	createTrial  func(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error)
	setParam     func(ctx context.Context, trial int64, p storage.Param) error
	setReport    func(ctx context.Context, trial int64, step int, value float64) error
	setTrialAttr func(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error
	setState     func(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error)
	trial        func(ctx context.Context, trial int64) (storage.Trial, error)
	trials       func(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error)
	claim        func(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error)
	claimGroup   func(ctx context.Context, study int64, c storage.Claim, n int) ([]storage.Trial, error)
	requeue      func(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error)
	beat         func(ctx context.Context, study int64, worker string, seq int64, trials []int64) error
	beats        func(ctx context.Context, study int64) (map[string]int64, error)
	close        func() error
}

// breakIt returns options whose storages break takes apart.
func breakIt(take func(b *broken)) storagetest.Options {
	wrap := func(st storage.Storage) storage.Storage {
		h := st.(*handle)
		b := &broken{
			handle: h, createStudy: h.CreateStudy, deleteStudy: h.DeleteStudy, findStudy: h.FindStudy, study: h.Study, studies: h.Studies,
			setStudyAttr: h.SetStudyAttr, createTrial: h.CreateTrial, setParam: h.SetParam, setReport: h.SetReport,
			setTrialAttr: h.SetTrialAttr, setState: h.SetState, trial: h.Trial, trials: h.Trials, claim: h.Claim, claimGroup: h.ClaimGroup,
			requeue: h.Requeue, beat: h.Beat, beats: h.Beats, close: h.Close,
		}
		take(b)
		return b
	}
	return storagetest.Options{
		Open: func(tb testing.TB) storage.Storage { return wrap(openHandle(tb)) },
		Reopen: func(tb testing.TB, st storage.Storage) storage.Storage {
			return wrap(reopenHandle(tb, st.(*broken).handle))
		},
	}
}

func (b *broken) CreateStudy(ctx context.Context, name string, d []storage.Direction) (int64, error) {
	return b.createStudy(ctx, name, d)
}
func (b *broken) DeleteStudy(ctx context.Context, study int64) error {
	return b.deleteStudy(ctx, study)
}
func (b *broken) FindStudy(ctx context.Context, name string) (int64, error) {
	return b.findStudy(ctx, name)
}
func (b *broken) Study(ctx context.Context, study int64) (storage.Study, error) {
	return b.study(ctx, study)
}
func (b *broken) Studies(ctx context.Context) ([]storage.Study, error) { return b.studies(ctx) }
func (b *broken) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	return b.setStudyAttr(ctx, study, kind, key, value)
}
func (b *broken) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	return b.createTrial(ctx, study, template)
}
func (b *broken) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	return b.setParam(ctx, trial, p)
}
func (b *broken) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	return b.setReport(ctx, trial, step, value)
}
func (b *broken) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	return b.setTrialAttr(ctx, trial, kind, key, value)
}
func (b *broken) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	return b.setState(ctx, trial, state, values)
}
func (b *broken) Trial(ctx context.Context, trial int64) (storage.Trial, error) {
	return b.trial(ctx, trial)
}
func (b *broken) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	return b.trials(ctx, study, after, include)
}
func (b *broken) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	return b.claim(ctx, study, c)
}
func (b *broken) ClaimGroup(ctx context.Context, study int64, c storage.Claim, n int) ([]storage.Trial, error) {
	return b.claimGroup(ctx, study, c, n)
}
func (b *broken) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	return b.requeue(ctx, trial, holder, attrs, retry)
}
func (b *broken) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	return b.beat(ctx, study, worker, seq, trials)
}
func (b *broken) Beats(ctx context.Context, study int64) (map[string]int64, error) {
	return b.beats(ctx, study)
}
func (b *broken) Close() error { return b.close() }

// onRead changes every trial that a storage returns.
func (b *broken) onRead(change func(t *storage.Trial)) {
	trial, trials, create := b.trial, b.trials, b.createTrial
	b.trial = func(ctx context.Context, id int64) (storage.Trial, error) {
		t, err := trial(ctx, id)
		t = t.Clone()
		change(&t)
		return t, err
	}
	b.trials = func(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
		ts, err := trials(ctx, study, after, include)
		for i := range ts {
			ts[i] = ts[i].Clone()
			change(&ts[i])
		}
		return ts, err
	}
	b.createTrial = func(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
		t, err := create(ctx, study, template)
		t = t.Clone()
		change(&t)
		return t, err
	}
}

// onAttr changes every attribute that is set.
func (b *broken) onAttr(change func(kind storage.AttrKind, key, value string) (storage.AttrKind, string, string)) {
	study, trial := b.setStudyAttr, b.setTrialAttr
	b.setStudyAttr = func(ctx context.Context, id int64, kind storage.AttrKind, key, value string) error {
		kind, key, value = change(kind, key, value)
		return study(ctx, id, kind, key, value)
	}
	b.setTrialAttr = func(ctx context.Context, id int64, kind storage.AttrKind, key, value string) error {
		kind, key, value = change(kind, key, value)
		return trial(ctx, id, kind, key, value)
	}
}

// clumsy lets others in between two steps that belong together.
func clumsy() {
	for range 3 {
		runtime.Gosched()
	}
}

// A breakage is one way to break a storage.
type breakage struct {
	name  string
	take  func(b *broken)
	check string // the check that must fail
	says  string // what it must say
}

// Each promise is seen to break.
func TestBrokenStorages(t *testing.T) {
	for _, c := range slices.Concat(brokenKeeping, brokenSharing) {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			got := storagetest.FailuresOf(t, breakIt(c.take), c.check)
			if len(got) == 0 {
				t.Fatalf("%s passes", c.check)
			}
			if !slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, c.says) }) {
				t.Errorf("%s does not say %q, but %.300q", c.check, c.says, got)
			}
		})
	}
	// Unbroken, the same storage passes.
	if got := storagetest.Failures(t, breakIt(func(*broken) {})); len(got) > 0 {
		t.Errorf("unbroken: %q", got)
	}
}

// What a format cannot keep is forgiven where the options say so.
func TestOptionsForgive(t *testing.T) {
	seconds := breakIt(func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			t.Started, t.Finished = t.Started.Truncate(time.Second), t.Finished.Truncate(time.Second)
		})
	})
	seconds.TimeResolution = time.Second
	unordered := breakIt(func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			slices.SortFunc(t.Params, func(x, y storage.Param) int { return strings.Compare(x.Name, y.Name) })
			slices.SortFunc(t.UserAttrs, func(x, y storage.Attr) int { return strings.Compare(x.Key, y.Key) })
		})
	})
	unordered.Unordered = true
	for name, o := range map[string]storagetest.Options{"TimeResolution": seconds, "Unordered": unordered} {
		if got := storagetest.Failures(t, o); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// No check is without something that it finds.
func TestEveryCheckCanFail(t *testing.T) {
	broken := make(map[string]bool)
	for _, c := range slices.Concat(brokenKeeping, brokenSharing) {
		broken[c.check] = true
	}
	for _, name := range storagetest.Names(t, whole) {
		if !broken[name] {
			t.Errorf("nothing is broken for %s to find", name)
		}
	}
}
