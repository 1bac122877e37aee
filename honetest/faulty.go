package honetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/gohone/hone/storage"
)

// ErrFault is what a storage made by Faulty fails with, by [errors.Is], unless
// the fault names another error.
var ErrFault = errors.New("honetest: injected fault")

// A Fault decides what becomes of a call to a storage. method is the method's
// name ("SetState"), n counts all calls from 1. A Before error keeps the call from
// being made; an After error lets it take effect and then reports failure, as when
// a connection breaks before the answer. Both nil let the call through.
type Fault func(method string, n int) (before, after error)

// Faulty returns a storage that passes calls on to st, except where fault says
// otherwise. It offers the optional interfaces that st offers. Use it to test what
// your program does when its storage fails:
//
//	st := honetest.Faulty(storage.NewMemory(), honetest.FailOn("SetState", 3, nil))
//	study, err := hone.NewStudy(&hone.Options{Storage: st})
//
// Close is always passed on.
func Faulty(st storage.Storage, fault Fault) storage.Storage {
	f := &faulty{st: st, fault: fault}
	switch st := st.(type) {
	case storage.Leaser:
		leaser := faultyLeaser{faultyClaimer{f, st}, st}
		if group, ok := st.(storage.GroupClaimer); ok {
			return &faultyGroups{leaser, group}
		}
		return &leaser
	case storage.Claimer:
		return &faultyClaimer{f, st}
	}
	return f
}

// FailOn fails the k-th call (from 1) of one method, before it takes effect. A nil
// err stands for ErrFault.
func FailOn(method string, k int, err error) Fault {
	calls := 0
	return func(m string, n int) (error, error) {
		if m != method {
			return nil, nil
		}
		if calls++; calls != k {
			return nil, nil
		}
		return orFault(err, m, n), nil
	}
}

// FailFrom fails every call from the n-th (from 1) on, as when the network is gone.
// A nil err stands for ErrFault.
func FailFrom(first int, err error) Fault {
	return func(m string, n int) (error, error) {
		if n < first {
			return nil, nil
		}
		return orFault(err, m, n), nil
	}
}

// FailRandomly fails calls with probability p, half of them before and half of them
// after they take effect. One seed gives the same faults for the same calls.
func FailRandomly(seed uint64, p float64) Fault {
	r := rand.New(rand.NewPCG(seed, 0))
	return func(m string, n int) (error, error) {
		u, after := r.Float64(), r.IntN(2) == 1
		if u >= p {
			return nil, nil
		}
		if after {
			return nil, orFault(nil, m, n)
		}
		return orFault(nil, m, n), nil
	}
}

func orFault(err error, method string, n int) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: call %d, %s", ErrFault, n, method)
}

type faulty struct {
	st storage.Storage

	mu    sync.Mutex // a Fault is called by one goroutine at a time
	n     int
	fault Fault
}

// pass makes a call as the fault decides.
func (f *faulty) pass(method string, call func() error) error {
	f.mu.Lock()
	f.n++
	before, after := f.fault(method, f.n)
	f.mu.Unlock()
	if before != nil {
		return before
	}
	if err := call(); err != nil {
		return err
	}
	return after
}

func (f *faulty) InMemory() bool {
	m, ok := f.st.(storage.InMemory)
	return ok && m.InMemory()
}

func (f *faulty) Close() error { return f.st.Close() }

func (f *faulty) CreateStudy(ctx context.Context, name string, directions []storage.Direction) (id int64, err error) {
	err = f.pass("CreateStudy", func() (err error) { id, err = f.st.CreateStudy(ctx, name, directions); return })
	return id, err
}

func (f *faulty) DeleteStudy(ctx context.Context, study int64) error {
	return f.pass("DeleteStudy", func() error { return f.st.DeleteStudy(ctx, study) })
}

func (f *faulty) FindStudy(ctx context.Context, name string) (id int64, err error) {
	err = f.pass("FindStudy", func() (err error) { id, err = f.st.FindStudy(ctx, name); return })
	return id, err
}

func (f *faulty) Study(ctx context.Context, study int64) (s storage.Study, err error) {
	err = f.pass("Study", func() (err error) { s, err = f.st.Study(ctx, study); return })
	return s, err
}

func (f *faulty) Studies(ctx context.Context) (all []storage.Study, err error) {
	err = f.pass("Studies", func() (err error) { all, err = f.st.Studies(ctx); return })
	return all, err
}

func (f *faulty) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	return f.pass("SetStudyAttr", func() error { return f.st.SetStudyAttr(ctx, study, kind, key, value) })
}

func (f *faulty) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (t storage.Trial, err error) {
	err = f.pass("CreateTrial", func() (err error) { t, err = f.st.CreateTrial(ctx, study, template); return })
	return t, err
}

func (f *faulty) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	return f.pass("SetParam", func() error { return f.st.SetParam(ctx, trial, p) })
}

func (f *faulty) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	return f.pass("SetReport", func() error { return f.st.SetReport(ctx, trial, step, value) })
}

func (f *faulty) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	return f.pass("SetTrialAttr", func() error { return f.st.SetTrialAttr(ctx, trial, kind, key, value) })
}

func (f *faulty) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (done bool, err error) {
	err = f.pass("SetState", func() (err error) { done, err = f.st.SetState(ctx, trial, state, values); return })
	return done, err
}

func (f *faulty) Trial(ctx context.Context, trial int64) (t storage.Trial, err error) {
	err = f.pass("Trial", func() (err error) { t, err = f.st.Trial(ctx, trial); return })
	return t, err
}

func (f *faulty) Trials(ctx context.Context, study, after int64, include []int64) (all []storage.Trial, err error) {
	err = f.pass("Trials", func() (err error) { all, err = f.st.Trials(ctx, study, after, include); return })
	return all, err
}

type faultyClaimer struct {
	*faulty
	claimer storage.Claimer
}

func (f *faultyClaimer) Claim(ctx context.Context, study int64, c storage.Claim) (t storage.Trial, ok bool, err error) {
	err = f.pass("Claim", func() (err error) { t, ok, err = f.claimer.Claim(ctx, study, c); return })
	return t, ok, err
}

func (f *faultyClaimer) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (done bool, err error) {
	err = f.pass("Requeue", func() (err error) { done, err = f.claimer.Requeue(ctx, trial, holder, attrs, retry); return })
	return done, err
}

type faultyLeaser struct {
	faultyClaimer
	leaser storage.Leaser
}

func (f *faultyLeaser) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	return f.pass("Beat", func() error { return f.leaser.Beat(ctx, study, worker, seq, trials) })
}

func (f *faultyLeaser) Beats(ctx context.Context, study int64) (beats map[string]int64, err error) {
	err = f.pass("Beats", func() (err error) { beats, err = f.leaser.Beats(ctx, study); return })
	return beats, err
}

type faultyGroups struct {
	faultyLeaser
	groups storage.GroupClaimer
}

// ClaimGroup is a Claim to the fault.
func (f *faultyGroups) ClaimGroup(ctx context.Context, study int64, c storage.Claim, n int) (all []storage.Trial, err error) {
	err = f.pass("Claim", func() (err error) { all, err = f.groups.ClaimGroup(ctx, study, c, n); return })
	return all, err
}
