package grpcstore

import (
	"fmt"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore/internal/optunapb"
)

// checkRequest refuses what no client of ours or Optuna's sends, and some storages
// would keep: names with NUL bytes, texts that are no JSON, results that are none.
// Ids are the storage's to judge.
func checkRequest(req any) error {
	switch r := req.(type) {
	case *optunapb.CreateNewStudyRequest:
		if name := r.GetStudyName(); name != "" {
			if err := storage.CheckName("study", name); err != nil {
				return err
			}
		}
		if err := storage.CheckDirections(decodeDirections(r.GetDirections())); err != nil {
			return fmt.Errorf("%w: %w", errBadRequest, err)
		}
	case *optunapb.SetTrialStateValuesRequest:
		if err := storage.CheckValues(r.GetValues()); err != nil {
			return fmt.Errorf("%w: %w", errBadRequest, err)
		}
	case *optunapb.SetTrialIntermediateValueRequest:
		if r.GetStep() < 0 {
			return fmt.Errorf("%w: report at step %d: steps are not negative", errBadRequest, r.GetStep())
		}
	case interface { // each of the four that set an attribute
		GetKey() string
		GetValue() string
	}:
		if err := pyjson.Check([]byte(r.GetValue())); err != nil {
			return fmt.Errorf("%w: the value of attribute %q is not JSON: %w", errBadRequest, r.GetKey(), err)
		}
	}
	return nil
}
