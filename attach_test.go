package hone_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/honetest"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A countingSampler knows how many finished trials it was shown last.
type countingSampler struct{ finished int }

func (s *countingSampler) Sample(_ context.Context, q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
	s.finished = q.History.Len()
	return d.FromUnit(0.5), nil
}

// A meddler calls a function of the test after a result was stored.
type meddler struct {
	storage.Storage
	after func()
}

func (m *meddler) SetState(ctx context.Context, id int64, state storage.State, values []float64) (bool, error) {
	ok, err := m.Storage.SetState(ctx, id, state, values)
	if err == nil && m.after != nil {
		m.after()
	}
	return ok, err
}

// A trial that is attached is known once, whoever ends it, and however late the
// other one notices.
func TestAttachedTrialIsKnownOnce(t *testing.T) {
	ctx := context.Background()
	read := func(s *hone.Study) {
		if _, err := s.BestValue(); err != nil && !errors.Is(err, hone.ErrNoTrials) {
			t.Error(err)
		}
	}
	attach := func(s *hone.Study, n int) *hone.Trial {
		t.Helper()
		tr, err := s.Attach(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	tell := func(s *hone.Study, tr *hone.Trial, want error) {
		t.Helper()
		if err := s.Tell(ctx, tr, 1); !errors.Is(err, want) {
			t.Errorf("tell: %v, not %v", err, want)
		}
	}
	for _, c := range []struct {
		name string
		run  func(here, there *hone.Study, asked *hone.Trial, m *meddler)
	}{
		{"told elsewhere, and read", func(here, there *hone.Study, asked *hone.Trial, _ *meddler) {
			attached := attach(there, 0)
			tell(here, asked, nil)
			read(there)
			tell(there, attached, hone.ErrTrialFinished)
		}},
		{"told elsewhere, not read yet", func(here, there *hone.Study, asked *hone.Trial, _ *meddler) {
			attached := attach(there, 0)
			tell(here, asked, nil)
			tell(there, attached, hone.ErrTrialFinished)
		}},
		{"attached twice, running when last read", func(_, there *hone.Study, _ *hone.Trial, _ *meddler) {
			read(there)
			first, second := attach(there, 0), attach(there, 0)
			tell(there, first, nil)
			tell(there, second, hone.ErrTrialFinished)
		}},
		{"attached twice, never read", func(_, there *hone.Study, _ *hone.Trial, _ *meddler) {
			first, second := attach(there, 0), attach(there, 0)
			tell(there, first, nil)
			tell(there, second, hone.ErrTrialFinished)
		}},
		{"read while it is told", func(_, there *hone.Study, _ *hone.Trial, m *meddler) {
			attached := attach(there, 0)
			m.after = func() { read(there) }
			tell(there, attached, nil)
		}},
		{"taken from the queue, and read while it is told", func(_, there *hone.Study, _ *hone.Trial, m *meddler) {
			attached := attach(there, 0)
			m.after = func() { read(there) }
			tell(there, attached, nil)
		}},
		{"attached twice, the second told while the first is", func(_, there *hone.Study, _ *hone.Trial, m *meddler) {
			first, second := attach(there, 0), attach(there, 0)
			m.after = func() {
				tell(there, second, hone.ErrTrialFinished)
				read(there)
			}
			tell(there, first, nil)
		}},
		{"told at the second try, read between", func(_, there *hone.Study, _ *hone.Trial, m *meddler) {
			attached := attach(there, 0)
			m.Storage = honetest.Faulty(m.Storage, honetest.FailOn("SetState", 1, nil))
			tell(there, attached, honetest.ErrFault)
			read(there)
			tell(there, attached, nil)
		}},
		{"stored at the first try, which failed", func(_, there *hone.Study, _ *hone.Trial, m *meddler) {
			attached := attach(there, 0)
			m.Storage = honetest.Faulty(m.Storage, func(method string, n int) (before, after error) {
				if method == "SetState" && n == 1 {
					after = honetest.ErrFault
				}
				return nil, after
			})
			tell(there, attached, honetest.ErrFault)
			read(there)
			tell(there, attached, hone.ErrTrialFinished)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := storage.NewMemory()
			here := newStudy(t, &hone.Options{Name: "s", Storage: mem})
			m, counter := &meddler{Storage: mem}, new(countingSampler)
			there, err := hone.LoadStudy(ctx, m, "s", &hone.Options{Sampler: counter})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(c.name, "queue") {
				if err := here.Enqueue(nil, nil); err != nil {
					t.Fatal(err)
				}
				read(there)
			}
			asked, err := here.Ask(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			c.run(here, there, asked, m)
			m.after = nil
			read(there)
			last, err := there.Ask(ctx, []hone.Param{{Name: "x", Distribution: distributions.Float{Low: 0, High: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			tell(there, last, nil)
			if counter.finished != 1 {
				t.Errorf("the sampler saw %d finished trials, there is one", counter.finished)
			}
		})
	}
}
