package storagetest_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

// A place is data that several handles share, as processes share a file.
type place struct {
	*storage.Memory
	mu    sync.Mutex
	beats map[int64]map[string]int64 // by study and worker
}

// A handle is one process's access to a place. It has all that a storage can
// have: it is a Leaser, and can be opened again.
type handle struct {
	*place
	closed atomic.Bool
}

var (
	_ storage.Leaser       = (*handle)(nil)
	_ storage.GroupClaimer = (*handle)(nil)
)

func openHandle(testing.TB) storage.Storage {
	return &handle{place: &place{Memory: storage.NewMemory(), beats: make(map[int64]map[string]int64)}}
}

func reopenHandle(_ testing.TB, st storage.Storage) storage.Storage {
	return &handle{place: st.(*handle).place}
}

var errClosed = errors.New("handle is closed")

func (h *handle) Close() error {
	h.closed.Store(true)
	return nil
}

func (h *handle) ok(ctx context.Context) error {
	if h.closed.Load() {
		return errClosed
	}
	return ctx.Err()
}

func (h *handle) CreateStudy(ctx context.Context, name string, d []storage.Direction) (int64, error) {
	if err := h.ok(ctx); err != nil {
		return 0, err
	}
	return h.place.CreateStudy(ctx, name, d)
}

func (h *handle) DeleteStudy(ctx context.Context, study int64) error {
	if err := h.ok(ctx); err != nil {
		return err
	}
	return h.place.DeleteStudy(ctx, study)
}

func (h *handle) FindStudy(ctx context.Context, name string) (int64, error) {
	if err := h.ok(ctx); err != nil {
		return 0, err
	}
	return h.place.FindStudy(ctx, name)
}

func (h *handle) Study(ctx context.Context, study int64) (storage.Study, error) {
	if err := h.ok(ctx); err != nil {
		return storage.Study{}, err
	}
	return h.place.Study(ctx, study)
}

func (h *handle) Studies(ctx context.Context) ([]storage.Study, error) {
	if err := h.ok(ctx); err != nil {
		return nil, err
	}
	return h.place.Studies(ctx)
}

func (h *handle) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	if err := h.ok(ctx); err != nil {
		return err
	}
	return h.place.SetStudyAttr(ctx, study, kind, key, value)
}

func (h *handle) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	if err := h.ok(ctx); err != nil {
		return storage.Trial{}, err
	}
	return h.place.CreateTrial(ctx, study, template)
}

func (h *handle) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	if err := h.ok(ctx); err != nil {
		return err
	}
	return h.place.SetParam(ctx, trial, p)
}

func (h *handle) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	if err := h.ok(ctx); err != nil {
		return err
	}
	return h.place.SetReport(ctx, trial, step, value)
}

func (h *handle) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	if err := h.ok(ctx); err != nil {
		return err
	}
	return h.place.SetTrialAttr(ctx, trial, kind, key, value)
}

func (h *handle) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	if err := h.ok(ctx); err != nil {
		return false, err
	}
	return h.place.SetState(ctx, trial, state, values)
}

func (h *handle) Trial(ctx context.Context, trial int64) (storage.Trial, error) {
	if err := h.ok(ctx); err != nil {
		return storage.Trial{}, err
	}
	return h.place.Trial(ctx, trial)
}

func (h *handle) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	if err := h.ok(ctx); err != nil {
		return nil, err
	}
	return h.place.Trials(ctx, study, after, include)
}

func (h *handle) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	if err := h.ok(ctx); err != nil {
		return storage.Trial{}, false, err
	}
	return h.place.Claim(ctx, study, c)
}

func (h *handle) ClaimGroup(ctx context.Context, study int64, c storage.Claim, n int) (all []storage.Trial, err error) {
	for range n {
		t, ok, err := h.Claim(ctx, study, c)
		if err != nil || !ok {
			return all, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (h *handle) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	if err := h.ok(ctx); err != nil {
		return false, err
	}
	return h.place.Requeue(ctx, trial, holder, attrs, retry)
}

func (h *handle) Beat(ctx context.Context, study int64, worker string, seq int64, _ []int64) error {
	if err := h.ok(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.beats[study] == nil {
		h.beats[study] = make(map[string]int64)
	}
	h.beats[study][worker] = seq
	return nil
}

func (h *handle) Beats(ctx context.Context, study int64) (map[string]int64, error) {
	if err := h.ok(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.beats[study]), nil
}

// whole are the options of a storage that can be opened again.
var whole = storagetest.Options{Open: openHandle, Reopen: reopenHandle}

func TestHandle(t *testing.T) { storagetest.Run(t, whole) }
