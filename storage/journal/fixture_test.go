package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gohone/hone/internal/neutral"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// sharedFixtures is the folder of files made by Optuna beside the repository.
// testdata holds a part of them by value.
const sharedFixtures = "../../../shared/interop/fixtures"

// A journal that Optuna wrote reads as Optuna reads it.
func TestFixture(t *testing.T) {
	t.Run("reduced", func(t *testing.T) {
		fixture(t, "testdata/small.journal.log", "testdata/small.expected.json")
	})
	t.Run("shared", func(t *testing.T) {
		if _, err := os.Stat(sharedFixtures); errors.Is(err, fs.ErrNotExist) {
			t.Skipf("%s is absent; testdata holds a part of it", sharedFixtures)
		}
		fixture(t, filepath.Join(sharedFixtures, "all.journal.log"), filepath.Join(sharedFixtures, "expected.journal.json"))
	})
}

func fixture(t *testing.T, log, expected string) {
	text, err := os.ReadFile(expected)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Studies []map[string]any
	}
	neutral.Decode(t, text, &want)
	if len(want.Studies) < 5 {
		t.Fatalf("%s holds %d studies", expected, len(want.Studies))
	}
	st, err := journal.Open(log, &journal.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	studies, err := st.Studies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]storage.Study)
	for _, s := range studies {
		got[fmt.Sprint(s.ID)] = s
	}
	for _, w := range want.Studies {
		id := fmt.Sprint(w["study_id"])
		s, ok := got[id]
		if !ok {
			t.Errorf("study %s is missing", id)
			continue
		}
		trials, err := st.Trials(t.Context(), s.ID, -1, nil)
		if err != nil {
			t.Fatal(err)
		}
		delete(w, "best_trial_number_by_storage") // no affair of a storage here
		var g map[string]any
		neutral.Decode(t, neutral.Study(t, s, trials), &g)
		neutral.Compare(t, s.Name, g, w)
	}
}
