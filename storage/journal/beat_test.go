package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/storage"
)

// Beats leave nothing behind: not in the journal, and not in the side folder
// when the worker ends or is long gone.
func TestBeatFiles(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	ctx := t.Context()
	odd := "worker/../../x:" + strings.Repeat("y", 300)
	for _, w := range []string{"w-1", odd, ""} {
		_, _, err := s.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: fmt.Sprintf("%q", w)}}})
		must(t, err)
	}
	size := s.Stats().Bytes
	for seq := range int64(50) {
		must(t, s.Beat(ctx, study, "w-1", seq, nil))
		must(t, s.Beat(ctx, study, odd, seq, nil))
	}
	other := openAt(t, path, nil)
	if got, err := other.Beats(ctx, study); err != nil || len(got) != 2 || got["w-1"] != 49 || got[odd] != 49 {
		t.Errorf("Beats: %v, %v", got, err)
	}
	if got := s.Stats().Bytes; got != size {
		t.Errorf("the journal grew by %d bytes", got-size)
	}
	files := func() []string {
		names, err := filepath.Glob(path + ".hone/beat.*")
		must(t, err)
		return names
	}
	if len(files()) != 2 {
		t.Errorf("files: %v", files())
	}
	old := time.Now().Add(-2 * beatAge)
	must(t, os.Chtimes(s.beatFile(study, "w-1"), old, old))
	openAt(t, path, nil)
	if len(files()) != 1 {
		t.Errorf("after a day: %v", files())
	}
	must(t, s.Close())
	if len(files()) != 0 {
		t.Errorf("after Close: %v", files())
	}
	if err := other.Beat(ctx, study+1, "w", 1, nil); !errors.Is(err, storage.ErrStudyNotFound) {
		t.Errorf("a beat in a study that is not there: %v", err)
	}
	// Whatever stands in a file is no crash.
	must(t, os.MkdirAll(path+".hone", 0o755))
	for _, text := range []string{"", "x\n", "12", "99999999999999999999\n"} {
		must(t, os.WriteFile(other.beatFile(study, "w-1"), []byte(text), 0o644))
		if got, err := other.Beats(ctx, study); err != nil || len(got) != 0 {
			t.Errorf("with %q in the file, Beats: %v, %v", text, got, err)
		}
	}
}
