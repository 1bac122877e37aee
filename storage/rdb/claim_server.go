package rdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// On a server a claim is one round trip, of several new trials too: on PostgreSQL by
// a function that lives as long as the connection, on MySQL by several statements in
// one message, where the driver's settings permit that. In both, what was made is not
// known when the connection is lost on the way; it is then found by its lease: running
// trials under the lease that nobody in this process holds.

// probe finds out whether whole transactions in one round trip work here.
func (s *Storage) probe(ctx context.Context) error {
	if s.o.ReadOnly {
		return nil
	}
	switch s.d {
	case PostgreSQL:
		s.oneTrip.Store(true) // until the function cannot be made
	case MySQL:
		rows, err := s.db.QueryContext(ctx, `SELECT ?; SELECT ?`, 1, 2)
		if err != nil {
			return nil // without multiStatements=true
		}
		defer rows.Close()
		for rows.Next() {
		}
		s.oneTrip.Store(rows.NextResultSet())
	}
	return nil
}

// claimFunction is the claim in PostgreSQL's own language. Each of its statements
// sees what was committed before it began, so the one that counts sees all that
// was done before the study was locked. Bounds are subqueries, for then PostgreSQL
// keeps its plans: with bounds that it knows it would plan anew each time, and look
// up the ends of the index through all that has just been written there.
var claimFunction = numberFrom(PostgreSQL.render(`CREATE OR REPLACE FUNCTION pg_temp.hone_claim(_study int, _floor int, _rows int, _counts int, _pending int[], _budget int, _queue boolean, _most int, _started timestamp, _attrs json,
	OUT _name text, OUT _ids int[], OUT _number int, OUT _above int, OUT _taken boolean, OUT _spent boolean) LANGUAGE plpgsql AS $hone$
DECLARE
	_n int; _open int; _more int; _waiting int; _first int;
BEGIN
	PERFORM set_config('synchronous_commit', 'off', true);
	_taken := false;
	_spent := false;
	SELECT s.study_name INTO _name FROM studies s WHERE s.study_id = _study{lock};
	IF NOT FOUND THEN RETURN; END IF;
	SELECT `+openCounts+` INTO _above, _open, _waiting FROM trials t WHERE t.study_id + 0 = _study AND t.trial_id > (SELECT _floor) AND t.trial_id <= (SELECT 2147483647);
	IF cardinality(_pending) > 0 THEN
		SELECT `+openCounts+` INTO _n, _more, _first FROM trials t WHERE t.trial_id = ANY(_pending) AND t.study_id + 0 = _study;
	END IF;
	_number := _rows + _above;
	IF _budget > 0 THEN
		_most := LEAST(_most, _budget - _counts - COALESCE(_open, 0) - COALESCE(_more, 0));
		IF _most <= 0 THEN
			_spent := true;
			RETURN;
		END IF;
	END IF;
	_waiting := LEAST(_waiting, _first);
	IF _queue AND _waiting IS NOT NULL THEN
		UPDATE trials SET state = 'RUNNING', datetime_start = _started WHERE trial_id = _waiting AND state = 'WAITING';
		_taken := true;
		IF NOT FOUND THEN RETURN; END IF;
		_ids := ARRAY[_waiting];
	ELSE
		WITH made AS (INSERT INTO trials (number, study_id, state, datetime_start)
			SELECT _number + g, _study, 'RUNNING', _started FROM generate_series(0, _most - 1) AS g ORDER BY g RETURNING trial_id)
		SELECT array_agg(trial_id ORDER BY trial_id) INTO _ids FROM made;
	END IF;
	INSERT INTO trial_system_attributes (trial_id, "key", value_json) SELECT i, a->>0, a->>1 FROM unnest(_ids) AS i, json_array_elements(_attrs) AS a
		ON CONFLICT (trial_id, "key") DO UPDATE SET value_json = excluded.value_json;
END $hone$`), 1)

const callClaim = `SELECT _name, array_to_string(_ids, ','), _number, _above, _taken, _spent FROM pg_temp.hone_claim($1::int, $2::int, $3::int, $4::int, $5::int[], $6::int, $7::boolean, $8::int, $9::timestamp, $10::json)`

// doAtOnce makes the claim in one round trip.
func (p *claiming) doAtOnce(t *tx) error {
	p.spent, p.taken, p.ids = false, false, nil
	st := p.s.study(p.study)
	known := st.tallied()
	var name, ids sql.NullString
	var number, above sql.NullInt64
	var err error
	if p.s.d == PostgreSQL {
		text, args := p.postgresCall(known)
		_, err = t.row(text, args, &name, &ids, &number, &above, &p.taken, &p.spent)
		if state := sqlState(err); state == "42883" || state == "3F000" { // there is no such function, or schema
			if _, err = t.exec(claimFunction); err != nil {
				return p.stepByStep(err)
			}
			return errAnew
		}
	} else {
		text, args := p.mysqlScript(known)
		_, err = t.row(text, args, &name, &ids, &number, &above, &p.taken, &p.spent)
	}
	switch {
	case err != nil:
		return err
	case !name.Valid:
		p.s.forget(p.study)
		return gone(p.study)
	case p.spent:
		return nil
	}
	for id := range strings.SplitSeq(ids.String, ",") {
		if n, _ := strconv.ParseInt(id, 10, 64); n > 0 {
			p.ids = append(p.ids, n)
		}
	}
	if len(p.ids) == 0 {
		return errTaken
	}
	p.made.Number, p.above = int(number.Int64), int(above.Int64)
	return nil
}

// stepByStep gives up on one round trip where the function cannot be made: the
// call then is made in the other way, and so are all later ones.
func (p *claiming) stepByStep(err error) error {
	if p.s.d.faultOf(err) != fatal {
		return err
	}
	p.s.oneTrip.Store(false)
	p.s.warn("claims take several round trips, for a temporary function cannot be made", "error", err)
	return errTaken
}

func (p *claiming) postgresCall(known tally) (string, []any) {
	attrs := []byte{'['}
	for i, a := range p.made.SystemAttrs {
		if i > 0 {
			attrs = append(attrs, ',')
		}
		attrs = append(pyjson.AppendString(append(attrs, '['), a.Key), ',')
		attrs = append(pyjson.AppendString(attrs, a.Value), ']')
	}
	_, pending := p.s.idQuery(query{}, known.pending)
	return callClaim, []any{p.study, known.floor, known.rows, known.counts, pending[0], p.budget, p.queue, p.most, p.rows.started, string(append(attrs, ']'))}
}

// mysqlScript is the claim as statements that run one after the other; one that
// fails stops the others. A consistent read sees what was committed before the
// first one of its transaction, which comes after the study is locked. What was taken
// or made is in LAST_INSERT_ID(); see finishMySQL.
func (p *claiming) mysqlScript(known tally) (string, []any) {
	var b strings.Builder
	fmt.Fprintf(&b, `SET @hn = NULL, @hp = NULL, @hq = NULL;
		BEGIN;
		SELECT study_name INTO @hn FROM studies WHERE study_id = %d FOR UPDATE;
		SELECT `+MySQL.render(openCounts)+` INTO @ha, @hc, @hw FROM trials t WHERE t.study_id = %d AND t.trial_id > %d;
		`, p.study, p.study, known.floor)
	if len(known.pending) > 0 {
		q := query{MySQL: `SELECT ` + MySQL.render(openCounts) + ` INTO @hi, @hp, @hq FROM trials t WHERE t.trial_id IN ({ids}) AND t.study_id = {study};
		`}
		text, _ := p.s.idQuery(q, known.pending, p.study)
		b.WriteString(text)
	}
	most := strconv.Itoa(p.most)
	if p.budget > 0 {
		most = fmt.Sprintf("LEAST(%d, %d - COALESCE(@hc, 0) - COALESCE(@hp, 0))", p.most, p.budget-known.counts)
	}
	// @hk: how many may be started; @hw: the one that waits; @h0, @h1, …: those that were started.
	fmt.Fprintf(&b, `SET @hw = IF(%t, LEAST(COALESCE(@hw, @hq), COALESCE(@hq, @hw)), NULL);
		SET @hk = IF(@hn IS NULL, 0, %s);
		DO LAST_INSERT_ID(0);
		UPDATE trials SET state = IF(LAST_INSERT_ID(trial_id), 'RUNNING', NULL), datetime_start = ? WHERE trial_id = @hw AND state = 'WAITING' AND @hk > 0;
		SET @h0 = NULLIF(LAST_INSERT_ID(), 0);
		`, p.queue, most)
	args := []any{p.rows.started}
	for i := range p.most {
		fmt.Fprintf(&b, `INSERT INTO trials (number, study_id, state, datetime_start) SELECT %d + @ha, %d, 'RUNNING', ? FROM DUAL WHERE @hw IS NULL AND @hk > %d;
		SET @h%d = IF(@hw IS NULL AND @hk > %d, LAST_INSERT_ID(), %s);
		`, known.rows+i, p.study, i, i, i, []string{"@h0", "NULL"}[min(i, 1)])
		args = append(args, p.rows.started)
	}
	for _, a := range p.made.SystemAttrs {
		b.WriteString("INSERT INTO trial_system_attributes (trial_id, `key`, value_json) SELECT h.id, ?, ? FROM (SELECT @h0 AS id")
		for i := range p.most - 1 {
			fmt.Fprintf(&b, " UNION ALL SELECT @h%d", i+1)
		}
		b.WriteString(") AS h WHERE h.id IS NOT NULL ON DUPLICATE KEY UPDATE value_json = VALUES(value_json);\n")
		args = append(args, a.Key, a.Value)
	}
	b.WriteString("COMMIT; SELECT @hn, CONCAT_WS(',', @h0")
	for i := range p.most - 1 {
		fmt.Fprintf(&b, ", @h%d", i+1)
	}
	fmt.Fprintf(&b, "), %d + @ha, @ha, @hw IS NOT NULL AND @hk > 0, @hk <= 0", known.rows)
	return b.String(), args
}

var myOrphan = sqlText(`SELECT t.trial_id, {text t.state} FROM trials t JOIN trial_system_attributes a ON a.trial_id = t.trial_id AND a."key" = '` + storage.AttrLease + `'
	WHERE a.value_json = ? AND t.state = 'RUNNING' AND t.study_id = ?`)

// doneAtOnce looks for trials that the claim has left behind.
func (p *claiming) doneAtOnce(ctx context.Context) (bool, error) {
	lease, _ := p.made.SystemAttrs.Get(storage.AttrLease)
	err := p.s.read(ctx, func(t *tx) error {
		p.ids = nil
		return t.each(myOrphan[p.s.d], []any{lease, p.study}, func(scan func(...any) error) error {
			var id int64
			var state string
			err := scan(&id, &state)
			if !p.s.works(id) {
				p.ids = append(p.ids, id)
			}
			return err
		})
	})
	slices.Sort(p.ids)
	p.ids = p.ids[:min(len(p.ids), p.most)]
	p.taken = len(p.ids) > 0 // they are read, whether they were taken or made
	return p.taken, err
}

// stillStarted returns the trials of a claim that are there.
var stillStarted = query{PostgreSQL: `SELECT t.trial_id FROM pg_logical_emit_message(true, 'hone', '') AS l, trials t WHERE t.trial_id = ANY($1::int[]) AND t.state <> 'WAITING' AND t.datetime_start = $2::timestamp ORDER BY t.trial_id`}

// sync makes a claim that was committed lazily durable, and looks what of it is
// there. A claim does not wait for the disk while it holds the study's lock, which
// would let claims pass one by one at the pace of the disk; it waits here, together
// with others. A server that has crashed in between has lost it, maybe.
func (p *claiming) sync(ctx context.Context) error {
	s := p.s
	if s.d != PostgreSQL || s.noSync.Load() {
		return nil
	}
	text, args := s.idQuery(stillStarted, p.ids)
	var kept []int64
	err := s.change(ctx, change{alone: true, do: func(t *tx) error {
		kept = kept[:0]
		return t.each(text, append(args, p.rows.started), func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			kept = append(kept, id)
			return err
		})
	}})
	if state := sqlState(err); state == "42501" || state == "42883" { // not permitted, or not known
		s.noSync.Store(true)
		return nil
	}
	if err == nil && len(kept) == 0 {
		err = errTaken
	}
	if err == nil && len(kept) < len(p.ids) { // their numbers do not follow from their place any more
		p.ids, p.taken = kept, true
	}
	return err
}
