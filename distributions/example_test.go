package distributions_test

import (
	"fmt"

	"github.com/gohone/hone/distributions"
)

// A domain lays itself out on [0, 1]. Whoever draws points there needs to know
// nothing else about it.
func Example() {
	space := []distributions.Distribution{
		distributions.Float{Low: -1, High: 3},
		distributions.Float{Low: 0, High: 1, Step: 0.25},
		distributions.Int{Low: 1, High: 8},
		distributions.Categorical{Choices: []any{"relu", "tanh", "gelu"}},
	}
	for _, d := range space {
		fmt.Println(d)
		for _, u := range []float64{0, 0.5, 1} {
			fmt.Printf("  %.1f %v\n", u, d.External(d.FromUnit(u)))
		}
	}
	// Output:
	// Float(-1, 3)
	//   0.0 -1
	//   0.5 1
	//   1.0 3
	// Float(0, 1, step 0.25)
	//   0.0 0
	//   0.5 0.5
	//   1.0 1
	// Int(1, 8)
	//   0.0 1
	//   0.5 5
	//   1.0 8
	// Categorical("relu", "tanh", "gelu")
	//   0.0 relu
	//   0.5 tanh
	//   1.0 gelu
}

// A step is meant in decimals, and a High off the grid comes down to it.
func ExampleFloat() {
	d, err := distributions.Normalize(distributions.Float{Low: 0, High: 0.55, Step: 0.1})
	if err != nil {
		fmt.Println(err)
		return
	}
	n, _ := d.Size()
	fmt.Println(d, n)
	for u := range 6 {
		fmt.Print(" ", d.FromUnit(float64(u)/5))
	}
	// Output:
	// Float(0, 0.5, step 0.1) 6
	//  0 0.1 0.2 0.3 0.4 0.5
}

// Both ends of an Int are values like the others: each has a quarter of [0, 1].
func ExampleInt() {
	d := distributions.Int{Low: 1, High: 4}
	for _, u := range []float64{0, 0.24, 0.26, 0.74, 0.76, 1} {
		fmt.Print(" ", d.FromUnit(u))
	}
	fmt.Println()
	fmt.Println(d.ToUnit(1), d.ToUnit(4))
	// Output:
	//  1 1 2 3 4 4
	// 0.125 0.875
}

// Choices are stored by their place in the list.
func ExampleCategorical() {
	d := distributions.Categorical{Choices: []any{"adam", "sgd", nil}}
	place, err := d.Internal("sgd")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(place, d.External(place))
	_, err = d.Internal("adamw")
	fmt.Println(err)
	// Output:
	// 1 sgd
	// "adamw" is none of the choices ("adam", "sgd", nil)
}

// A domain turns values into numbers of the unit interval and back, so that who
// chooses a value need not know which kind it is of.
func ExampleDistribution() {
	for _, d := range []distributions.Distribution{
		distributions.Float{Low: 0, High: 5},
		distributions.Int{Low: 1, High: 3},
		distributions.Categorical{Choices: []any{"relu", "tanh"}},
	} {
		v := d.FromUnit(0.5)
		fmt.Println(d, d.External(v), d.Contains(v))
	}
	// Output:
	// Float(0, 5) 2.5 true
	// Int(1, 3) 2 true
	// Categorical("relu", "tanh") tanh true
}

func ExampleNormalize() {
	_, err := distributions.Normalize(distributions.Float{Low: 1, High: 0})
	fmt.Println(err)
	_, err = distributions.Normalize(distributions.Categorical{Choices: []any{"a", []int{1, 2}}})
	fmt.Println(err)
	// Output:
	// low 1 is above high 0; swap them
	// choice 1 is a []int; only nil, bool, numbers and strings can be stored: give each choice a name and look it up
}

// A range may change from one trial of a study to another; the kind of a parameter,
// its scale and its choices may not.
func ExampleCompatible() {
	old := distributions.Float{Low: 0.001, High: 0.1, Log: true}
	fmt.Println(distributions.Compatible(old, distributions.Float{Low: 0.01, High: 1, Log: true}))
	fmt.Println(distributions.Compatible(old, distributions.Float{Low: 0.01, High: 1}))
	// Output:
	// <nil>
	// the study has Float(0.001, 0.1, log), this is Float(0.01, 1): log must not change; use a new name
}

func ExampleEqual() {
	a := distributions.Categorical{Choices: []any{1, "x"}}
	b := distributions.Categorical{Choices: []any{1.0, "x"}}
	fmt.Println(distributions.Equal(a, b))
	// Output: true
}

// The stored form is Optuna's, to the byte.
func ExampleMarshal() {
	text, err := distributions.Marshal(distributions.Float{Low: 1e-5, High: 1, Log: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
	// Output: {"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 1.0, "log": true}}
}

func ExampleUnmarshal() {
	for _, text := range []string{
		`{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 8}}`,
		`{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 1, "q": 0.25}}`, // before Optuna 3
		`{"type": "categorical", "choices": ["relu", 2, 2.0, null]}`,
	} {
		d, err := distributions.Unmarshal(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d)
	}
	// Output:
	// Int(1, 8)
	// Float(0, 1, step 0.25)
	// Categorical("relu", 2, 2.0, nil)
}

func ExampleWideInt() {
	// What Python stores for trial.suggest_int("n", 0, 2**64).
	d, err := distributions.Unmarshal(`{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 18446744073709551616}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, wide := d.(distributions.WideInt)
	fmt.Println(wide, d, d.External(1e19), d.External(3))
	// Output: true Int(0, 18446744073709551616) 1e+19 3
}
