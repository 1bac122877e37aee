package storagetest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gohone/hone/storage"
)

// What several callers, processes and workers rely on.
var brokenSharing = []breakage{
	{"half of an attribute is seen", func(b *broken) {
		study := b.study
		b.study = func(ctx context.Context, id int64) (storage.Study, error) {
			s, err := study(ctx, id)
			if n := len(s.UserAttrs); n > 0 {
				s.UserAttrs = slices.Clone(s.UserAttrs)
				s.UserAttrs[n-1].Value = ""
			}
			return s, err
		}
	}, "SnapshotsUnderReaders", "read beside writers"},
	{"contexts are not looked at", func(b *broken) {
		trial := b.trial
		b.trial = func(ctx context.Context, id int64) (storage.Trial, error) {
			return trial(context.WithoutCancel(ctx), id)
		}
	}, "ContextCancelled", "Trial with a cancelled context"},
	{"closing does nothing", func(b *broken) {
		b.close = func() error { return nil }
	}, "Closed", "closed storage"},
	{"updates are lost", func(b *broken) {
		var busy atomic.Bool
		set := b.setStudyAttr
		b.setStudyAttr = func(ctx context.Context, id int64, kind storage.AttrKind, key, value string) error {
			if !busy.CompareAndSwap(false, true) {
				return nil
			}
			defer busy.Store(false)
			clumsy()
			return set(ctx, id, kind, key, value)
		}
	}, "ConcurrentAttrs", "an update was lost"},
	{"trials of a study that is gone", func(b *broken) {
		create := b.createTrial
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			made, err := create(ctx, study, t)
			if errors.Is(err, storage.ErrStudyNotFound) {
				return storage.Trial{State: storage.Running}, nil
			}
			return made, err
		}
	}, "ConcurrentDelete", "after DeleteStudy had returned"},
	{"a claim forgets its attributes", func(b *broken) {
		claim := b.claim
		b.claim = func(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
			c.Attrs = nil
			return claim(ctx, study, c)
		}
	}, "Claim", "system attributes"},
	{"the youngest goes first", func(b *broken) {
		claim := b.claim
		b.claim = func(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
			ts, err := b.trials(ctx, study, -1, nil)
			if err != nil {
				return storage.Trial{}, false, err
			}
			for _, t := range slices.Backward(ts) {
				if t.State == storage.Waiting {
					if ok, err := b.setState(ctx, t.ID, storage.Running, nil); ok || err != nil {
						t, err = b.trial(ctx, t.ID)
						return t, true, err
					}
				}
			}
			return claim(ctx, study, c)
		}
	}, "ClaimOldestFirst", "the oldest one"},
	{"lost trials count", func(b *broken) {
		claim := b.claim
		b.claim = func(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
			ts, err := b.trials(ctx, study, -1, nil)
			n := 0
			for _, t := range ts {
				if t.State.Finished() || t.HoldsBudget() {
					n++
				}
			}
			if err != nil || c.Budget > 0 && n >= c.Budget {
				return storage.Trial{}, false, err
			}
			return claim(ctx, study, c)
		}
	}, "ClaimBudget", "marked lost"},
	{"count, then claim", func(b *broken) {
		claim := b.claim
		b.claim = func(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
			ts, err := b.trials(ctx, study, -1, nil)
			n := 0
			for _, t := range ts {
				if t.Counts() || t.HoldsBudget() {
					n++
				}
			}
			if err != nil || c.Budget > 0 && n >= c.Budget {
				return storage.Trial{}, false, err
			}
			clumsy()
			c.Budget = 0
			return claim(ctx, study, c)
		}
	}, "ClaimBudgetIsExact", "with a budget of"},
	{"list, then claim", func(b *broken) {
		claim := b.claim
		b.claim = func(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
			ts, err := b.trials(ctx, study, -1, nil)
			for _, t := range ts {
				if t.State == storage.Waiting {
					clumsy()
					_, err = b.setState(ctx, t.ID, storage.Running, nil)
					for _, a := range c.Attrs {
						err = errors.Join(err, b.setTrialAttr(ctx, t.ID, storage.SystemAttr, a.Key, a.Value))
					}
					t.SystemAttrs = append(slices.Clone(t.SystemAttrs), c.Attrs...)
					return t, true, err
				}
			}
			if err != nil {
				return storage.Trial{}, false, err
			}
			return claim(ctx, study, c)
		}
	}, "ClaimOnce", "exactly one may"},
	{"a group that shares its attributes", func(b *broken) {
		group := b.claimGroup
		b.claimGroup = func(ctx context.Context, study int64, c storage.Claim, n int) ([]storage.Trial, error) {
			all, err := group(ctx, study, c, n)
			for i := range all {
				all[i].SystemAttrs = slices.Grow(all[0].SystemAttrs, 4)
				if i > 0 {
					all[i].SystemAttrs = all[0].SystemAttrs
				}
			}
			return all, err
		}
	}, "ClaimGroup", "share what grows"},
	{"a group that passes the queue", func(b *broken) {
		group := b.claimGroup
		b.claimGroup = func(ctx context.Context, study int64, c storage.Claim, n int) ([]storage.Trial, error) {
			if t, err := b.createTrial(ctx, study, &storage.Trial{State: storage.Running, SystemAttrs: c.Attrs}); err == nil && n == 2 {
				return []storage.Trial{t}, nil
			}
			return group(ctx, study, c, n)
		}
	}, "ClaimGroup", "were waiting"},
	{"a group that passes the budget", func(b *broken) {
		b.claimGroup = func(ctx context.Context, study int64, c storage.Claim, n int) ([]storage.Trial, error) {
			t, ok, err := b.claim(ctx, study, c)
			if err != nil || !ok {
				return nil, err
			}
			all := []storage.Trial{t}
			for range n - 1 {
				t, err := b.createTrial(ctx, study, &storage.Trial{State: storage.Running, SystemAttrs: c.Attrs})
				if err != nil {
					return nil, err
				}
				all = append(all, t)
			}
			return all, nil
		}
	}, "ClaimGroupBudget", "within a budget"},
	{"a lost trial is not marked", func(b *broken) {
		requeue := b.requeue
		b.requeue = func(ctx context.Context, id int64, holder string, _ []storage.Attr, retry *storage.Trial) (bool, error) {
			return requeue(ctx, id, holder, nil, retry)
		}
	}, "Requeue", "counts towards the budget"},
	{"a lost trial is not tried again", func(b *broken) {
		requeue := b.requeue
		b.requeue = func(ctx context.Context, id int64, holder string, attrs []storage.Attr, _ *storage.Trial) (bool, error) {
			return requeue(ctx, id, holder, attrs, nil)
		}
	}, "Requeue", "Requeue with a retry"},
	{"anyone may re-queue", func(b *broken) {
		requeue := b.requeue
		b.requeue = func(ctx context.Context, id int64, _ string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
			t, err := b.trial(ctx, id)
			if err != nil {
				return false, err
			}
			return requeue(ctx, id, t.Holder(), attrs, retry)
		}
	}, "RequeueFencing", "another worker holds"},
	{"re-queued by all who ask", func(b *broken) {
		b.requeue = func(ctx context.Context, id int64, _ string, _ []storage.Attr, retry *storage.Trial) (bool, error) {
			t, err := b.trial(ctx, id)
			if err != nil || t.State != storage.Running {
				return false, err
			}
			clumsy()
			if _, err := b.setState(ctx, id, storage.Failed, nil); err != nil && !errors.Is(err, storage.ErrTrialFinished) {
				return false, err
			}
			_, err = b.createTrial(ctx, 0, retry) // the check has one study
			return true, err
		}
	}, "RequeueOnce", "exactly one may"},
	{"re-queued although finished", func(b *broken) {
		requeue := b.requeue
		b.requeue = func(ctx context.Context, id int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
			ok, err := requeue(ctx, id, holder, attrs, retry)
			return ok || err == nil, err
		}
	}, "RequeueOrFinish", "exactly one of them"},
	{"beats stand still", func(b *broken) {
		beat := b.beat
		b.beat = func(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
			return beat(ctx, study, worker, min(seq, 2), trials)
		}
	}, "Beats", "the last beat"},
	{"beats of all studies", func(b *broken) {
		beat := b.beat
		b.beat = func(ctx context.Context, _ int64, worker string, seq int64, trials []int64) error {
			return beat(ctx, 0, worker, seq, trials)
		}
		beats := b.beats
		b.beats = func(ctx context.Context, _ int64) (map[string]int64, error) { return beats(ctx, 0) }
	}, "Beats", "another study"},
	{"beats stay with their handle", func(b *broken) {
		own := make(map[string]int64)
		var mu sync.Mutex
		b.beat = func(_ context.Context, _ int64, worker string, seq int64, _ []int64) error {
			mu.Lock()
			defer mu.Unlock()
			own[worker] = seq
			return nil
		}
		b.beats = func(context.Context, int64) (map[string]int64, error) {
			mu.Lock()
			defer mu.Unlock()
			return own, nil
		}
	}, "BeatsTwoHandles", "the last beat"},
	{"finished trials are remembered as they were", func(b *broken) {
		cache := make(map[int64]storage.Trial)
		trial := b.trial
		b.trial = func(ctx context.Context, id int64) (storage.Trial, error) {
			if t, ok := cache[id]; ok {
				return t, nil
			}
			t, err := trial(ctx, id)
			if err == nil {
				cache[id] = t
			}
			return t, err
		}
	}, "TwoHandles", "through the other handle"},
	{"reports are not written out", func(b *broken) {
		b.setReport = func(context.Context, int64, int, float64) error { return nil }
	}, "TwoHandles", "a report through the other handle"},
	{"what was written is lost on opening", func(b *broken) {
		clear := b.close
		b.close = func() error {
			all, err := b.Memory.Studies(context.Background())
			for _, s := range all {
				err = errors.Join(err, b.Memory.DeleteStudy(context.Background(), s.ID))
			}
			return errors.Join(err, clear())
		}
	}, "Reopen", "studies after opening again"},
	{"ids begin anew on opening", func(b *broken) {
		create := b.createStudy
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			id, err := create(ctx, name, d)
			if name == "again" {
				id--
			}
			return id, err
		}
	}, "TwoHandlesReuseNoID", "never reused"},
	{"claims are settled in each handle", func(b *broken) {
		var mu sync.Mutex
		mine := make(map[int64]bool)
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			if s != storage.Running {
				return set(ctx, id, s, v)
			}
			mu.Lock()
			defer mu.Unlock()
			if mine[id] {
				return false, nil
			}
			mine[id] = true
			clumsy()
			_, err := set(ctx, id, s, v)
			return true, err
		}
	}, "TwoHandlesClaim", "exactly one may"},
}
