package open_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// Results that come while another one is on its way share a commit. What is wrong with
// one of them is told to its caller alone, and the others are there bit by bit.
func TestResultsTogether(t *testing.T) {
	servers(t, func(t *testing.T, p place) {
		through, x := behindProxy(t, p)
		var groups atomic.Int32
		x.set(func(x *proxy) {
			x.last = func(sent []byte) bool {
				if bytes.Contains(sent, []byte("json_to_recordset($1")) || bytes.Contains(sent, []byte("FORCE INDEX (PRIMARY) SET state")) {
					groups.Add(1)
				}
				return false
			}
		})
		st, peer := through.open(t), p.open(t)
		defer st.Close()
		defer peer.Close()
		id, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize, storage.Maximize})
		ok(t, err)
		results := []struct {
			state  storage.State
			values []float64
		}{
			{storage.Complete, []float64{0.1, -7}}, {storage.Complete, []float64{math.Inf(1), math.Inf(-1)}}, {storage.Complete, []float64{5e-324, math.MaxFloat64}},
			{storage.Pruned, nil}, {storage.Pruned, []float64{1, -1e-9}}, {storage.Failed, nil},
			{storage.Complete, []float64{2, 2}}, {storage.Complete, []float64{3, 3}},
		}
		const finished, gone = 6, 7 // by the peer, before
		db := must(p.dial(p.name))
		defer db.Close()
		for round := 0; groups.Load() == 0 && round < 20; round++ {
			var trials []storage.Trial
			for range results {
				tr, _, err := st.Claim(t.Context(), id, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
				ok(t, err)
				ok(t, st.SetParam(t.Context(), tr.ID, storage.Param{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}))
				trials = append(trials, tr)
			}
			first, _, err := st.Claim(t.Context(), id, storage.Claim{})
			ok(t, err)
			_, err = peer.SetState(t.Context(), trials[finished].ID, storage.Failed, nil)
			ok(t, err)
			for _, table := range []string{"trial_params", "trial_system_attributes", "trials"} {
				_, err = db.ExecContext(t.Context(), fmt.Sprintf("DELETE FROM %s WHERE trial_id = %d", table, trials[gone].ID))
				ok(t, err)
			}
			// The first result is held up.
			block := must(db.BeginTx(t.Context(), nil))
			var locked int64
			ok(t, block.QueryRowContext(t.Context(), fmt.Sprintf("SELECT trial_id FROM trials WHERE trial_id = %d FOR UPDATE", first.ID)).Scan(&locked))
			var wg sync.WaitGroup
			set := func(trial int64, state storage.State, values []float64, want error) {
				wg.Go(func() {
					if made, err := st.SetState(t.Context(), trial, state, values); !errors.Is(err, want) || made != (want == nil) {
						t.Errorf("SetState(%d, %s, %v) returns %v, %v, want %v", trial, state, values, made, err, want)
					}
				})
			}
			set(first.ID, storage.Complete, []float64{0, 0}, nil)
			time.Sleep(time.Duration(round) * 10 * time.Millisecond) // until it is on its way
			for i, r := range results {
				set(trials[i].ID, r.state, r.values, map[int]error{finished: storage.ErrTrialFinished, gone: storage.ErrTrialNotFound}[i])
			}
			time.Sleep(time.Duration(round) * 10 * time.Millisecond)
			ok(t, block.Commit())
			wg.Wait()
			for i, r := range results {
				got, err := peer.Trial(t.Context(), trials[i].ID)
				switch {
				case i == gone:
					if !errors.Is(err, storage.ErrTrialNotFound) {
						t.Errorf("a trial that is gone: %v", err)
					}
				case i == finished:
					if got.State != storage.Failed || got.Values != nil {
						t.Errorf("a trial that the peer had failed is %s with the values %v", got.State, got.Values)
					}
				default:
					ok(t, err)
					same := slices.EqualFunc(got.Values, r.values, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
					if got.State != r.state || !same || len(got.Params) != 1 || got.Finished.IsZero() {
						t.Errorf("trial %d reads %+v, want %s with %v", i, got, r.state, r.values)
					}
				}
			}
		}
		if groups.Load() == 0 {
			t.Error("no results went together")
		}
	})
}
