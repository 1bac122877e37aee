package open_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage/open"
)

// PostgreSQL that has just seen to it that the tables are empty would read them whole,
// and keep to that while they grow. Nothing that a trial needs does so.
func TestNoTableIsReadWhole(t *testing.T) {
	s := postgres(t)
	name := s.create(t, "")
	url := s.url + "?search_path=" + name
	run := func(trials int) {
		t.Helper()
		st, err := open.Open(t.Context(), url, nil)
		ok(t, err)
		defer st.Close()
		study, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, LoadIfExists: true, Sampler: new(sampler.Random)})
		ok(t, err)
		ok(t, study.OptimizeContext(t.Context(), func(tr *hone.Trial) (float64, error) {
			return tr.SuggestFloat("x", 0, 1), nil
		}, &hone.OptimizeOptions{Trials: trials, Workers: 4}))
	}
	run(1)
	s.empty(t, name)
	db := s.connect(t, name)
	defer db.Close()
	_, err := db.Exec("VACUUM ANALYZE")
	ok(t, err)
	scans := func() (read, inserted int) {
		ok(t, db.QueryRow(`SELECT SUM(seq_tup_read), SUM(n_tup_ins) FILTER (WHERE relname = 'trials') FROM pg_stat_user_tables
			WHERE schemaname = $1 AND relname LIKE 'trial%'`, name).Scan(&read, &inserted))
		return read, inserted
	}
	before, first := scans()
	const trials = 300
	run(trials)
	read, inserted := scans()
	for range 200 { // the server counts when a connection ends
		if inserted >= first+trials {
			break
		}
		time.Sleep(50 * time.Millisecond)
		read, inserted = scans()
	}
	if inserted < first+trials {
		t.Fatalf("the server counts %d new trials", inserted-first)
	}
	if read -= before; read > trials {
		var where []string
		rows, err := db.Query(`SELECT relname || ': ' || seq_tup_read FROM pg_stat_user_tables WHERE schemaname = $1 AND seq_scan > 0`, name)
		ok(t, err)
		defer rows.Close()
		for rows.Next() {
			var text string
			ok(t, rows.Scan(&text))
			where = append(where, text)
		}
		t.Errorf("%d rows were read by scans of whole tables during %d trials: %s", read, trials, strings.Join(where, ", "))
	}
}
