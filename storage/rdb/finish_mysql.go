package rdb

import "strings"

// finishMySQL ends a trial in one round trip.
func (m *move) finishMySQL(t *tx) (int64, error) {
	var b strings.Builder
	b.WriteString("BEGIN; " + finishTrial[MySQL] + "; SET @hn = ROW_COUNT();\n")
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
