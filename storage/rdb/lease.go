package rdb

import (
	"context"
	"strconv"
	"strings"

	"github.com/gohone/hone/storage"
)

// A worker's beat is a system attribute of the study, hone:beat:WORKER, which
// holds a number. With it go beats of the trials that it holds in Optuna's
// trial_heartbeats, by the clock of the server and in its own zone, from which
// peers in Python that watch heartbeats see that the trials are alive. Beats of
// workers that hold no running trial are removed when a worker beats for the
// first time.

var (
	updateBeat = sqlText(`UPDATE study_system_attributes SET value_json = ? WHERE study_id = ? AND "key" = ?`)
	beats      = sqlText(`SELECT "key", value_json FROM study_system_attributes WHERE study_id = ? AND "key" LIKE '` + beatPrefix + `%'`)
	holders    = sqlText(`SELECT DISTINCT a.value_json FROM trials t JOIN trial_system_attributes a ON a.trial_id = t.trial_id AND a."key" = '` + storage.AttrLease + `'
		WHERE t.study_id = ? AND t.state = 'RUNNING'`)
	removeBeat = sqlText(`DELETE FROM study_system_attributes WHERE study_id = ? AND "key" = ? AND value_json = ?`)
	heartbeats = sqlText(`INSERT INTO trial_heartbeats (trial_id, heartbeat) SELECT t.trial_id, CURRENT_TIMESTAMP FROM trials t{async} WHERE t.trial_id {ids} AND t.state = 'RUNNING'
		[[ON CONFLICT (trial_id) DO UPDATE SET heartbeat = excluded.heartbeat|ON CONFLICT (trial_id) DO UPDATE SET heartbeat = excluded.heartbeat|ON DUPLICATE KEY UPDATE heartbeat = VALUES(heartbeat)]]`)
)

// Beat implements [storage.Leaser].
func (s *Storage) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	return s.named(s.beat(ctx, study, worker, seq, trials))
}

func (s *Storage) beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	if err := s.needStudy(ctx, study); err != nil {
		return err
	}
	key, value := beatPrefix+worker, strconv.FormatInt(seq, 10)
	if seq == 1 {
		if err := s.sweep(ctx, study); err != nil {
			return err
		}
	}
	moved := int64(0)
	err := s.change(ctx, change{alone: true, do: func(t *tx) (err error) {
		moved, err = t.exec(updateBeat[s.d], value, study, key)
		return err
	}})
	if err == nil && moved == 0 {
		err = s.setStudyAttr(ctx, study, storage.SystemAttr, storage.Attr{Key: key, Value: value}, written)
	}
	if err != nil || len(trials) == 0 {
		return err
	}
	text, args := s.idQuery(heartbeats, trials)
	return s.change(ctx, change{level: lazy, alone: true, do: func(t *tx) error {
		_, err := t.exec(text, args...)
		return err
	}})
}

// Beats implements [storage.Leaser].
func (s *Storage) Beats(ctx context.Context, study int64) (map[string]int64, error) {
	all, err := s.beats(ctx, study)
	if err != nil {
		return nil, s.named(err)
	}
	out := make(map[string]int64, len(all))
	for key, value := range all {
		if seq, err := strconv.ParseInt(value, 10, 64); err == nil {
			out[strings.TrimPrefix(key, beatPrefix)] = seq
		}
	}
	return out, nil
}

// beats returns the attributes that hold beats.
func (s *Storage) beats(ctx context.Context, study int64) (map[string]string, error) {
	if err := s.needStudy(ctx, study); err != nil {
		return nil, err
	}
	var all map[string]string
	err := s.read(ctx, func(t *tx) error {
		all = make(map[string]string)
		return t.each(beats[s.d], []any{study}, func(scan func(...any) error) error {
			var key, value string
			if err := scan(&key, &value); err != nil {
				return err
			}
			all[key] = value
			return nil
		})
	})
	return all, err
}

// sweep removes beats of workers that hold no running trial. One that has beaten
// since it was looked at is left.
func (s *Storage) sweep(ctx context.Context, study int64) error {
	old, err := s.beats(ctx, study)
	if err != nil || len(old) == 0 {
		return err
	}
	err = s.read(ctx, func(t *tx) error {
		return t.each(holders[s.d], []any{study}, func(scan func(...any) error) error {
			var lease string
			if err := scan(&lease); err != nil {
				return err
			}
			holder := storage.Trial{SystemAttrs: storage.Attrs{{Key: storage.AttrLease, Value: lease}}}
			delete(old, beatPrefix+holder.Holder())
			return nil
		})
	})
	if err != nil {
		return err
	}
	for key, value := range old {
		err := s.change(ctx, change{alone: true, do: func(t *tx) error {
			_, err := t.exec(removeBeat[s.d], study, key, value)
			return err
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
