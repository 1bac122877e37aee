// Package hone finds good settings for anything that can be measured:
// hyperparameter and black-box optimisation.
//
// Write an objective, which asks a [Trial] for the values to try and returns
// what came of them, and let a [Study] choose the values:
//
//	study, err := hone.NewStudy(nil)
//	err = study.Optimize(func(t *hone.Trial) (float64, error) {
//		x := t.SuggestFloat("x", -10, 10)
//		return (x - 2) * (x - 2), nil
//	}, 100)
//	best, err := study.BestParams()
//
// [Options] says where the study is kept, which way is better, and which
// sampler and pruner to use; its zero value is the recommended setting: minimise,
// in memory, with the sampler that hone knows to be best. [OptimizeOptions] says
// how long, with how many workers, and when to stop.
//
// A study that outlives the process is kept in a storage: a file
// (storage/journal), a database (storage/rdb), Redis (storage/redisstore) or
// behind a server (storage/grpcstore). All of them are Optuna's own formats, so
// workers in Go and in Python can share one study.
//
// # Concurrency
//
// A Study may be used by any number of goroutines. A Trial belongs to one
// objective, and its methods may be called from any goroutine of that objective;
// those that return a value alone panic when they cannot, and a panic in another
// goroutine than the objective's ends the program, so there [Trial.Suggest] is
// the method to call.
//
// # Randomness
//
// A study has a seed, and each trial has a stream of its own, made from the seed
// and the trial's number. One worker and one seed give the same study on every
// run of the same program.
package hone

import (
	"errors"

	"github.com/gohone/hone/storage"
)

// Direction says whether an objective is minimised or maximised.
type Direction = storage.Direction

// Directions of an objective. Unset is the zero value: minimise when a study is
// made, what is stored when one is loaded.
const (
	Unset    = storage.Unset
	Minimize = storage.Minimize
	Maximize = storage.Maximize
)

// State is where a trial stands.
type State = storage.State

// States of a trial.
const (
	Running  = storage.Running
	Waiting  = storage.Waiting
	Complete = storage.Complete
	Pruned   = storage.Pruned
	Failed   = storage.Failed
)

// Errors that callers act on, by [errors.Is].
var (
	// ErrPruned is what an objective returns when it gives a trial up as not
	// worth finishing, usually after Trial.ShouldPrune.
	ErrPruned = errors.New("hone: trial pruned")
	// ErrNoTrials: the study has no complete trial.
	ErrNoTrials = errors.New("hone: the study has no complete trial")
	// ErrNoFeasible: the study has complete trials, but each violates a
	// constraint.
	ErrNoFeasible = errors.New("hone: no complete trial satisfies the constraints")
	// ErrMultiObjective: the call makes sense for one objective only, and the
	// study has several.
	ErrMultiObjective = errors.New("hone: the study has several objectives")

	ErrDuplicateStudy = storage.ErrDuplicateStudy
	ErrStudyNotFound  = storage.ErrStudyNotFound
	ErrTrialNotFound  = storage.ErrTrialNotFound
	ErrTrialFinished  = storage.ErrTrialFinished
	ErrLeaseLost      = storage.ErrLeaseLost
	ErrIncompatible   = storage.ErrIncompatible
	ErrInvalidName    = storage.ErrInvalidName
)
