// Package oplog holds Optuna's operation log: the records that its journals
// consist of, and the state to which they fold.
//
// A record is one JSON object that says what somebody did to a study or to a
// trial. The state is a pure function of the records in their order, so every
// process that reads the same log knows the same studies, whichever language it
// is written in. Whether an operation took effect is decided by the fold too: a
// record that asks for something impossible (a taken name, a change of a
// finished trial, a claim of a trial that runs already) is passed over by every
// reader, and its writer learns so from [Outcome].
//
// The Append functions write records as Optuna writes them, [State.Apply] reads
// one. Where the log is kept (a file, a server), and how writers keep out of
// each other's way, is the caller's affair.
package oplog

import "fmt"

// Op says what a record does. The numbers are Optuna's.
type Op int

// Operations.
const (
	CreateStudy     Op = 0
	DeleteStudy     Op = 1
	StudyUserAttr   Op = 2
	StudySystemAttr Op = 3
	CreateTrial     Op = 4
	SetParam        Op = 5
	SetState        Op = 6
	SetReport       Op = 7
	TrialUserAttr   Op = 8
	TrialSystemAttr Op = 9
)

// Verdict says what became of a record.
type Verdict int8

// Verdicts. Only Applied changed the state.
const (
	Applied        Verdict = iota
	DuplicateStudy         // the name is taken
	NoStudy                // the study does not exist (any more)
	NoTrial                // the trial does not exist, or its study was deleted
	Finished               // the trial is finished
	Incompatible           // the study has another kind of parameter under the name
	NotWaiting             // a claim of a trial that runs already
	Unknown                // an operation that this version does not know
)

// An UnsupportedError tells of a record that Optuna can read and this program, on
// this machine, cannot.
type UnsupportedError struct {
	Study string // its name
	Trial int    // its number
	What  string // what is too large
}

// Error names the trial and the reason.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("study %q, trial %d: %s, which Python can read and this program cannot", e.Study, e.Trial, e.What)
}

// An Outcome tells what a record did.
type Outcome struct {
	Op      Op
	Verdict Verdict
	// ID is the study that was created, or the trial that was created.
	ID int64
	// Worker is the record's worker_id as it stands between the quotes. It
	// shares memory with the record.
	Worker []byte
}
