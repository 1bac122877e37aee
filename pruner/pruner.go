// Package pruner stops hopeless trials early.
//
// An objective reports intermediate values with Trial.Report and asks
// Trial.ShouldPrune whether to go on. The study then asks its [Pruner]. Each
// rule is a struct whose fields are its configuration and whose zero value is
// the recommended setting. [Median] is the default of a study; [Nop] never
// prunes. The exported suite prunertest checks what every pruner promises.
package pruner

import (
	"context"
	"math/rand/v2"

	"github.com/gohone/hone/storage"
)

// A Query is everything that a pruner may know when it decides. It is read
// only.
type Query struct {
	// Study is the study's name.
	Study string
	// Direction of the objective that is reported.
	Direction storage.Direction
	// Trial is the trial under way. Its Reports are by rising step; it has at
	// least one.
	Trial *storage.Trial
	// Running holds the other trials under way, by rising number.
	Running []*storage.Trial
	// History holds the finished trials (with a Bracketer, those of the
	// trial's bracket).
	History *storage.History
	// Rand is a stream that depends on the study's seed, the trial's number
	// and the last step.
	Rand *rand.Rand
	// SetAttr notes something with the trial that later queries will need, as
	// a system attribute. It may be nil, and then nothing is noted.
	SetAttr func(key string, value any) error
}

// A Pruner decides whether a trial should be stopped. Its methods may be
// called concurrently. Its memory is a cache: what it answers depends on the
// query alone.
type Pruner interface {
	Prune(ctx context.Context, q *Query) (bool, error)
}

// A Bracketer divides a study's trials into groups that are judged, and
// sampled, apart.
type Bracketer interface {
	// Bracket returns the group of the trial of that number.
	Bracket(study string, number int) int
}

// A Validator checks its own settings before the first trial. Errors name
// type, field and value.
type Validator interface {
	Validate() error
}
