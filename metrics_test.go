package hone_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage"
)

// Names given to a study that is loaded are those stored, become so, or are an error:
// they are never passed over.
func TestMetricNamesOfLoadedStudy(t *testing.T) {
	ctx := context.Background()
	both := []hone.Direction{hone.Minimize, hone.Maximize}
	names := []string{"loss", "accuracy"}
	load := map[string]func(st storage.Storage, names []string) (*hone.Study, error){
		"LoadStudy": func(st storage.Storage, names []string) (*hone.Study, error) {
			return hone.LoadStudy(ctx, st, "a", &hone.Options{MetricNames: names})
		},
		"LoadIfExists": func(st storage.Storage, names []string) (*hone.Study, error) {
			return hone.NewStudy(&hone.Options{Name: "a", Storage: st, LoadIfExists: true, Directions: both, MetricNames: names})
		},
	}
	for name, load := range load {
		t.Run(name, func(t *testing.T) {
			st := storage.NewMemory()
			newStudy(t, &hone.Options{Name: "a", Storage: st, Directions: both})
			if s, err := load(st, nil); err != nil || s.MetricNames() != nil {
				t.Fatalf("no names: %v, %v", s, err)
			}
			if _, err := load(st, names[:1]); err == nil || !strings.Contains(err.Error(), "1 names for") {
				t.Errorf("too few names: %v", err)
			}
			for _, given := range [][]string{names, nil, names} { // the first are stored
				if s, err := load(st, given); err != nil || !slices.Equal(s.MetricNames(), names) {
					t.Errorf("names %q: %v", given, err)
				}
			}
			if _, err := load(st, []string{"loss", "f1"}); err == nil || !strings.Contains(err.Error(), `stored with the metric names ["loss" "accuracy"], the options say ["loss" "f1"]; leave MetricNames nil`) {
				t.Errorf("other names: %v", err)
			}
		})
	}
}

// Without a name there is nothing to load on a storage that others share.
func TestLoadIfExistsNeedsName(t *testing.T) {
	st := storage.NewMemory()
	if _, err := hone.NewStudy(&hone.Options{Storage: st, LoadIfExists: true}); err == nil || !strings.Contains(err.Error(), "LoadIfExists needs a Name") {
		t.Errorf("the error is %v", err)
	}
	if all, err := hone.StudySummaries(t.Context(), st); err != nil || len(all) != 0 {
		t.Errorf("it made %v, %v", all, err)
	}
	if _, err := hone.NewStudy(&hone.Options{LoadIfExists: true}); err != nil {
		t.Errorf("in a memory of its own: %v", err)
	}
}
