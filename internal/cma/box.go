package cma

import "math"

// A search distribution knows no bounds. Fold maps the whole line onto [0, 1],
// so that every sample is a point of the box, and the distribution is told the
// sample itself rather than the point: then it neither shrinks nor is pushed
// away where the optimum lies at a bound. The map is the identity but near the
// bounds, where it is a parabola, and beyond them it runs back:
//
//	Fold(x) = x              from a to 1−a
//	Fold(x) = (x+a)²/4a      from −a to a, and mirrored at 1
//
// with period 2(1+2a) and a = 0.05. A parabola rather than a fold, because an
// objective that falls linearly to the bound becomes a smooth one. Hansen's pycma
// uses the same kind of map (boundary_handler.BoundTransform).
func Fold(x float64) float64 {
	const width = 1 + 2*foldEdge
	v := math.Mod(x+foldEdge, 2*width) // 0 at a bound
	if v < 0 {
		v += 2 * width
	}
	if v > width {
		v = 2*width - v
	}
	switch {
	case v != v:
		return 0.5
	case v < 2*foldEdge:
		return v * v / (4 * foldEdge)
	case v > 1:
		v = width - v
		return 1 - v*v/(4*foldEdge)
	}
	return v - foldEdge
}

const foldEdge = 0.05

// Unfold returns the x closest to near with Fold(x) = u. A u outside [0, 1] is
// moved to its end.
func Unfold(u, near float64) float64 {
	u = min(max(u, 0), 1)
	var v float64 // from the lower turning point at −a
	switch {
	case u != u:
		return near
	case u < foldEdge:
		v = math.Sqrt(4 * foldEdge * u)
	case u > 1-foldEdge:
		v = 1 + 2*foldEdge - math.Sqrt(4*foldEdge*(1-u))
	default:
		v = u + foldEdge
	}
	const period = 2 * (1 + 2*foldEdge)
	if near != near || math.Abs(near) > 1e9 {
		near = 0.5
	}
	// Preimages are ±v + k·period, counted from −a.
	at := near + foldEdge
	up := v + period*math.Round((at-v)/period)
	down := -v + period*math.Round((at+v)/period)
	if math.Abs(down-at) < math.Abs(up-at) {
		up = down
	}
	return up - foldEdge
}
