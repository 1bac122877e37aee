package storage

import "slices"

// Keys of system attributes that hone and Optuna agree on, or that hone keeps
// for itself (those that begin with "hone:").
const (
	// AttrFixedParams, of a waiting trial: an object of parameter name to
	// value; the trial takes these instead of asking the sampler. Optuna's.
	AttrFixedParams = "fixed_params"
	// AttrConstraints: an array of constraint values, feasible when all are
	// ≤ 0. Optuna's.
	AttrConstraints = "constraints"
	// AttrConstraintPrefix begins the key of a named constraint, whose value is
	// one number. Optuna's (5.x).
	AttrConstraintPrefix = "constraints:"
	// AttrMetricNames, of a study: an array of one name for each objective.
	// Optuna's.
	AttrMetricNames = "study:metric_names"
	// AttrSeed, of a study: the seed, in decimal, as a string.
	AttrSeed = "hone:seed"
	// AttrLease, of a trial: the worker that holds it, as a string.
	AttrLease = "hone:lease"
	// AttrLost, of a failed trial that does not count: why (a string).
	AttrLost = "hone:lost"
	// AttrFailedTrial, of a trial that stands in for a lost one: the number of
	// the first one that was lost. It is Optuna's.
	AttrFailedTrial = "failed_trial"
	// AttrRetry, of a trial that stands in for a lost one: how many lost trials
	// came before it (a number).
	AttrRetry = "hone:retry"
	// AttrError, of a failed trial: the error's text.
	AttrError = "hone:error"
)

// AttrKind says whose attribute it is: the two kinds are separate namespaces.
type AttrKind int8

// Kinds of attributes.
const (
	UserAttr   AttrKind = 0 // the user's
	SystemAttr AttrKind = 1 // hone's and Optuna's own
)

// An Attr is an attribute. Value is a JSON text.
type Attr struct {
	Key   string
	Value string
}

// Attrs are attributes in the order in which their keys were first set. Keys
// are unique.
type Attrs []Attr

// Get returns the JSON text of an attribute.
func (a Attrs) Get(key string) (string, bool) {
	for i := range a {
		if a[i].Key == key {
			return a[i].Value, true
		}
	}
	return "", false
}

// With returns the attributes with one set or overwritten. The slice that is
// passed in stays as it is for whoever else reads it; growth may use its spare
// capacity, so only one holder may call With on it.
func (a Attrs) With(key, value string) Attrs {
	for i := range a {
		if a[i].Key == key {
			out := slices.Clone(a)
			out[i].Value = value
			return out
		}
	}
	return append(a, Attr{key, value})
}
