package rdb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone/storage"
)

func TestRender(t *testing.T) {
	for _, c := range []struct {
		template string
		want     query
	}{
		{`a = ? AND b = ?`, query{SQLite: `a = ? AND b = ?`, PostgreSQL: `a = $1 AND b = $2`, MySQL: `a = ? AND b = ?`}},
		{`?::int[], ?::text`, query{SQLite: `?, ?`, PostgreSQL: `$1::int[], $2::text`, MySQL: `?, ?`}},
		{`"key" {lock}`, query{SQLite: `"key" `, PostgreSQL: `"key"  FOR NO KEY UPDATE`, MySQL: "`key`  FOR UPDATE"}},
		{`{text t.x}`, query{SQLite: `t.x`, PostgreSQL: `(t.x)::text`, MySQL: `CONVERT(t.x USING utf8mb4) COLLATE utf8mb4_bin`}},
		{`[[one|two|three]] [[a||c]]`, query{SQLite: `one a`, PostgreSQL: `two `, MySQL: `three c`}},
		{`x {ids} = {study} > {after}`, query{SQLite: `x IN (SELECT value FROM json_each(?1)) = ?2 > ?3`, PostgreSQL: `x = ANY($1::int[]) = $2::int > $3::int`, MySQL: `x IN ({ids}) = {study} > {after}`}},
		{`{unknown}`, query{SQLite: `{unknown}`, PostgreSQL: `{unknown}`, MySQL: `{unknown}`}},
	} {
		for d, got := range sqlText(c.template) {
			if got != c.want[d] {
				t.Errorf("%s in %v is\n%s, want\n%s", c.template, Dialect(d), got, c.want[d])
			}
		}
	}
	for d, want := range map[Dialect]string{SQLite: "SQLite", PostgreSQL: "PostgreSQL", MySQL: "MySQL", 0: "Dialect(0)", 9: "Dialect(9)"} {
		if d.String() != want {
			t.Errorf("%d is %s", int(d), d)
		}
	}
}

// Each statement is whole in each dialect: nothing of the notation is left in it,
// its parameters are numbered without a gap, and names are quoted as they must be.
func TestStatements(t *testing.T) {
	all := map[string]query{
		"scanAbove": scanAbove, "scanPending": scanPending, "stateOfTrial": stateOfTrial, "insertParam": insertParam, "paramName": paramName, "upsertReport": upsertReport,
		"claimTrial": claimTrial, "giveBack": giveBack, "claimToken": claimToken, "deleteBeat": deleteBeat, "finishTrial": finishTrial, "lockTrial": lockTrial, "trialLease": trialLease,
		"myOrphan": myOrphan, "trialStudy": trialStudy, "states": states, "someStates": someStates, "markRow": markRow, "findParam": findParam, "lastParam": lastParam, "newParams": newParams,
		"updateBeat": updateBeat, "beats": beats, "holders": holders, "removeBeat": removeBeat, "heartbeats": heartbeats, "trialRows": trialRows, "newTrials": newTrials,
		"insertStudy": insertStudy, "insertDirection": insertDirection, "findStudy": findStudy, "lockStudy": lockStudy, "doomStudy": doomStudy, "studyHere": studyHere,
		"allStudies": allStudies, "oneStudy": oneStudy, "countAbove": countAbove, "insertTrial": insertTrial,
	}
	for kind := range storage.SystemAttr + 1 {
		all[fmt.Sprint("upsertTrialAttr", kind)], all[fmt.Sprint("trialAttrKey", kind)] = upsertTrialAttr[kind], trialAttrKey[kind]
		all[fmt.Sprint("upsertStudyAttr", kind)], all[fmt.Sprint("studyAttrKey", kind)] = upsertStudyAttr[kind], studyAttrKey[kind]
	}
	for i, q := range deletions {
		all[fmt.Sprint("deletions", i)] = q
	}
	for i, r := range []rowInsert{insertParams, insertValues, upsertValues, insertReports, insertAttrs[0], insertAttrs[1]} {
		q := sqlText(r.head + r.row + ", " + r.row + r.end)
		all[fmt.Sprint("inserts", i)] = q
	}
	rest := regexp.MustCompile(`\[\[|\]\]|\{[a-z]+`)
	number := regexp.MustCompile(`\$[0-9]+`)
	for name, q := range all {
		for d := SQLite; d <= MySQL; d++ {
			text := q[d]
			bad := func(why string) { t.Helper(); t.Errorf("%s in %v %s:\n%s", name, d, why, text) }
			if d == MySQL { // idQuery writes these numbers
				text = strings.NewReplacer("{ids}", "1", "{study}", "1", "{after}", "1").Replace(text)
			}
			if text == "" {
				bad("is empty")
			}
			if rest.MatchString(text) {
				bad("has something of the notation left")
			}
			if strings.Count(text, "(") != strings.Count(text, ")") || strings.Count(text, "'")%2 != 0 {
				bad("has a parenthesis or a quote too many")
			}
			switch d {
			case PostgreSQL:
				found := number.FindAllString(text, -1)
				slices.Sort(found)
				found = slices.Compact(found)
				for i := range found {
					if !slices.Contains(found, fmt.Sprint("$", i+1)) {
						bad("has parameters with a gap")
					}
				}
				if strings.Contains(text, "?") {
					bad("has a parameter without a number")
				}
			case MySQL:
				if strings.Contains(text, `"`) || strings.Contains(text, "$") || strings.Contains(text, "::") {
					bad("speaks another dialect")
				}
			case SQLite:
				if strings.Contains(text, "::") || strings.Contains(text, "FOR UPDATE") || strings.Contains(text, "`") {
					bad("speaks another dialect")
				}
			}
		}
	}
}

func TestIDQuery(t *testing.T) {
	q := sqlText(`x {ids} AND y = {study} AND z > {after}`)
	for _, c := range []struct {
		d    Dialect
		ids  []int64
		text string
		args []any
	}{
		{SQLite, []int64{3, 1}, q[SQLite], []any{"[3,1]", int64(7), int64(9)}},
		{SQLite, nil, q[SQLite], []any{"[]", int64(7), int64(9)}},
		{PostgreSQL, []int64{3, 1}, q[PostgreSQL], []any{"{3,1}", int64(7), int64(9)}},
		{PostgreSQL, nil, q[PostgreSQL], []any{"{}", int64(7), int64(9)}},
		{MySQL, []int64{3, 1}, "x IN (3,1) AND y = 7 AND z > 9", nil},
		{MySQL, nil, "x IN (NULL) AND y = 7 AND z > 9", nil},
	} {
		s := &Storage{d: c.d}
		text, args := s.idQuery(q, c.ids, 7, 9)
		if text != c.text || !slices.Equal(args, c.args) {
			t.Errorf("%v with %v: %s, %v", c.d, c.ids, text, args)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		id           int64
		lite, server bool
	}{{-1, false, false}, {0, false, false}, {1, true, true}, {1<<31 - 1, true, true}, {1 << 31, true, false}, {1<<63 - 1, true, false}} {
		if SQLite.isID(c.id) != c.lite || PostgreSQL.isID(c.id) != c.server || MySQL.isID(c.id) != c.server {
			t.Errorf("%d: %v, %v, %v", c.id, SQLite.isID(c.id), PostgreSQL.isID(c.id), MySQL.isID(c.id))
		}
	}
}

// The texts of lists are made once for each length.
func TestInsertText(t *testing.T) {
	s := &Storage{d: PostgreSQL}
	want := `INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES ($1, $2, $3, $4), ($5, $6, $7, $8)`
	for range 2 {
		if got := s.insertText(insertValues, 2); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Of two trials MariaDB may show the second one first: it is read again. A gap that
// stays is one.
func TestGapless(t *testing.T) {
	list := func(numbers ...int) (out []listed) {
		for i, n := range numbers {
			out = append(out, listed{int64(100 + 10*n + i), n})
		}
		return out
	}
	for _, c := range []struct {
		d     Dialect
		first int
		reads [][]listed
		want  int // reads
	}{
		{MySQL, 0, [][]listed{list(0, 1, 2)}, 1},
		{MySQL, 0, [][]listed{nil}, 1},
		{MySQL, -1, [][]listed{list(7, 8)}, 1},
		{MySQL, 3, [][]listed{list(3)}, 1},
		{MySQL, 0, [][]listed{list(1), list(0, 1)}, 2},
		{MySQL, -1, [][]listed{list(5, 7), list(5, 6, 7, 9), list(5, 6, 7, 8, 9)}, 3},
		{MySQL, 3, [][]listed{list(4, 5), list(4, 5, 6)}, 2}, // of old: number 3 was given to nobody
		{PostgreSQL, 0, [][]listed{list(0, 5)}, 1},
		{SQLite, 0, [][]listed{list(0, 5)}, 1},
	} {
		s := &Storage{d: c.d}
		n := 0
		err := s.gapless(c.first, func() ([]listed, error) { n++; return c.reads[n-1], nil })
		if err != nil || n != c.want {
			t.Errorf("%v from %d, %v: %d reads, %v; want %d", c.d, c.first, c.reads, n, err, c.want)
		}
	}
	s := &Storage{d: MySQL}
	if err := s.gapless(0, func() ([]listed, error) { return list(5), errClosed }); err != errClosed {
		t.Errorf("the error is %v", err)
	}
}
