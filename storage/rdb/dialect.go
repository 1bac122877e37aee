package rdb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Dialect is the kind of SQL that a database speaks.
type Dialect int

// Dialects.
const (
	SQLite     Dialect = 1 // version 3.35 and later
	PostgreSQL Dialect = 2
	MySQL      Dialect = 3 // and MariaDB
)

// String returns the database's name.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// A query is a statement in each dialect.
type query [MySQL + 1]string

// Statements are written once, in this notation:
//
//	?, ?2         a parameter; numbered ones may occur more than once
//	x::type       a cast that only PostgreSQL needs
//	"key"         a quoted name
//	{text x}      x as a text that is compared byte by byte
//	{time x}      the time x as a text, '' for NULL
//	[[a|b|c]]     the part of the dialect, in the order of the constants
//	{name}        what macros says
//
// MySQL has no numbered parameters: statements with {ids} or {study} have the
// numbers written into them (see Storage.idQuery).
var macros = map[string]query{
	"lock":    {SQLite: "", PostgreSQL: " FOR NO KEY UPDATE", MySQL: " FOR UPDATE"},
	"forever": {SQLite: "", PostgreSQL: " FOR UPDATE", MySQL: " FOR UPDATE"},
	"share":   {SQLite: "", PostgreSQL: " FOR SHARE OF t", MySQL: " LOCK IN SHARE MODE"},
	"ids":     {SQLite: "IN (SELECT value FROM json_each(?1))", PostgreSQL: "= ANY($1::int[])", MySQL: "IN ({ids})"},
	"study":   {SQLite: "?2", PostgreSQL: "$2::int", MySQL: "{study}"},
	"after":   {SQLite: "?3", PostgreSQL: "$3::int", MySQL: "{after}"},
	"async":   {PostgreSQL: ", (SELECT set_config('synchronous_commit', 'off', true)) AS async_"},
	// PostgreSQL knows nothing of a table that has just grown, and would then
	// rather read all trials of a study than a few by key.
	"bykey": {PostgreSQL: " + 0"},
	"open":  {SQLite: "('RUNNING','WAITING')", PostgreSQL: "('RUNNING','WAITING')", MySQL: "('RUNNING','WAITING')"},
}

var (
	castPattern   = regexp.MustCompile(`::[a-z]+(\[\])?`)
	textPattern   = regexp.MustCompile(`\{text ([^{}]+)\}`)
	timePattern   = regexp.MustCompile(`\{time ([^{}]+)\}`)
	macroPattern  = regexp.MustCompile(`\{[a-z]+\}`)
	choicePattern = regexp.MustCompile(`\[\[([^|\]]*)\|([^|\]]*)\|([^|\]]*)\]\]`)
	paramPattern  = regexp.MustCompile(`\?[0-9]*`)
)

// sqlText renders a statement in all dialects.
func sqlText(template string) query {
	var q query
	for d := SQLite; d <= MySQL; d++ {
		q[d] = d.render(template)
	}
	return q
}

func (d Dialect) render(text string) string {
	text = choicePattern.ReplaceAllStringFunc(text, func(m string) string {
		return strings.TrimSpace(choicePattern.FindStringSubmatch(m)[d])
	})
	text = timePattern.ReplaceAllString(text, query{SQLite: "COALESCE($1, '')", PostgreSQL: "COALESCE(to_char($1, 'YYYY-MM-DD HH24:MI:SS.US'), '')", MySQL: "{text COALESCE(CAST($1 AS CHAR), '')}"}[d])
	text = textPattern.ReplaceAllString(text, query{SQLite: "$1", PostgreSQL: "($1)::text", MySQL: "CONVERT($1 USING utf8mb4) COLLATE utf8mb4_bin"}[d])
	if d != PostgreSQL {
		text = castPattern.ReplaceAllString(text, "")
	}
	if d == MySQL {
		text = strings.ReplaceAll(text, `"key"`, "`key`")
	}
	if d == PostgreSQL {
		text = numberFrom(text, 1)
	}
	return macroPattern.ReplaceAllStringFunc(text, func(m string) string {
		if r, ok := macros[m[1:len(m)-1]]; ok {
			return r[d]
		}
		return m
	})
}

// numberFrom gives PostgreSQL's numbers to the parameters that have none.
func numberFrom(text string, n int) string {
	return paramPattern.ReplaceAllStringFunc(text, func(m string) string {
		if m != "?" {
			return "$" + m[1:]
		}
		n++
		return "$" + strconv.Itoa(n-1)
	})
}

// idQuery returns the text and the arguments of a statement that speaks of
// {ids}, and perhaps of {study} and {after}, which are given after them.
func (s *Storage) idQuery(q query, ids []int64, others ...int64) (string, []any) {
	b := make([]byte, 0, 8*len(ids)+2)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	switch s.d {
	case MySQL:
		if len(b) == 0 {
			b = append(b, "NULL"...) // nothing is IN (NULL)
		}
		r := []string{"{ids}", string(b)}
		for i, v := range others {
			r = append(r, []string{"{study}", "{after}"}[i], strconv.FormatInt(v, 10))
		}
		return strings.NewReplacer(r...).Replace(q[MySQL]), nil
	case PostgreSQL:
		b = append(append([]byte{'{'}, b...), '}')
	default:
		b = append(append([]byte{'['}, b...), ']')
	}
	args := []any{string(b)}
	for _, v := range others {
		args = append(args, v)
	}
	return q[s.d], args
}

// maxID is the largest id that the key columns hold.
func (d Dialect) maxID() int64 {
	if d == SQLite {
		return 1<<63 - 1
	}
	return 1<<31 - 1
}

// isID reports whether a study or trial could have the id. Servers refuse
// numbers that their columns cannot hold rather than finding nothing.
func (d Dialect) isID(id int64) bool { return id > 0 && id <= d.maxID() }

// checkDialect asks the database for its version in its own dialect.
func (s *Storage) checkDialect(t *tx) error {
	ask := query{SQLite: "SELECT sqlite_version()", PostgreSQL: "SHOW server_version", MySQL: "SELECT @@version"}
	if _, err := t.row(ask[s.d], nil, new(string)); err != nil {
		return fmt.Errorf("the database does not answer as %v does (is the dialect right?): %w", s.d, err)
	}
	return nil
}
