package open_test

import (
	"math"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/open"
	"github.com/gohone/hone/storage/rdb"
)

// On MySQL, where making the tables is no transaction, one of ours that dies on the
// way leaves some of them behind. The next one begins anew.
func TestMakerDied(t *testing.T) {
	s := mariadb(t)
	for _, left := range [][]string{
		{"ALTER TABLE studies COMMENT = 'hone: being made'", "DELETE FROM alembic_version"},
		{"ALTER TABLE studies COMMENT = 'hone: being made'", "DROP TABLE alembic_version", "DROP TABLE trial_heartbeats", "DROP TABLE trial_intermediate_values"},
	} {
		p := place{s, s.create(t, "CHARACTER SET utf8mb4")}
		ok(t, p.open(t).Close())
		p.exec(t, left...)
		st := p.open(t)
		id, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		_, err = st.CreateTrial(t.Context(), id, nil)
		ok(t, err)
		ok(t, st.Close())
	}
}

// A parameter may be written twice, when a call whose answer was lost on the way to
// a gRPC client is made again. The trial can be finished nevertheless.
func TestParameterWrittenTwice(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		st := p.open(t)
		defer st.Close()
		id, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		tr, err := st.CreateTrial(t.Context(), id, nil)
		ok(t, err)
		param := storage.Param{Name: "x", Value: math.Pi, Dist: distributions.Float{Low: 0, High: 4}}
		ok(t, st.SetParam(t.Context(), tr.ID, param))
		ok(t, st.SetParam(t.Context(), tr.ID, param))
		made, err := st.SetState(t.Context(), tr.ID, storage.Complete, []float64{1})
		if err != nil || !made {
			t.Errorf("%v, %v", made, err)
		}
	})
}

// A blank in a parameter of PostgreSQL's reaches the server as one.
func TestPostgresOptions(t *testing.T) {
	s := postgres(t)
	name := s.create(t, "")
	st, err := open.Open(t.Context(), s.url+"?options=-csearch_path%3D"+name+"%20-cgeqo%3Doff", nil)
	ok(t, err)
	ok(t, st.Close())
	db := s.connect(t, name)
	defer db.Close()
	var revision string
	ok(t, db.QueryRow("SELECT version_num FROM alembic_version").Scan(&revision))
	if revision != rdb.Revision {
		t.Errorf("revision %q in the schema that the URL names", revision)
	}
}
