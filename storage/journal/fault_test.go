package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// must ends the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "study.log") }

func openAt(t testing.TB, path string, o *Options) *Storage {
	t.Helper()
	s, err := Open(path, o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func newStudy(t testing.TB, s *Storage) int64 {
	t.Helper()
	id, err := s.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
	must(t, err)
	return id
}

// finish runs a trial whose value is its number and half.
func finish(ctx context.Context, s *Storage, study int64) (storage.Trial, error) {
	t, _, err := s.Claim(ctx, study, storage.Claim{})
	if err != nil {
		return t, err
	}
	if err := s.SetParam(ctx, t.ID, storage.Param{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}); err != nil {
		return t, err
	}
	if err := s.SetReport(ctx, t.ID, 3, 0.25); err != nil {
		return t, err
	}
	_, err = s.SetState(ctx, t.ID, storage.Complete, []float64{float64(t.Number) + 0.5})
	return t, err
}

// sample returns the contents of a small journal, and where its lines end.
func sample(t testing.TB) (text []byte, ends []int) {
	t.Helper()
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	for range 2 {
		_, err := finish(t.Context(), s, study)
		must(t, err)
	}
	must(t, s.Close())
	text, err := os.ReadFile(path)
	must(t, err)
	for i, c := range text {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	return text, ends
}

// tornFiles returns what was kept beside a journal.
func tornFiles(t testing.TB, path string) [][]byte {
	t.Helper()
	names, err := filepath.Glob(path + ".torn-*")
	must(t, err)
	var out [][]byte
	for _, n := range names {
		b, err := os.ReadFile(n)
		must(t, err)
		out = append(out, b)
	}
	return out
}

// goOn appends to a journal and checks that it then holds kept, whole records
// and what was appended, and that a new reader agrees.
func goOn(t *testing.T, path string, kept []byte) {
	t.Helper()
	s, err := Open(path, nil)
	must(t, err)
	defer s.Close()
	id, err := s.CreateStudy(t.Context(), "after", []storage.Direction{storage.Maximize})
	must(t, err)
	_, err = finish(t.Context(), s, id)
	must(t, err)
	text, err := os.ReadFile(path)
	must(t, err)
	if !bytes.HasPrefix(text, kept) {
		t.Fatalf("the records from before are not all there:\n%s", text)
	}
	if !bytes.HasPrefix(text[len(kept):], []byte(`{"op_code":0,`)) || text[len(text)-1] != '\n' {
		t.Fatalf("after the records from before comes\n%s", text[len(kept):])
	}
	again, err := Open(path, nil)
	must(t, err)
	defer again.Close()
	a, err := s.Trials(t.Context(), id, -1, nil)
	must(t, err)
	b, err := again.Trials(t.Context(), id, -1, nil)
	must(t, err)
	if fmt.Sprint(a) != fmt.Sprint(b) || len(a) != 1 || a[0].State != storage.Complete {
		t.Fatalf("one reader has\n%v, another\n%v", a, b)
	}
}

// F10: the file ends in the middle of one of its last records, at every byte.
func TestTornTail(t *testing.T) {
	text, ends := sample(t)
	from := ends[len(ends)-4]
	for cut := from; cut <= len(text); cut++ {
		path := newPath(t)
		must(t, os.WriteFile(path, text[:cut], 0o644))
		whole := 0
		for _, e := range ends {
			if e <= cut {
				whole = e
			}
		}
		var log bytes.Buffer
		s := openAt(t, path, &Options{NoSync: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if got := s.Stats(); got.Bytes != int64(whole) {
			t.Fatalf("cut at %d: read to %d, want %d", cut, got.Bytes, whole)
		}
		// Reading alone changes nothing.
		if b, _ := os.ReadFile(path); !bytes.Equal(b, text[:cut]) {
			t.Fatalf("cut at %d: opening changed the file", cut)
		}
		must(t, s.SetStudyAttr(t.Context(), 0, storage.UserAttr, "k", "1"))
		must(t, s.Close())
		kept := tornFiles(t, path)
		if whole == cut && len(kept) > 0 || whole < cut && (len(kept) != 1 || !bytes.Equal(kept[0], text[whole:cut])) {
			t.Fatalf("cut at %d: kept %q, want %q", cut, kept, text[whole:cut])
		}
		if whole < cut != strings.Contains(log.String(), fmt.Sprintf("bytes=%d", cut-whole)) {
			t.Errorf("cut at %d: the log says %s", cut, log.String())
		}
		b, err := os.ReadFile(path)
		must(t, err)
		if !bytes.HasPrefix(b, text[:whole]) || bytes.Count(b[whole:], []byte{'\n'}) != 1 || !bytes.HasPrefix(b[whole:], []byte(`{"op_code":2,`)) {
			t.Fatalf("cut at %d: the file goes on with %q", cut, b[whole:])
		}
	}
}

// The very first record may be torn too.
func TestTornFirstRecord(t *testing.T) {
	text, ends := sample(t)
	for cut := range ends[0] {
		path := newPath(t)
		must(t, os.WriteFile(path, text[:cut], 0o644))
		goOn(t, path, nil)
	}
}

// Rubbish behind the last record is cut off when it is the end of the file, and
// an error with its place when records follow: nobody could read those.
func TestGarbage(t *testing.T) {
	text, ends := sample(t)
	half := text[ends[1] : ends[1]+40]
	for name, garbage := range map[string][]byte{
		"zeros":                  make([]byte, 5000),
		"zeros and a line end":   append(make([]byte, 100), '\n'),
		"bytes":                  {0xff, 0xfe, 0x80, 0x00},
		"bytes and a line end":   []byte("\xff\xfe\x80\n"),
		"words":                  []byte("disk error\n"),
		"half a record, glued":   append(slices.Clone(half), text[ends[2]:ends[3]]...),
		"blank line":             []byte("\n"),
		"half line after a bad":  []byte("bad\n{\"op_code\":"),
		"long":                   bytes.Repeat([]byte("x"), 3*chunkSize),
		"long with a line end":   append(bytes.Repeat([]byte("x"), 3*chunkSize), '\n'),
		"carriage return, blank": []byte("\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			must(t, os.WriteFile(path, append(slices.Clone(text), garbage...), 0o644))
			goOn(t, path, text)
			if kept := tornFiles(t, path); len(kept) != 1 || !bytes.Equal(kept[0], garbage) {
				t.Errorf("kept %d files, %.80q", len(kept), kept)
			}

			// The same with a record behind it.
			path = newPath(t)
			line := slices.Clone(garbage)
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			file := slices.Concat(text, line, text[ends[1]:ends[2]])
			must(t, os.WriteFile(path, file, 0o644))
			_, err := Open(path, nil)
			var c *CorruptError
			if !errors.As(err, &c) || c.Offset != int64(len(text)) || c.Line != int64(len(ends)+1) || c.Path != path {
				t.Fatalf("Open returned %v", err)
			}
			if !strings.Contains(err.Error(), "Repair") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if b, _ := os.ReadFile(path); !bytes.Equal(b, file) {
				t.Error("the file was changed")
			}
			r, err := Repair(t.Context(), path)
			must(t, err)
			if saved, _ := os.ReadFile(r.Saved); r.Kept != int64(len(ends)+1) || r.Broken == 0 || !bytes.Equal(saved, line) {
				t.Errorf("Repair reports %+v and saved %.80q", r, saved)
			}
			goOn(t, path, append(slices.Clone(text), text[ends[1]:ends[2]]...))
			if r, err := Repair(t.Context(), path); err != nil || r.Broken != 0 || r.Saved != "" {
				t.Errorf("a second Repair reports %+v, %v", r, err)
			}
		})
	}
}

// A record that is JSON and no record stops everybody, in Python too; it is
// never taken for a torn end.
func TestMalformedRecord(t *testing.T) {
	text, _ := sample(t)
	file := append(slices.Clone(text), `{"op_code":6,"worker_id":"w","trial_id":0}`+"\n"...)
	path := newPath(t)
	must(t, os.WriteFile(path, file, 0o644))
	// The trial is finished, so nobody looks at the rest of the record.
	openAt(t, path, nil)

	file = append(slices.Clone(text), `{"op_code":4,"worker_id":"w","study_id":0}`+"\n"...)
	must(t, os.WriteFile(path, file, 0o644))
	_, err := Open(path, nil)
	var c *CorruptError
	if !errors.As(err, &c) || c.Offset != int64(len(text)) {
		t.Fatalf("Open returned %v", err)
	}
	if kept := tornFiles(t, path); len(kept) > 0 {
		t.Errorf("kept %q", kept)
	}
}

// Corruption that appears while the journal is open is an error of every call,
// with the same place, and what was acknowledged stays readable by Repair.
func TestCorruptedWhileOpen(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	before, err := os.ReadFile(path)
	must(t, err)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString("oops\n" + string(before))
	must(t, err)
	must(t, f.Close())
	for range 2 {
		var c *CorruptError
		if _, err := s.Trials(t.Context(), study, -1, nil); !errors.As(err, &c) || c.Offset != int64(len(before)) || c.Line != 2 {
			t.Errorf("Trials returned %v", err)
		}
		if _, err := s.CreateTrial(t.Context(), study, nil); !errors.As(err, &c) || c.Offset != int64(len(before)) {
			t.Errorf("CreateTrial returned %v", err)
		}
	}
	_, err = Repair(t.Context(), path)
	must(t, err)
	if _, err := s.CreateTrial(t.Context(), study, nil); !errors.Is(err, ErrReplaced) {
		t.Errorf("after Repair, the old handle: %v", err)
	}
	goOn(t, path, before)
}

// A file of another program is refused and left as it is.
func TestForeignFile(t *testing.T) {
	for name, text := range map[string]string{
		"sqlite":     "SQLite format 3\x00\x10\x00\x01\x01\x00@  \x00\x00\n\x01\x00\x00",
		"text":       "hello\nworld\n",
		"one line":   "hello",
		"UTF-16":     "\xff\xfe{\x00\"\x00o\x00",
		"BOM":        "\xef\xbb\xbf{\"op_code\":0}\n",
		"newlines":   strings.Repeat("\n", 100000),
		"zeros":      string(make([]byte, 5000)),
		"JSON":       "{\"a\": 1}\n",
		"JSON lines": "{\"a\": 1}\n{\"a\": 2}\n",
		"JSON array": "[1, 2]\n",
		"half JSON":  "{\"a\": 1, \"b\"",
		"bad JSON":   "{\"a\": 1]\n",
		"long":       "{" + strings.Repeat("x", 100<<10),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			must(t, os.WriteFile(path, []byte(text), 0o644))
			s, err := Open(path, nil)
			if err == nil { // then at least nothing is written
				_, err = s.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
				s.Close()
			}
			var c *CorruptError
			if !errors.Is(err, ErrNotJournal) && !errors.As(err, &c) {
				t.Errorf("the error is %v", err)
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("the error does not name the file: %v", err)
			}
			if b, _ := os.ReadFile(path); string(b) != text {
				t.Errorf("the file was changed to %.80q", b)
			}
			if _, err := Repair(t.Context(), path); name == "sqlite" && !errors.Is(err, ErrNotJournal) {
				t.Errorf("Repair returned %v", err)
			}
		})
	}
}

// Line ends of Windows, and an empty file, are fine.
func TestLineEnds(t *testing.T) {
	text, ends := sample(t)
	crlf := bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	path := newPath(t)
	must(t, os.WriteFile(path, crlf, 0o644))
	s := openAt(t, path, nil)
	if got := s.Stats().Records; got != int64(len(ends)) {
		t.Errorf("%d records, want %d", got, len(ends))
	}
	goOn(t, path, crlf)
	path = newPath(t)
	must(t, os.WriteFile(path, nil, 0o644))
	goOn(t, path, nil)
}

// F15: paths that are no journal each get an error that says what to do.
func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o644))
	for name, c := range map[string]struct {
		path string
		o    *Options
		is   error
		says string
	}{
		"empty path":       {"", nil, nil, "name a file"},
		"folder":           {dir, nil, nil, "study.log"},
		"missing folder":   {filepath.Join(dir, "no", "study.log"), nil, fs.ErrNotExist, "create the folder " + filepath.Join(dir, "no")},
		"file as folder":   {filepath.Join(file, "study.log"), nil, nil, file},
		"nothing to read":  {filepath.Join(dir, "none.log"), &Options{ReadOnly: true}, fs.ErrNotExist, "nothing to read"},
		"negative setting": {file, &Options{LockGrace: -1}, nil, "LockGrace"},
		"NUL in the name":  {dir + "/a\x00b", nil, nil, "journal: "},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(c.path, c.o)
			if err == nil {
				s.Close()
				t.Fatal("Open succeeded")
			}
			if c.is != nil && !errors.Is(err, c.is) || !strings.HasPrefix(err.Error(), "journal: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 {
		t.Errorf("files were made: %v", names)
	}
}

// A journal that is opened for reading only leaves no trace.
func TestReadOnly(t *testing.T) {
	text, _ := sample(t)
	path := newPath(t)
	must(t, os.WriteFile(path, text[:len(text)-3], 0o444))
	s := openAt(t, path, &Options{ReadOnly: true})
	ctx := t.Context()
	if ts, err := s.Trials(ctx, 0, -1, nil); err != nil || len(ts) != 2 {
		t.Errorf("%d trials, %v", len(ts), err)
	}
	_, err := s.CreateStudy(ctx, "x", []storage.Direction{storage.Minimize})
	errs := []error{err, s.DeleteStudy(ctx, 0), s.SetStudyAttr(ctx, 0, storage.UserAttr, "k", "1"), s.Beat(ctx, 0, "w", 1, nil)}
	_, err = s.CreateTrial(ctx, 0, nil)
	errs = append(errs, err)
	_, _, err = s.Claim(ctx, 0, storage.Claim{})
	errs = append(errs, err)
	for i, err := range errs {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("call %d returned %v", i, err)
		}
	}
	must(t, s.Close())
	if names, _ := filepath.Glob(path + "*"); len(names) != 1 {
		t.Errorf("files were made: %v", names)
	}
}

// F15: a file that is deleted, moved or replaced under a running worker.
func TestReplaced(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"deleted":  os.Remove,
		"moved":    func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o644)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			s := openAt(t, path, nil)
			study := newStudy(t, s)
			if err := change(path); err != nil {
				t.Skipf("an open file cannot be %s here: %v", name, err)
			}
			if _, err := s.CreateTrial(t.Context(), study, nil); !errors.Is(err, ErrReplaced) || !strings.Contains(err.Error(), path) {
				t.Errorf("CreateTrial returned %v", err)
			}
			if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
				t.Errorf("something was written: %q", b)
			}
		})
	}
}

// A journal that somebody cuts or rewrites under a reader is read anew.
func TestRewritten(t *testing.T) {
	text, ends := sample(t)
	for name, next := range map[string][]byte{
		"shorter":                text[:ends[len(ends)/2]],
		"empty":                  nil,
		"other end, same length": append(slices.Clone(text[:len(text)-6]), "111]}\n"...),
		"other end, longer":      append(slices.Clone(text[:ends[len(ends)-2]]), text...),
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			must(t, os.WriteFile(path, text, 0o644))
			s := openAt(t, path, nil)
			f, err := os.OpenFile(path, os.O_WRONLY, 0) // the same file
			must(t, err)
			must(t, f.Truncate(0))
			if len(next) == len(text) {
				// Seen only together with a change of the length.
				next = append(next, text[ends[0]:ends[1]]...)
			}
			_, err = f.WriteAt(next, 0)
			must(t, err)
			must(t, f.Close())
			want, err := Open(path, nil)
			if err != nil {
				if _, gerr := s.Studies(t.Context()); gerr == nil || gerr.Error() != err.Error() {
					t.Errorf("the reader returns %v, a new one %v", gerr, err)
				}
				return
			}
			defer want.Close()
			if g, w := dump(t, s), dump(t, want); g != w {
				t.Errorf("the reader has\n%s\na new one\n%s", g, w)
			}
		})
	}
}

// dump prints all that a storage holds.
func dump(t testing.TB, s *Storage) string {
	t.Helper()
	studies, err := s.Studies(t.Context())
	must(t, err)
	var b strings.Builder
	for _, st := range studies {
		ts, err := s.Trials(t.Context(), st.ID, -1, nil)
		must(t, err)
		fmt.Fprintf(&b, "%+v\n%+v\n", st, ts)
	}
	return b.String()
}

// Large records: what is allowed comes back, what could not be read back is
// refused, and a line without end takes no memory.
func TestLarge(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	big := `"` + strings.Repeat("é", 1<<19) + `"` // 1 MB, 3 MB as ASCII
	must(t, s.SetStudyAttr(t.Context(), study, storage.UserAttr, "big", big))
	if err := s.SetStudyAttr(t.Context(), study, storage.UserAttr, "huge", `"`+strings.Repeat("x", maxRecord)+`"`); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("a record beyond the limit: %v", err)
	}
	must(t, s.Close())
	s = openAt(t, path, nil)
	st, err := s.Study(t.Context(), study)
	must(t, err)
	if v, _ := st.UserAttrs.Get("big"); len(v) != 6<<19+2 {
		t.Errorf("the attribute came back with %d bytes", len(v))
	}
	text, err := os.ReadFile(path)
	must(t, err)
	if testing.Short() {
		t.Skip("a line beyond the limit takes a second or two")
	}
	// Not so much as a line end in 80 MB: torn. With one: an error.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString(`{"op_code":2,"x":"` + strings.Repeat("x", maxRecord+maxRecord/4))
	must(t, err)
	if s, err := Open(path, &Options{ReadOnly: true}); err != nil || s.Stats().Bytes != int64(len(text)) {
		t.Errorf("Open: %v", err)
	} else {
		s.Close()
	}
	_, err = f.WriteString("\"}\n")
	must(t, err)
	must(t, f.Close())
	var c *CorruptError
	if _, err := Open(path, nil); !errors.As(err, &c) || c.Offset != int64(len(text)) {
		t.Errorf("Open: %v", err)
	}
	if r, err := Repair(t.Context(), path); err != nil || r.Broken != 1 || r.Kept != 2 {
		t.Errorf("Repair: %+v, %v", r, err)
	}
	goOn(t, path, text)
}

// What is not UTF-8, or no JSON, is refused by name and not written.
func TestBadText(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	ctx := t.Context()
	tr, err := s.CreateTrial(ctx, study, nil)
	must(t, err)
	before, err := os.ReadFile(path)
	must(t, err)
	_, err = s.CreateStudy(ctx, "a\xffb", []storage.Direction{storage.Minimize})
	names := []error{
		err,
		s.SetStudyAttr(ctx, study, storage.UserAttr, "a\xff", "1"),
		s.SetTrialAttr(ctx, tr.ID, storage.SystemAttr, "a\xff", "1"),
		s.SetParam(ctx, tr.ID, storage.Param{Name: "a\xff", Dist: distributions.Float{Low: 0, High: 1}}),
	}
	for i, err := range names {
		if !errors.Is(err, storage.ErrInvalidName) {
			t.Errorf("name %d: %v", i, err)
		}
	}
	for _, value := range []string{"", "{", "nul", "\"\xff\"", "1 2", "\"a\nb\""} {
		if err := s.SetTrialAttr(ctx, tr.ID, storage.UserAttr, "k", value); err == nil || !strings.Contains(err.Error(), "JSON") {
			t.Errorf("value %q: %v", value, err)
		}
	}
	for _, p := range []storage.Param{
		{Name: "c", Value: 2, Dist: distributions.Categorical{Choices: []any{"a", "b"}}},
		{Name: "d", Value: 0},
	} {
		if err := s.SetParam(ctx, tr.ID, p); err == nil {
			t.Errorf("parameter %+v was accepted", p)
		}
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Errorf("something was written: %q", after[len(before):])
	}
}
