package storage

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gohone/hone/distributions"
)

// State is where a trial stands. The numbers are Optuna's.
type State int8

// States of a trial. A trial moves from Waiting to Running to one of the
// finished states, Complete, Pruned or Failed, and then never changes.
const (
	Running  State = 0
	Complete State = 1
	Pruned   State = 2
	Failed   State = 3
	Waiting  State = 4
)

// Finished reports whether s is Complete, Pruned or Failed.
func (s State) Finished() bool { return s == Complete || s == Pruned || s == Failed }

// String returns the state's name in lower case.
func (s State) String() string {
	switch s {
	case Running:
		return "running"
	case Complete:
		return "complete"
	case Pruned:
		return "pruned"
	case Failed:
		return "failed"
	case Waiting:
		return "waiting"
	}
	return "state(" + strconv.Itoa(int(s)) + ")"
}

// Direction says whether an objective is minimised or maximised. The numbers
// are those of Optuna's journal.
type Direction int8

// Directions of an objective.
const (
	Unset    Direction = 0
	Minimize Direction = 1
	Maximize Direction = 2
)

// String returns the direction's name in lower case.
func (d Direction) String() string {
	switch d {
	case Unset:
		return "unset"
	case Minimize:
		return "minimize"
	case Maximize:
		return "maximize"
	}
	return "direction(" + strconv.Itoa(int(d)) + ")"
}

// Sign returns 1 for Minimize and −1 for Maximize: the factor that makes an
// objective one to be minimised.
func (d Direction) Sign() float64 {
	if d == Maximize {
		return -1
	}
	return 1
}

// A Study is what a storage knows of a study beside its trials.
type Study struct {
	ID          int64
	Name        string
	Directions  []Direction // one for each objective
	UserAttrs   Attrs
	SystemAttrs Attrs
}

// A Trial is one attempt, in compact form.
type Trial struct {
	ID     int64 // unique within the storage
	Number int   // 0, 1, 2, … within the study
	State  State

	// Values holds one value for each objective when the trial is complete,
	// and the last reported value, if any, when it was pruned.
	Values []float64
	// Params are in the order in which they were suggested.
	Params []Param
	// Reports are the intermediate values by rising step.
	Reports []Report

	UserAttrs   Attrs
	SystemAttrs Attrs

	Started  time.Time // zero: not started
	Finished time.Time // zero: not finished
}

// A Param is a parameter's value in one trial.
type Param struct {
	Name string
	// Value is the internal representation: the number itself, or the index of
	// the category.
	Value float64
	// Dist is the domain that this trial drew from.
	Dist distributions.Distribution
}

// A Report is an intermediate value.
type Report struct {
	Step  int
	Value float64
}

// Param returns the trial's parameter of that name.
func (t *Trial) Param(name string) (Param, bool) {
	for i := range t.Params {
		if t.Params[i].Name == name {
			return t.Params[i], true
		}
	}
	return Param{}, false
}

// LastReport returns the report at the highest step.
func (t *Trial) LastReport() (Report, bool) {
	if len(t.Reports) == 0 {
		return Report{}, false
	}
	return t.Reports[len(t.Reports)-1], true
}

// Counts reports whether a finished trial counts towards a study's budget: all
// but those whose worker was lost or that were cut off (they have AttrLost).
func (t *Trial) Counts() bool {
	if !t.State.Finished() {
		return false
	}
	if t.State != Failed {
		return true
	}
	_, lost := t.SystemAttrs.Get(AttrLost)
	return !lost
}

// HoldsBudget reports whether a running trial keeps a place of the study's
// budget: it does when a worker holds it under a lease.
func (t *Trial) HoldsBudget() bool {
	if t.State != Running {
		return false
	}
	_, leased := t.SystemAttrs.Get(AttrLease)
	return leased
}

// Holder returns the worker that holds the trial under a lease, or "".
func (t *Trial) Holder() string {
	text, ok := t.SystemAttrs.Get(AttrLease)
	if !ok || len(text) < 2 || text[0] != '"' {
		return ""
	}
	return text[1 : len(text)-1]
}

// Clone returns a trial that shares no memory with t.
func (t *Trial) Clone() Trial {
	c := *t
	c.Values = slices.Clone(t.Values)
	c.Params = slices.Clone(t.Params)
	c.Reports = slices.Clone(t.Reports)
	c.UserAttrs = slices.Clone(t.UserAttrs)
	c.SystemAttrs = slices.Clone(t.SystemAttrs)
	return c
}

// FillTimes sets the times that a trial in its state must have and lacks.
func (t *Trial) FillTimes(now time.Time) {
	if t.State != Waiting && t.Started.IsZero() {
		t.Started = now
	}
	if t.State.Finished() && t.Finished.IsZero() {
		t.Finished = now
	}
}

// WithReport returns reports with the value at step set, in order of steps.
// The slice that is passed in stays as it is for whoever else reads it.
func WithReport(reports []Report, step int, value float64) []Report {
	n := len(reports)
	if n == 0 || reports[n-1].Step < step {
		return append(reports, Report{step, value})
	}
	i := n
	for i > 0 && reports[i-1].Step >= step {
		i--
	}
	out := make([]Report, 0, n+1)
	out = append(out, reports[:i]...)
	out = append(out, Report{step, value})
	if reports[i].Step == step {
		i++
	}
	return append(out, reports[i:]...)
}

// NewStudyName returns a name as Optuna makes it for studies without one:
// "no-name-" and a random UUID.
func NewStudyName() string { return "no-name-" + NewUUID() }

// NewUUID returns a random (version 4) UUID in lower case.
func NewUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// CheckName returns ErrInvalidName, wrapped, for a name of a study, parameter
// or attribute that not every storage can keep: an empty one, one of more than
// 512 bytes, with a NUL byte, or that is not valid UTF-8.
func CheckName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: the name of %s is empty", ErrInvalidName, article(what))
	case len(name) > 512:
		return fmt.Errorf("%w: the name of %s has %d bytes, at most 512 can be stored everywhere: %.40q…", ErrInvalidName, article(what), len(name), name)
	case strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("%w: the name of %s holds a NUL byte: %q", ErrInvalidName, article(what), name)
	case strings.ToValidUTF8(name, "") != name:
		return fmt.Errorf("%w: the name of %s is not valid UTF-8: %q; encode bytes as text first, in base64 for instance", ErrInvalidName, article(what), name)
	}
	return nil
}

// article puts the indefinite article before a word.
func article(word string) string {
	if strings.HasPrefix(word, "a") {
		return "an " + word
	}
	return "a " + word
}
