package rdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gohone/hone/internal/pyjson"
)

// On a server, results that come while another one of the study is on its way are
// brought together, in one round trip and one commit. The group does what can be done
// for all of its trials in the same way; each trial for which it did nothing, and each
// one of a group that failed, is then ended by itself, as if there had been no group.
// Where nobody knows what became of the group, each call finds out what became of its
// own trial, as after a lost connection of its own.

// endings are the trials of a study that this process is ending.
type endings struct {
	mu   sync.Mutex
	busy bool    // a trial, or a group, is on its way
	next *ending // waits for it
}

// An ending is a group.
type ending struct {
	moves   []*move
	left    int // callers who wait for it
	ctx     context.Context
	cancel  context.CancelFunc // when nobody waits any more
	done    chan struct{}
	unknown *backend // see Storage.attempt
	err     error
}

// maxEnding bounds a group, in which each trial occurs once: an int64 has a bit for
// each.
const maxEnding = 60

// errAlone: the group has not ended the trial.
var errAlone = errors.New("the trial is to be ended by itself")

// endTogether is an attempt to end a trial. It returns errAlone when that is to be done
// by itself, and then free, if it is not nil, is to be called when it was done.
func (s *Storage) endTogether(ctx context.Context, e *endings, m *move) (free func(), unknown *backend, err error) {
	e.mu.Lock()
	lead := !e.busy
	if lead {
		e.busy = true
		e.mu.Unlock()
		runtime.Gosched() // whose trials began together often end together
		e.mu.Lock()
		if e.next == nil {
			e.mu.Unlock()
			return func() { s.endNext(e) }, nil, errAlone
		}
	}
	g := e.next
	if g == nil {
		g = &ending{done: make(chan struct{})}
		g.ctx, g.cancel = context.WithCancel(context.Background())
		e.next = g
	} else if len(g.moves) >= maxEnding || slices.ContainsFunc(g.moves, func(o *move) bool { return o.trial == m.trial }) {
		e.mu.Unlock()
		if lead {
			s.endNext(e)
		}
		return nil, nil, errAlone
	}
	m.values = slices.Clone(m.values) // the group may outlive the call
	g.moves = append(g.moves, m)
	g.left++
	e.mu.Unlock()
	if lead {
		s.endNext(e)
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		e.mu.Lock()
		defer e.mu.Unlock()
		if g.left--; g.left == 0 {
			g.cancel()
		}
		return nil, nil, ctx.Err()
	}
	switch {
	case g.err == nil && m.made:
		return nil, nil, nil
	case g.unknown != nil:
		return nil, g.unknown, g.err
	}
	return nil, nil, errAlone
}

// endNext lets the group go that waits, if there is one.
func (s *Storage) endNext(e *endings) {
	e.mu.Lock()
	g := e.next
	e.next, e.busy = nil, g != nil
	e.mu.Unlock()
	if g != nil {
		go s.endGroup(e, g)
	}
}

func (s *Storage) endGroup(e *endings, g *ending) {
	defer s.endNext(e)
	defer close(g.done)
	defer g.cancel()
	// Everybody locks trials in one order.
	slices.SortFunc(g.moves, func(a, b *move) int { return cmp.Compare(a.trial, b.trial) })
	var ended []int64
	c := change{level: durable, alone: s.d == PostgreSQL, whole: s.d == MySQL, do: func(t *tx) (err error) {
		if s.d == PostgreSQL {
			ended, err = g.postgres(t)
		} else {
			ended, err = g.mysql(t)
		}
		return err
	}}
	if g.err = s.ready(g.ctx); g.err == nil {
		g.unknown, g.err = s.attempt(g.ctx, c)
	}
	if g.err == nil {
		for _, m := range g.moves {
			m.made = slices.Contains(ended, m.trial)
		}
	}
}

// endGroupPostgres ends trials whose parameters are all there, with their values.
var endGroupPostgres = numberFrom(PostgreSQL.render(`WITH v AS (SELECT * FROM json_to_recordset($1::json) AS v(id int, state trialstate, at timestamp, params json, result json)),
	u AS (UPDATE trials t SET state = v.state, datetime_start = COALESCE(t.datetime_start, v.at), datetime_complete = v.at FROM v
		WHERE t.trial_id = ANY($2::int[]) AND t.trial_id = v.id AND t.state IN {open}
		AND (SELECT count(*) FROM trial_params p WHERE p.trial_id = t.trial_id AND p.param_name IN (SELECT json_array_elements_text(v.params))) = json_array_length(v.params)
		RETURNING t.trial_id),
	i AS (INSERT INTO trial_values (trial_id, objective, value, value_type)
		SELECT u.trial_id, x.place - 1, (x.v->>0)::float, (x.v->>1)::trialvaluetype FROM u JOIN v ON v.id = u.trial_id, json_array_elements(v.result) WITH ORDINALITY AS x(v, place)
		ON CONFLICT (trial_id, objective) DO UPDATE SET value = excluded.value, value_type = excluded.value_type)
	SELECT trial_id FROM u`), 1)

func (g *ending) postgres(t *tx) ([]int64, error) {
	b := []byte{'['}
	ids := make([]int64, len(g.moves))
	for i, m := range g.moves {
		ids[i] = m.trial
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"id":%d,"state":"%s","at":"%s","params":[`, m.trial, m.name, m.at)
		for i, p := range t.s.unsure(m.trial) {
			if i > 0 {
				b = append(b, ',')
			}
			b = pyjson.AppendString(b, p.Name)
		}
		b = append(b, `],"result":[`...)
		for i, v := range m.values {
			if i > 0 {
				b = append(b, ',')
			}
			x, kind := encodeFloat(v)
			number := "null"
			if f, ok := x.(float64); ok {
				number = strconv.FormatFloat(f, 'g', -1, 64)
			}
			b = fmt.Appendf(b, `[%s,"%s"]`, number, kind)
		}
		b = append(b, `]}`...)
	}
	_, list := t.s.idQuery(query{}, ids)
	var ended []int64
	err := t.each(endGroupPostgres, []any{string(append(b, ']')), list[0]}, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ended = append(ended, id)
		return err
	})
	return ended, err
}

// mysql ends trials with one UPDATE, which notes for each row that it changes a bit of
// LAST_INSERT_ID() (see finishMySQL), and one INSERT. Floats are written with an
// exponent: only then are they no decimals, which a UNION would round.
func (g *ending) mysql(t *tx) ([]int64, error) {
	var ids, states, times, results strings.Builder
	for i, m := range g.moves {
		fmt.Fprintf(&ids, ", %d", m.trial)
		fmt.Fprintf(&states, ", '%s'", m.name)
		fmt.Fprintf(&times, ", '%s'", m.at)
		for k, v := range m.values {
			x, kind := encodeFloat(v)
			number := "NULL"
			if f, ok := x.(float64); ok {
				number = strconv.FormatFloat(f, 'e', -1, 64)
			}
			if results.Len() > 0 {
				results.WriteString(" UNION ALL SELECT ")
			}
			fmt.Fprintf(&results, "%d AS b, %d AS id, %d AS o, %s AS x, '%s' AS k", i, m.trial, k, number, kind)
		}
	}
	place := "FIELD(trial_id" + ids.String() + ")"
	var b strings.Builder
	fmt.Fprintf(&b, `BEGIN; DO LAST_INSERT_ID(0);
		UPDATE trials FORCE INDEX (PRIMARY) SET state = IF(LAST_INSERT_ID(LAST_INSERT_ID() | (1 << (%[1]s - 1))) <> 0, ELT(%[1]s%[2]s), NULL),
			datetime_start = COALESCE(datetime_start, ELT(%[1]s%[3]s)), datetime_complete = ELT(%[1]s%[3]s)
			WHERE trial_id IN (%[4]s) AND state IN ('RUNNING','WAITING');
		SET @hn = LAST_INSERT_ID();
		`, place, &states, &times, ids.String()[2:])
	if results.Len() > 0 {
		fmt.Fprintf(&b, `INSERT INTO trial_values (trial_id, objective, value, value_type) SELECT v.id, v.o, v.x, v.k FROM (SELECT %s) AS v WHERE @hn & (1 << v.b)
		ON DUPLICATE KEY UPDATE value = VALUES(value), value_type = VALUES(value_type);
		`, &results)
	}
	b.WriteString("COMMIT; SELECT @hn")
	var made int64
	if _, err := t.row(b.String(), nil, &made); err != nil {
		return nil, err
	}
	var ended []int64
	for i, m := range g.moves {
		if made&(1<<i) != 0 {
			ended = append(ended, m.trial)
		}
	}
	return ended, nil
}

// finishMySQL ends a trial in one round trip.
//
// When the client dies on the way, the server runs the statements all the same, and
// ROW_COUNT() is −1, for the UPDATE's answer could not be sent. So the UPDATE says by
// LAST_INSERT_ID(1), which is evaluated for a row that it changes, that the trial is
// ours to end.
func (m *move) finishMySQL(t *tx) (int64, error) {
	var b strings.Builder
	update := strings.Replace(finishTrial[MySQL], "SET state = ?", "SET state = IF(LAST_INSERT_ID(1) = 1, ?, NULL)", 1)
	b.WriteString("BEGIN; DO LAST_INSERT_ID(0); " + update + "; SET @hn = LAST_INSERT_ID();\n")
	args := []any{m.name, m.at, m.at, m.trial}
	for i, v := range m.values {
		x, kind := encodeFloat(v)
		b.WriteString("INSERT INTO trial_values (trial_id, objective, value, value_type) SELECT t.trial_id, ?, ?, ? FROM trials t WHERE t.trial_id = ? AND @hn > 0 ON DUPLICATE KEY UPDATE value = VALUES(value), value_type = VALUES(value_type);\n")
		args = append(args, i, x, kind, m.trial)
	}
	b.WriteString("COMMIT; SELECT @hn")
	var n int64
	_, err := t.row(b.String(), args, &n)
	return n, err
}
