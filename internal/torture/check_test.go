//go:build linux || darwin

package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// Each invariant is seen to be violated once.
func TestCheckNotices(t *testing.T) {
	const x = 0.25
	lease := storage.Attr{Key: storage.AttrLease, Value: `"w"`}
	complete := func(number int) *storage.Trial {
		return &storage.Trial{
			State: storage.Complete, Values: []float64{result(number, x)},
			Params:  []storage.Param{{Name: "x", Value: x, Dist: distributions.Float{High: 1}}},
			Reports: []storage.Report{{Step: 0, Value: x / 3}, {Step: 1, Value: math.NaN()}},
		}
	}
	ack := func(number int, v float64) string { return fmt.Sprintf("%d %s %s\n", number, bits(x), bits(v)) }
	for name, c := range map[string]struct {
		trials []*storage.Trial
		acks   string
		budget int
		want   string
	}{
		"good":         {[]*storage.Trial{complete(0), complete(1)}, ack(0, result(0, x)) + ack(1, result(1, x)), 2, ""},
		"no report":    {[]*storage.Trial{{State: storage.Complete, Values: complete(0).Values, Params: complete(0).Params}}, "", 1, "I2"},
		"other value":  {[]*storage.Trial{complete(0)}, ack(0, 7), 1, "I2: trial 0 was acknowledged"},
		"not there":    {[]*storage.Trial{complete(0)}, ack(0, result(0, x)) + ack(3, 7), 1, "I2: the acknowledged result of trial 3 is not there"},
		"twice":        {[]*storage.Trial{complete(0)}, ack(0, result(0, x)) + ack(0, result(0, x)), 1, "I3"},
		"left running": {[]*storage.Trial{complete(0), {State: storage.Running, SystemAttrs: storage.Attrs{lease}}}, ack(0, result(0, x)), 1, "I4"},
		"left waiting": {[]*storage.Trial{complete(0), {State: storage.Waiting}}, ack(0, result(0, x)), 1, "I4"},
		"too many":     {[]*storage.Trial{complete(0), complete(1)}, ack(0, result(0, x)) + ack(1, result(1, x)), 1, "I5"},
		"too few":      {[]*storage.Trial{complete(0)}, ack(0, result(0, x)), 2, "I5"},
		"password":     {[]*storage.Trial{complete(0)}, ack(0, result(0, x)), 1, "shows the password"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &run{options: &options{}, ctx: context.Background(), kind: kindOf("memory"), dir: t.TempDir()}
			p := r.place()
			id, err := p.mem.CreateStudy(r.ctx, "one", []storage.Direction{storage.Minimize})
			if err != nil {
				t.Fatal(err)
			}
			for _, tr := range c.trials {
				if _, err := p.mem.CreateTrial(r.ctx, id, tr); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(r.dir, "acks1"), []byte(c.acks), 0o600); err != nil {
				t.Fatal(err)
			}
			r.check(p, "one", expect{budget: c.budget, acks: filepath.Join(r.dir, "acks*")})
			if name == "password" {
				r.scrubbed("a log", "connect to postgresql://hone:"+canary+"@host")
			}
			if got := strings.Join(r.problems, "\n"); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("noticed %q, want %q", got, c.want)
			}
		})
	}
}
