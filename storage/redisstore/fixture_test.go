package redisstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/internal/neutral"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
)

// sharedFixtures is the folder of files made by Optuna beside the repository.
const sharedFixtures = "../../../shared/interop/fixtures"

// load puts records into a journal of a new prefix.
func load(t *testing.T, c *redis.Client, records []string) (prefix string) {
	t.Helper()
	prefix = newPrefix(t, c)
	for i, r := range records {
		must(t, c.Set(t.Context(), fmt.Sprint(prefix, ":log:", i), r, 0).Err())
	}
	must(t, c.Set(t.Context(), prefix+":log_number", len(records)-1, 0).Err())
	return prefix
}

// agrees wants a storage to hold what a neutral form says.
func agrees(t *testing.T, st storage.Storage, text []byte) {
	t.Helper()
	var want struct{ Studies []map[string]any }
	neutral.Decode(t, text, &want)
	studies, err := st.Studies(t.Context())
	must(t, err)
	if len(studies) != len(want.Studies) {
		t.Fatalf("%d studies, want %d", len(studies), len(want.Studies))
	}
	for i, s := range studies {
		agreesOn(t, st, s, want.Studies[i])
	}
}

func agreesOn(t *testing.T, st storage.Storage, s storage.Study, want map[string]any) {
	t.Helper()
	trials, err := st.Trials(t.Context(), s.ID, -1, nil)
	must(t, err)
	delete(want, "best_trial_number_by_storage") // no affair of a storage here
	var got map[string]any
	neutral.Decode(t, neutral.Study(t, s, trials), &got)
	for k, w := range want["trials"].([]any) {
		if _, ok := w.(map[string]any)["constraints"]; !ok && k < len(trials) { // Optuna 4
			delete(got["trials"].([]any)[k].(map[string]any), "constraints")
		}
	}
	neutral.Compare(t, s.Name, got, want)
}

// What Optuna wrote reads as Optuna reads it, and its snapshot is left alone.
func TestFixture(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(sharedFixtures, "redis.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is absent", sharedFixtures)
	}
	must(t, err)
	c := connect(t)
	var file struct{ Keys map[string]any }
	must(t, json.Unmarshal(text, &file))
	prefix := newPrefix(t, c)
	const pickle = "\x80\x05 not for us"
	for key, v := range file.Keys {
		name, ok := strings.CutPrefix(key, "pfx")
		if !ok {
			t.Fatalf("the fixture has a key %q", key)
		}
		if name == ":snapshot" {
			v = pickle
		}
		must(t, c.Set(t.Context(), prefix+name, v, 0).Err())
	}
	st := open(t, c, prefix)
	defer st.Close()
	expected, err := os.ReadFile(filepath.Join(sharedFixtures, "expected.redis.json"))
	must(t, err)
	agrees(t, st, expected)
	_, err = st.CreateTrial(t.Context(), 0, nil)
	must(t, err)
	if got, err := c.Get(t.Context(), prefix+":snapshot").Result(); err != nil || got != pickle {
		t.Errorf("the snapshot is %q now, %v", got, err)
	}
	n, err := c.Get(t.Context(), prefix+":log_number").Int()
	if err != nil || n != 339 {
		t.Errorf("the last record has the number %d, %v; want 339", n, err)
	}
}

// A journal file's records, the part of the fixtures that the repository holds,
// mean the same in Redis.
func TestFileRecords(t *testing.T) {
	text, err := os.ReadFile("../journal/testdata/small.journal.log")
	must(t, err)
	c := connect(t)
	st := open(t, c, load(t, c, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")))
	defer st.Close()
	expected, err := os.ReadFile("../journal/testdata/small.expected.json")
	must(t, err)
	var want struct{ Studies []map[string]any }
	neutral.Decode(t, expected, &want) // some of the studies
	if len(want.Studies) < 5 {
		t.Fatalf("%d studies are expected", len(want.Studies))
	}
	for _, w := range want.Studies {
		id, err := st.FindStudy(t.Context(), w["study_name"].(string))
		must(t, err)
		s, err := st.Study(t.Context(), id)
		must(t, err)
		agreesOn(t, st, s, w)
	}
}

// Keys that hold something else are refused and stay as they are.
func TestNotAJournal(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	t.Run("number", func(t *testing.T) {
		prefix := newPrefix(t, c)
		for _, text := range []string{"hello", "", "1.5", "-7", "nan", "1e400"} {
			must(t, c.Set(ctx, prefix+":log_number", text, 0).Err())
			if _, err := redisstore.New(c, &redisstore.Options{Prefix: prefix}); !errors.Is(err, redisstore.ErrNotJournal) {
				t.Errorf("a counter %q: %v", text, err)
			}
			if got := c.Get(ctx, prefix+":log_number").Val(); got != text {
				t.Errorf("the counter %q became %q", text, got)
			}
		}
	})
	t.Run("type", func(t *testing.T) {
		prefix := newPrefix(t, c)
		must(t, c.HSet(ctx, prefix+":log_number", "a", "b").Err())
		if _, err := redisstore.New(c, &redisstore.Options{Prefix: prefix}); !errors.Is(err, redisstore.ErrNotJournal) {
			t.Errorf("a hash: %v", err)
		}
	})
	t.Run("record", func(t *testing.T) {
		for _, r := range []string{"", "{", "[]", "null", `{"op_code":0}`, `{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"yesterday"}`, "\x00\xff"} {
			prefix := load(t, c, []string{`{"op_code":0,"worker_id":"w","study_name":"s","directions":[1]}`, r, `{"op_code":1,"worker_id":"w","study_id":0}`})
			_, err := redisstore.New(c, &redisstore.Options{Prefix: prefix})
			var corrupt *redisstore.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Key != prefix+":log:1" {
				t.Errorf("a record %q: %v", r, err)
			}
		}
	})
}

// Operations of later versions are passed over.
func TestUnknownOperation(t *testing.T) {
	c := connect(t)
	prefix := load(t, c, []string{
		`{"op_code": 0, "worker_id": "w", "study_name": "s", "directions": [1]}`,
		`{"op_code": 10, "worker_id": "w", "study_id": 0}`,
		`{"op_code": 4, "worker_id": "w", "study_id": 0, "datetime_start": null}`,
	})
	st := open(t, c, prefix)
	defer st.Close()
	if s := st.Stats(); s.Records != 3 || s.Unknown != 1 {
		t.Errorf("%+v", s)
	}
	if ts, err := st.Trials(t.Context(), 0, -1, nil); err != nil || len(ts) != 1 {
		t.Errorf("%d trials, %v", len(ts), err)
	}
}
