package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gohone/hone/internal/filelock"
	"github.com/gohone/hone/internal/oplog"
)

// Beats are kept in files of their own, "beat.<study>.<worker>" in the side
// folder, and not in the journal: they would make it grow by the hour, would
// wait when the journal's lock does (and whoever waits would then look dead),
// and mean nothing to Python. A file holds the number of the last beat.

// beatSize is the size of a file's contents: a number and a line end.
const beatSize = 20

// beatAge is how old a beat is when nobody needs it any more.
const beatAge = 24 * time.Hour

// beats are the files that this handle wrote.
type beats struct {
	mu    sync.Mutex
	files map[string]int64 // path to study
}

// beatFile returns the path of a worker's file.
func (s *Storage) beatFile(study int64, worker string) string {
	return filepath.Join(s.dir(), "beat."+strconv.FormatInt(study, 10)+"."+beatName(worker))
}

// beatName returns the name of a worker in a file name: "=" and the worker
// itself, or a digest where it holds what not every file system takes.
func beatName(worker string) string {
	plain := len(worker) <= 100 && worker != ""
	for _, c := range []byte(worker) {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_':
		default:
			plain = false
		}
	}
	if plain {
		return "=" + worker
	}
	sum := sha256.Sum256([]byte(worker))
	return hex.EncodeToString(sum[:])
}

// Beat implements [storage.Leaser]. It takes no lock and syncs nothing.
func (s *Storage) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	if s.o.ReadOnly {
		return fmt.Errorf("journal: %s: %w", s.path, ErrReadOnly)
	}
	if err := s.view(ctx, func(st *oplog.State) error {
		_, err := st.Study(study)
		return err
	}); err != nil {
		return err
	}
	path := s.beatFile(study, worker)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, s.opened.Mode().Perm())
	if errors.Is(err, fs.ErrNotExist) {
		if err := filelock.MakeDir(s.dir(), s.opened.Mode()); err != nil {
			return named(err)
		}
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, s.opened.Mode().Perm())
	}
	if err != nil {
		return named(err)
	}
	// Opened and closed each time: that is when a network file system shows the
	// contents to other machines.
	_, err = f.WriteAt(fmt.Appendf(nil, "%*d\n", beatSize-1, seq), 0)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return named(err)
	}
	s.beats.mu.Lock()
	defer s.beats.mu.Unlock()
	if s.beats.files == nil {
		s.beats.files = make(map[string]int64)
	}
	s.beats.files[path] = study
	return nil
}

// Beats implements [storage.Leaser]. It returns the beats of the workers that
// hold running trials.
func (s *Storage) Beats(ctx context.Context, study int64) (map[string]int64, error) {
	var holders []string
	err := s.view(ctx, func(st *oplog.State) (err error) {
		holders, err = st.Holders(study)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]int64, len(holders))
	for _, worker := range holders {
		seq, ok, err := readBeat(s.beatFile(study, worker))
		if err != nil {
			return nil, named(err)
		}
		if ok {
			out[worker] = seq
		}
	}
	return out, nil
}

// readBeat reads a worker's file. A missing one, or one that is just being
// written, is no beat.
func readBeat(path string) (seq int64, ok bool, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	text, whole := strings.CutSuffix(string(b), "\n")
	seq, perr := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return seq, whole && perr == nil, nil
}

// dropBeats removes the beats of a study that was deleted.
func (s *Storage) dropBeats(study int64) {
	names, _ := os.ReadDir(s.dir())
	prefix := "beat." + strconv.FormatInt(study, 10) + "."
	for _, n := range names {
		if strings.HasPrefix(n.Name(), prefix) {
			_ = os.Remove(filepath.Join(s.dir(), n.Name()))
		}
	}
}

// tidyBeats removes beats of workers that are long gone.
func (s *Storage) tidyBeats() {
	names, _ := os.ReadDir(s.dir())
	for _, n := range names {
		if !strings.HasPrefix(n.Name(), "beat.") {
			continue
		}
		if fi, err := n.Info(); err == nil && time.Since(fi.ModTime()) > beatAge {
			_ = os.Remove(filepath.Join(s.dir(), n.Name()))
		}
	}
}

// closeBeats removes the beats of the workers of this handle, who are done.
func (s *Storage) closeBeats() error {
	s.beats.mu.Lock()
	defer s.beats.mu.Unlock()
	var err error
	for path := range s.beats.files {
		if rerr := os.Remove(path); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	s.beats.files = nil
	return err
}

// DeleteStudy implements [storage.Storage].
func (s *Storage) DeleteStudy(ctx context.Context, study int64) error {
	err := s.ops.DeleteStudy(ctx, study)
	if err == nil {
		s.dropBeats(study)
	}
	return err
}
