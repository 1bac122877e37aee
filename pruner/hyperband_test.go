package pruner

import (
	"context"
	"encoding/json"
	"hash/crc32"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/gohone/hone/storage"
)

// testdata/hyperband.py made the numbers with Optuna.
func TestBracketsEqualOptuna(t *testing.T) {
	data, err := os.ReadFile("testdata/hyperband.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]json.RawMessage
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	members := 0
	for _, row := range rows {
		var low, high, factor int
		var want []uint64
		for i, into := range []any{&low, &high, &factor, &want} {
			if err := json.Unmarshal(row[i], into); err != nil {
				t.Fatal(err)
			}
		}
		p := &Hyperband{MinResource: low, MaxResource: high, ReductionFactor: factor}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		if got := p.table(); !slices.Equal(got, want) {
			t.Errorf("resources %d to %d by %d: shares %v, want %v", low, high, factor, got, want)
		}
		if len(row) == 5 {
			members++
			var want []int
			if err := json.Unmarshal(row[4], &want); err != nil {
				t.Fatal(err)
			}
			for number, b := range want {
				if got := p.Bracket("séance", number); got != b {
					t.Errorf("resources %d to %d by %d: trial %d is in bracket %d, want %d", low, high, factor, number, got, b)
				}
			}
		}
	}
	if len(rows) < 500 || members < 20 {
		t.Errorf("only %d rows, %d with members", len(rows), members)
	}
}

// The figures of Optuna's own documentation and hash.
func TestBracketShares(t *testing.T) {
	for _, c := range []struct {
		low, high, factor int
		want              []uint64
	}{
		{1, 9, 3, []uint64{9, 5, 3}},
		{1, 81, 3, []uint64{81, 34, 15, 8, 5}},
		{1, 100, 3, []uint64{81, 34, 15, 8, 5}},
		{2, 32, 4, []uint64{16, 6, 3}},
	} {
		if got := makeBrackets(c.low, c.high, c.factor); !slices.Equal(got, c.want) {
			t.Errorf("%d to %d by %d: %v, want %v", c.low, c.high, c.factor, got, c.want)
		}
	}
	for text, want := range map[string]uint32{"s_0": 2987163180, "s_1": 3305852602, "s_2": 1543642880} {
		if got := crc32.ChecksumIEEE([]byte(text)); got != want {
			t.Errorf("hash of %q: %d, want %d", text, got, want)
		}
	}
}

// Brackets follow from the finished trials, whichever way a pruner came to know
// them, and a longer trial draws them anew.
func TestBracketsLearned(t *testing.T) {
	curve := func(number, steps int, state storage.State) *storage.Trial {
		tr := &storage.Trial{Number: number, State: state, Values: []float64{1}}
		for s := range steps {
			tr.Reports = append(tr.Reports, storage.Report{Step: s, Value: 1})
		}
		return tr
	}
	told, read := new(Hyperband), new(Hyperband)
	if got := told.Bracket("s", 5); got != 0 {
		t.Errorf("bracket %d before anything is known", got)
	}
	if told.Learn(curve(0, 81, storage.Pruned)) || told.Learn(curve(1, 0, storage.Complete)) {
		t.Error("a pruned trial, or one without reports, was learned from")
	}
	if !told.Learn(curve(2, 9, storage.Complete)) {
		t.Error("the first complete trial did not change the brackets")
	}
	if told.Learn(curve(3, 10, storage.Complete)) {
		t.Error("one step more does not change the brackets of 9")
	}
	if !told.Learn(curve(4, 81, storage.Complete)) {
		t.Error("81 steps instead of 10 did not change the brackets")
	}
	trials := []*storage.Trial{curve(4, 81, storage.Complete), curve(3, 10, storage.Complete), curve(2, 9, storage.Complete)}
	if _, err := read.Prune(context.Background(), &Query{Study: "s", Trial: curve(5, 1, storage.Running), History: storage.NewHistory(1, trials...)}); err != nil {
		t.Fatal(err)
	}
	given := &Hyperband{MaxResource: 81}
	for number := range 200 {
		a, b, c := told.Bracket("s", number), read.Bracket("s", number), given.Bracket("s", number)
		if a != c || b != c {
			t.Fatalf("trial %d: bracket %d by Learn, %d by a history, %d when given", number, a, b, c)
		}
	}
}

// Hyperband is successive halving among the trials of one bracket.
func TestHyperbandIsHalvingByBracket(t *testing.T) {
	p := &Hyperband{MaxResource: 9}
	var all []*storage.Trial
	brackets := make(map[int]int)
	for number := range 300 {
		tr := &storage.Trial{Number: number, State: storage.Pruned, Reports: []storage.Report{{Step: 1, Value: 1}}}
		tr.SystemAttrs = storage.Attrs{{Key: rungPrefix + "0", Value: strconv.Itoa(number * 7919 % 300)}}
		brackets[p.Bracket("s", number)]++
		all = append(all, tr)
	}
	if len(brackets) != 3 {
		t.Fatalf("300 trials in brackets %v", brackets)
	}
	h := storage.NewHistory(1, all...)
	for number := 300; number < 400; number++ {
		own := p.Bracket("s", number)
		var mates []*storage.Trial
		for _, tr := range all {
			if p.Bracket("s", tr.Number) == own {
				mates = append(mates, tr)
			}
		}
		for _, v := range []float64{5, 60, 90, 120, 250} {
			q := &Query{Study: "s", Trial: &storage.Trial{Number: number, Reports: []storage.Report{{Step: 9, Value: v}}}, History: h}
			got, err := p.Prune(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			q.History = storage.NewHistory(1, mates...)
			want, err := (&SuccessiveHalving{MinResource: 1, ReductionFactor: 3, MinEarlyStoppingRate: own}).Prune(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("trial %d, bracket %d, value %v: %t, halving alone %t", number, own, v, got, want)
			}
		}
	}
}
