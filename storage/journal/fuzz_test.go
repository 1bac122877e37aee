package journal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gohone/hone/storage"
)

// FuzzReader opens files that hold anything. Nothing may make the reader panic;
// a reader that sees the file grow agrees with one that sees it whole; and if
// the journal can be written to, whole records stay and the next reader reads on.
func FuzzReader(f *testing.F) {
	text, ends := sample(f)
	f.Add(text, uint16(0))
	f.Add(text, uint16(ends[2]))
	f.Add(text[:len(text)-5], uint16(ends[2]+9))
	f.Add(append(bytes.Clone(text), "broken\n"...), uint16(len(text)))
	f.Add(append(bytes.Clone(text), "broken\n{}\n"...), uint16(len(text)+3))
	f.Add([]byte("{\"op_code\":"), uint16(3))
	f.Add([]byte("\n\n\n"), uint16(1))
	f.Add(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), uint16(100))
	dir := f.TempDir()
	n := 0
	f.Fuzz(func(t *testing.T, file []byte, at uint16) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d-%d.log", os.Getpid(), n))
		defer func() {
			names, _ := filepath.Glob(path + "*")
			for _, name := range names {
				os.RemoveAll(name)
			}
		}()
		read := func(s *Storage) string {
			studies, err := s.Studies(context.Background())
			if err != nil {
				return err.Error()
			}
			out := fmt.Sprint(studies)
			for _, st := range studies {
				ts, err := s.Trials(context.Background(), st.ID, -1, nil)
				out += fmt.Sprint(ts, err)
			}
			return out + fmt.Sprintf("%+v", s.Stats())
		}
		cut := min(int(at), len(file))
		must(t, os.WriteFile(path, nil, 0o644))
		growing, err := Open(path, &Options{ReadOnly: true})
		must(t, err)
		defer growing.Close()
		g, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = g.Write(file[:cut])
		must(t, err)
		read(growing)
		_, err = g.Write(file[cut:])
		must(t, err)
		must(t, g.Close())
		got := read(growing)

		s, err := Open(path, &Options{NoSync: true})
		if err != nil {
			if got != err.Error() {
				t.Fatalf("opened whole: %v; grown: %s", err, got)
			}
			return
		}
		defer s.Close()
		want := read(s)
		if got != want {
			t.Fatalf("opened whole:\n%s\ngrown:\n%s", want, got)
		}
		before := s.Stats()
		id, err := s.CreateStudy(context.Background(), storage.NewStudyName(), []storage.Direction{storage.Minimize})
		now, rerr := os.ReadFile(path)
		must(t, rerr)
		if err != nil {
			if !bytes.Equal(now, file) {
				t.Fatalf("CreateStudy failed with %v and changed the file", err)
			}
			return
		}
		if !bytes.HasPrefix(now, file[:before.Bytes]) {
			t.Fatal("whole records were changed")
		}
		again, err := Open(path, &Options{ReadOnly: true})
		must(t, err)
		defer again.Close()
		if _, err := again.Study(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		if got := again.Stats().Records; got != before.Records+1 {
			t.Fatalf("%d records, want %d", got, before.Records+1)
		}
	})
}
