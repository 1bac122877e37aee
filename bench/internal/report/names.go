package report

import (
	"cmp"
	"slices"
	"strings"
)

// A look is how an optimiser is shown: its name, and its colours on light and on
// dark ground.
type look struct {
	alg, label, light, dark string
}

// Ours are warm and drawn thick, others cold or grey.
var looks = []look{
	{"hone-auto", "hone Auto", "#c8102e", "#ff6b6b"},
	{"hone-gp", "hone GP", "#d9730d", "#ffa94d"},
	{"hone-tpe", "hone TPE", "#b0268f", "#f783d6"},
	{"hone-cma", "hone CMAES", "#8f6a00", "#e6c04a"},
	{"hone-random", "hone Random", "#a08080", "#b89a9a"},
	{"optuna-auto", "Optuna Auto", "#0b5394", "#6cb6ff"},
	{"optuna-gp", "Optuna GP", "#1f77b4", "#4da3e0"},
	{"optuna-tpe", "Optuna TPE", "#17868f", "#39c5cf"},
	{"optuna-cma", "Optuna CMA-ES", "#5a8f29", "#8ddb5a"},
	{"optuna-random", "random", "#7a7a7a", "#9a9a9a"},
	{"smac", "SMAC3", "#3a6b35", "#6fbf73"},
	{"hebo", "HEBO", "#4b3fa7", "#a79bff"},
	{"ax", "Ax", "#6a4c93", "#c79bff"},
	{"vizier", "Vizier", "#2f4858", "#7fa8bd"},
	{"hyperopt", "hyperopt", "#557a95", "#8fb4cf"},
	{"nevergrad", "Nevergrad", "#64748b", "#a3b1c6"},
}

func lookOf(alg string) look {
	for _, l := range looks {
		if l.alg == alg {
			return l
		}
	}
	return look{alg, strings.Replace(alg, "hone-", "hone ", 1), "#555555", "#bbbbbb"}
}

// Label is the name of an optimiser for readers.
func Label(alg string) string { return lookOf(alg).label }

func ours(alg string) bool { return strings.HasPrefix(alg, "hone-") }

// inOrder sorts names: ours first, then as in looks.
func inOrder(algs []string) {
	place := func(alg string) int {
		if i := slices.IndexFunc(looks, func(l look) bool { return l.alg == alg }); i >= 0 {
			return i
		}
		return len(looks)
	}
	slices.SortFunc(algs, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b)) })
}
