// Package sampler chooses the values of parameters.
//
// A study asks its [Sampler] for every parameter that a trial wants to have.
// [Auto], the default, picks an algorithm by what the study looks like; each
// algorithm is a struct whose fields are its configuration and whose zero
// value is the recommended setting:
//
//	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.TPE{}})
//
// Samplers are handed data in a [Query], never a study or a storage, so
// a sampler of one's own is tested with a literal. The exported suite
// samplertest checks what every sampler promises:
//
//   - values lie in the domain;
//   - a result depends on the query alone: on the history's contents and the
//     trials' numbers, not on the order in which they became known, on a
//     clock, or on what the sampler was asked before (its memory is a cache);
//   - methods may be called concurrently;
//   - no data makes a sampler panic.
//
// All values that pass through this package are in the internal representation
// of package storage: a float as itself, an integer converted to float64, a
// category as its index.
package sampler

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// ErrExhausted is returned by a sampler that has no point left to try. It ends
// Optimize without an error; a trial that was begun for it is taken back.
var ErrExhausted = errors.New("sampler: the search space is exhausted")

// ErrContended is returned by [Starter] where a trial and one of a higher number
// have chosen the same point at the same time: the other one is expected to leave
// it, and Start is to be called again.
var ErrContended = errors.New("sampler: another trial has just chosen the same point")

// A Query is everything that a sampler may know when it chooses. It is read
// only.
type Query struct {
	// Study is the study's name, Seed its seed.
	Study string
	Seed  uint64
	// Directions has one entry for each objective.
	Directions []storage.Direction
	// Trial is the trial under way, with the parameters it has so far.
	Trial *storage.Trial
	// Running holds the other trials under way, with the parameters they have
	// so far, by rising number.
	Running []*storage.Trial
	// History holds the finished trials.
	History *storage.History
	// Rand is the trial's own stream, made from the study's seed and the
	// trial's number. Successive calls for one trial go on with it.
	Rand *rand.Rand
	// Logger takes notes on what the sampler did and why. It may be nil.
	Logger *slog.Logger
	// SetAttr notes something with the trial that later queries will need, as
	// a system attribute. The key begins with "hone:" and the sampler's name.
	// It may be nil, and then nothing is noted.
	SetAttr func(key string, value any) error
}

// A Sampler chooses one parameter at a time. Its methods may be called
// concurrently.
type Sampler interface {
	// Sample returns a value of d for the parameter of that name. The domain
	// is valid and has more than one value.
	Sample(ctx context.Context, q *Query, name string, d distributions.Distribution) (float64, error)
}

// A JointSampler chooses several parameters together, before the objective
// asks for the first.
type JointSampler interface {
	Sampler
	// SampleJoint returns values for any of the parameters in space, which has
	// every parameter known so far with its latest domain (q.History.Space());
	// in a conditional space the trial may use only some. Those that it leaves
	// out, or that the trial then asks for with a domain that does not contain
	// the value, are chosen with Sample. Enqueued values are in q.Trial.Params
	// already and are not chosen again. space is read only.
	//
	// A study makes these calls one after the other, so that what a sampler has noted
	// with one trial is in q.Running of the next.
	SampleJoint(ctx context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error)
}

// A Starter is told when a trial begins, before any of its parameters is
// chosen. The query was read after the trial was made, so that it has every trial
// of a lower number. Calls within one process come one after the other, and the
// trial of each call is among q.Running of the next.
//
// Other processes learn what Start notes only when it is noted. So after a call
// that has noted something new, and after [ErrContended], the storage is read
// again and Start is called once more, with the note in q.Trial. Whichever of two
// trials notes last therefore sees the other's note before it goes on.
type Starter interface {
	Start(ctx context.Context, q *Query) error
}

// An Exhauster can run out of points. It is asked before a trial is made, with
// q.Trial nil, and reports true when the history and the running trials
// already cover everything; a study then makes no further trial.
type Exhauster interface {
	Exhausted(ctx context.Context, q *Query) (bool, error)
}

// A Validator checks its own settings against what the study optimises, before
// the first trial. Errors name type, field and value.
type Validator interface {
	Validate(directions []storage.Direction) error
}

// A NoRepeater declares whether it leaves out points that were tried already,
// as long as an untried one is left, in spaces in which every parameter is
// discrete.
type NoRepeater interface {
	NoRepeats() bool
}
