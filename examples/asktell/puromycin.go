package main

// The velocity of a reaction by concentration: Treloar's data on puromycin, in Bates
// and Watts, "Nonlinear Regression Analysis and Its Applications", 1988, table A1.3.
// The best fit is known: 212.7 and 0.0641, with a sum of squares of 1195.
var (
	concentration = []float64{0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10}
	velocity      = []float64{76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200}
)

// squares returns the sum of squares of v = limit·c/(half+c).
func squares(p map[string]any) (sum float64) {
	limit, half := p["limit"].(float64), p["half"].(float64)
	for k, c := range concentration {
		d := velocity[k] - limit*c/(half+c)
		sum += d * d
	}
	return sum
}
