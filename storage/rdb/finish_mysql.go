package rdb

import "strings"

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
