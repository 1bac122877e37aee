package redisstore

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/gohone/hone/internal/oplog"
)

// Beats are kept under keys of their own, "<prefix>:hone:beat:<study>:<worker>",
// and not in the journal, which they would make grow by the hour. A key holds
// the number of the last beat.

// beatAge is how old a beat is when nobody needs it any more.
const beatAge = time.Hour

// beats are the keys that this handle wrote.
type beats struct {
	mu   sync.Mutex
	keys map[string]int64 // key to study
}

func (b *beats) note(key string, study int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys == nil {
		b.keys = make(map[string]int64)
	}
	b.keys[key] = study
}

// take returns the keys of a study, of all with −1, and forgets them.
func (b *beats) take(study int64) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for key, id := range b.keys {
		if study < 0 || id == study {
			out = append(out, key)
			delete(b.keys, key)
		}
	}
	return out
}

func (s *Storage) beatKey(study int64, worker string) string {
	return s.o.Prefix + ":hone:beat:" + strconv.FormatInt(study, 10) + ":" + worker
}

// Beat implements [storage.Leaser].
func (s *Storage) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	if err := s.view(ctx, func(st *oplog.State) error {
		_, err := st.Study(study)
		return err
	}); err != nil {
		return err
	}
	key := s.beatKey(study, worker)
	s.beats.note(key, study)
	return s.persist(ctx, func() error {
		return s.client.Set(ctx, key, seq, beatAge).Err()
	})
}

// Beats implements [storage.Leaser]. It returns the beats of the workers that
// hold running trials.
func (s *Storage) Beats(ctx context.Context, study int64) (map[string]int64, error) {
	var holders []string
	err := s.view(ctx, func(st *oplog.State) (err error) {
		holders, err = st.Holders(study)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64, len(holders))
	if len(holders) == 0 {
		return out, nil
	}
	keys := make([]string, len(holders))
	for i, worker := range holders {
		keys[i] = s.beatKey(study, worker)
	}
	var values []any
	err = s.persist(ctx, func() (err error) {
		values, err = s.client.MGet(ctx, keys...).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, worker := range holders {
		text, _ := values[i].(string) // nil: no beat
		if seq, err := strconv.ParseInt(text, 10, 64); err == nil {
			out[worker] = seq
		}
	}
	return out, nil
}

// persist calls f, which may be called twice, until the server answers.
func (s *Storage) persist(ctx context.Context, f func() error) error {
	p := s.patience(s.o.Patience)
	for {
		err := f()
		if err == nil || !passing(err) {
			return named(err)
		}
		if err := p.wait(ctx, err); err != nil {
			return named(err)
		}
	}
}
