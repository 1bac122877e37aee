// Package storage holds what a study remembers: trials, their parameters,
// reports and results, and the attributes of trials and studies.
//
// A [Storage] is the contract that every place of keeping fulfils; [Memory] is
// the one that lives in the process. Files, databases and servers have a
// package each below this one. Whoever writes another storage proves it with
// the exported suite in storagetest.
//
// Values of parameters are held as Optuna holds them, as one float64: a float
// as itself, an integer converted, a category as its index from 0. The package
// distributions turns them into what users see. Attributes are JSON texts.
package storage

import (
	"context"
	"errors"
)

// Errors that callers act on, by [errors.Is].
var (
	// ErrDuplicateStudy: a study of this name exists already.
	ErrDuplicateStudy = errors.New("study exists already")
	// ErrStudyNotFound: no study has this name or id (any more).
	ErrStudyNotFound = errors.New("study not found")
	// ErrTrialNotFound: no trial has this id or number (any more).
	ErrTrialNotFound = errors.New("trial not found")
	// ErrTrialFinished: the trial is complete, pruned or failed, and finished
	// trials never change.
	ErrTrialFinished = errors.New("trial is finished")
	// ErrIncompatible: the parameter has another kind, scale or set of
	// categories elsewhere in the study.
	ErrIncompatible = errors.New("incompatible parameter")
	// ErrInvalidName: a name is empty, too long, or holds bytes that some
	// storage cannot keep.
	ErrInvalidName = errors.New("invalid name")
	// ErrLeaseLost: the trial was given up as lost while its worker still
	// worked on it; what the worker brings is not counted.
	ErrLeaseLost = errors.New("lease lost")
)

// A Storage keeps studies and trials. Every method is one atomic change or one
// consistent read, is safe for concurrent use, and returns the sentinels above
// wrapped. Contexts bound the wait, not the change: a call that returns
// ctx.Err() may have taken effect.
//
// What a call acknowledged is seen by every later call of every process on the
// same data. SetState (to a finished state), CreateStudy, SetStudyAttr and
// CreateTrial with a waiting or finished template are durable when they return;
// the others are written at once and are durable with the next of those.
//
// Ids are unique within a storage and are never reused. Within a study, ids
// grow in the order in which trials become visible: a trial never appears
// after one with a larger id has been seen. Numbers are 0, 1, 2, … within each
// study in the same order, without a gap.
//
// Trials that come out of a storage may share memory with it: whoever holds
// one must not modify what its slices hold, and it never changes under the
// holder.
type Storage interface {
	// CreateStudy makes a study and returns its id. An empty name stands for a
	// fresh one, from NewStudyName. There is at least one direction and none
	// is Unset. It fails with ErrDuplicateStudy when the name is taken.
	CreateStudy(ctx context.Context, name string, directions []Direction) (int64, error)

	// DeleteStudy removes a study with all that is below it. It fails with
	// ErrStudyNotFound, on the second call too.
	DeleteStudy(ctx context.Context, study int64) error

	// FindStudy returns the id of the study of that name, or ErrStudyNotFound.
	FindStudy(ctx context.Context, name string) (int64, error)

	// Study returns one study with its attributes, or ErrStudyNotFound.
	Study(ctx context.Context, study int64) (Study, error)

	// Studies returns all studies in the order of their ids.
	Studies(ctx context.Context) ([]Study, error)

	// SetStudyAttr sets or overwrites an attribute of a study. value is a JSON
	// text (with Python's NaN, Infinity and -Infinity allowed).
	SetStudyAttr(ctx context.Context, study int64, kind AttrKind, key, value string) error

	// CreateTrial adds a trial and returns it with its id and number. A nil
	// template makes a running trial that started now. Otherwise everything of
	// the template is kept except ID and Number; a running or finished one
	// without Started gets the time of the call, as does a finished one
	// without Finished.
	CreateTrial(ctx context.Context, study int64, template *Trial) (Trial, error)

	// SetParam sets a parameter of an unfinished trial. The value is not
	// checked against the distribution. It fails with ErrTrialFinished, then
	// with ErrIncompatible when [distributions.Compatible] refuses the
	// distribution beside one that the study already has under that name. A
	// parameter is set once in a trial; what a second call for the same name
	// does is not defined (Optuna's backends differ).
	SetParam(ctx context.Context, trial int64, p Param) error

	// SetReport sets or overwrites the intermediate value at a step ≥ 0 of an
	// unfinished trial. NaN and ±Inf are values.
	SetReport(ctx context.Context, trial int64, step int, value float64) error

	// SetTrialAttr sets or overwrites an attribute of an unfinished trial.
	SetTrialAttr(ctx context.Context, trial int64, kind AttrKind, key, value string) error

	// SetState moves an unfinished trial to another state and, where values is
	// not nil, sets its values (none of them NaN). It reports whether the call
	// made the change: moving a running trial to Running reports false and
	// changes nothing, so that of any number of callers who claim a waiting
	// trial exactly one gets true. Running sets Started; a finished state sets
	// Finished (and Started if the trial never ran). A finished trial gives
	// ErrTrialFinished.
	SetState(ctx context.Context, trial int64, state State, values []float64) (bool, error)

	// Trial returns one trial, or ErrTrialNotFound.
	Trial(ctx context.Context, trial int64) (Trial, error)

	// Trials returns, in the order of ids, the study's trials whose id is
	// above after or is in include. after = -1 returns all. Ids in include
	// that the study does not have are passed over. It costs what it returns,
	// not what the study holds.
	//
	// To follow a study, keep the largest id seen and the ids seen unfinished,
	// and ask for those.
	Trials(ctx context.Context, study int64, after int64, include []int64) ([]Trial, error)

	// Close releases what the storage holds. Later calls fail.
	Close() error
}

// A Claimer is a Storage that starts a trial within a budget, and gives one
// back, in one atomic step each.
type Claimer interface {
	Storage

	// Claim takes the oldest waiting trial, or else creates one; either way
	// it is running and new, with Started set and c.Attrs added to its system
	// attributes, in one step. When c.Budget is above zero and as many trials
	// already count (see Trial.Counts and Trial.HoldsBudget), it reports false
	// and changes nothing.
	Claim(ctx context.Context, study int64, c Claim) (Trial, bool, error)

	// Requeue fails a running trial, adds attrs to its system attributes and,
	// where retry is not nil, creates it as a new trial, in one step. It
	// reports whether this call did so: it is false when the trial is finished
	// already, or is held by another than holder (the value of AttrLease;
	// "" where the trial has none).
	Requeue(ctx context.Context, trial int64, holder string, attrs []Attr, retry *Trial) (bool, error)
}

// A GroupClaimer is a Claimer that starts several trials for little more than one.
type GroupClaimer interface {
	Claimer

	// ClaimGroup is Claim for up to n trials (at least 1), in one step: c.Attrs
	// are added to each. It returns those that it started, by rising id, one at
	// least, and none when the budget is spent already. Of waiting trials it
	// may take fewer than there are.
	ClaimGroup(ctx context.Context, study int64, c Claim, n int) ([]Trial, error)
}

// A Claim says how Claimer.Claim may start a trial.
type Claim struct {
	// Budget is the number of trials that may count in the whole study.
	// 0 means no limit.
	Budget int
	// Attrs are system attributes of the trial from its first moment.
	Attrs []Attr
}

// A Leaser is a Claimer that several processes share. Workers write beats, and
// watch the beats of the others by their own clock; no two clocks are compared.
type Leaser interface {
	Claimer

	// Beat records beat number seq (rising from 1) of a worker, who holds the
	// given running trials of the study. A beat need not be durable.
	Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error

	// Beats returns the last beat of each worker seen in the study. Workers
	// that hold no running trial may be missing.
	Beats(ctx context.Context, study int64) (map[string]int64, error)
}

// A Partial is a Storage whose optional methods depend on what stands behind it,
// such as a client of a server that may be another's.
type Partial interface {
	Storage
	// Claims reports whether the methods of Claimer, and those of Leaser if it
	// has them, work.
	Claims() bool
}

// AsClaimer returns st as a Claimer, if it is one that works.
func AsClaimer(st Storage) (Claimer, bool) {
	c, ok := st.(Claimer)
	return c, ok && whole(st)
}

// AsGroupClaimer returns st as a GroupClaimer, if it is one that works.
func AsGroupClaimer(st Storage) (GroupClaimer, bool) {
	c, ok := st.(GroupClaimer)
	return c, ok && whole(st)
}

// AsLeaser returns st as a Leaser, if it is one that works.
func AsLeaser(st Storage) (Leaser, bool) {
	l, ok := st.(Leaser)
	return l, ok && whole(st)
}

func whole(st Storage) bool {
	p, ok := st.(Partial)
	return !ok || p.Claims()
}

// InMemory is implemented by storages that hold all trials in the memory of
// this process, so that reading one back costs next to nothing.
type InMemory interface {
	InMemory() bool
}
