package pruner

import "testing"

// Values of Python's math.log with the GNU C library, which errs by less than
// 0.52 units in the last place.
func TestRoundedLog(t *testing.T) {
	for x, want := range map[float64]float64{
		1: 0, 1.5: 0.4054651081081644, 2: 0.6931471805599453, 3: 1.0986122886681098, 10: 2.302585092994046,
		243: 5.493061443340548, 1e6: 13.815510557964274, 123456789.5: 18.63140177021802, 1e300: 690.7755278982137,
	} {
		if got := roundedLog(x); got != want {
			t.Errorf("ln %v = %v, want %v", x, got, want)
		}
	}
}
