package journal_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

// A parameter whose kind has changed is told with both definitions and what to do,
// as in memory.
func TestKindChangedSaysBoth(t *testing.T) {
	st, err := journal.Open(filepath.Join(t.TempDir(), "study.log"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Storage: st})
	if err != nil {
		t.Fatal(err)
	}
	if err := study.Optimize(func(t *hone.Trial) (float64, error) { return float64(t.SuggestInt("depth", 1, 12)), nil }, 1); err != nil {
		t.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) { return t.SuggestFloat("depth", 0, 1), nil }, 1)
	if want := "the study has Int(1, 12), this is Float(0, 1): kind must not change; use a new name"; !errors.Is(err, hone.ErrIncompatible) || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
