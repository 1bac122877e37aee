package main

import "testing"

// Rounded tables have four values up to the median, with the best among them; on a
// plateau all but a twentieth of the cells, or a few more that are as good, are alike.
func TestTies(t *testing.T) {
	tables, err := loadTables(".")
	if err != nil {
		t.Fatal(err)
	}
	for i := range tables {
		tab := &tables[i]
		round, flat := rounded(tab, nil), plateau(tab, nil)
		levels, alike, best := make(map[float64]bool), 0, tab.Median
		for cell := range tab.Cells {
			mean := tab.Mean(cell)
			if v := round.told(mean); mean <= tab.Median {
				levels[v] = true
			}
			v := flat.told(mean)
			best = min(best, v)
			if v == tab.Median {
				alike++
			}
		}
		if len(levels) < 2 || len(levels) > 4 || !levels[tab.Best] {
			t.Errorf("%s: rounded to %d values, the best among them: %v", tab.Name, len(levels), levels[tab.Best])
		}
		if share := float64(alike) / float64(tab.Cells); best != tab.Best || share < 0.9 || share > 0.95 {
			t.Errorf("%s: %v of the cells alike, the best is %v instead of %v", tab.Name, share, best, tab.Best)
		}
	}
}
