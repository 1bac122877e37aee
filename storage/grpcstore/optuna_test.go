package grpcstore_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// python returns the Python that has Optuna, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("HONE_PYTHON")
	if p == "" {
		t.Skip("HONE_PYTHON is not set to a Python with optuna, grpcio and pytest")
	}
	return p
}

// TestOptunasOwnTests runs Optuna's public storage tests against our server. That
// of package open does so with databases behind it.
func TestOptunasOwnTests(t *testing.T) {
	py := python(t)
	for name, open := range map[string]func() storage.Storage{
		"memory": func() storage.Storage { return storage.NewMemory() },
		"journal": func() storage.Storage {
			st, err := journal.Open(filepath.Join(t.TempDir(), "study.log"), &journal.Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			return st
		},
	} {
		t.Run(name, func(t *testing.T) {
			st := open()
			defer st.Close()
			_, target := serve(t, st, nil)
			cmd := exec.Command(py, "-m", "pytest", "-q", "-p", "no:cacheprovider", "testdata/test_optuna.py")
			cmd.Env = append(os.Environ(), "HONE_TARGET="+target)
			out, err := cmd.CombinedOutput()
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			last, passed := lines[len(lines)-1], 0
			if _, scanErr := fmt.Sscanf(last, "%d passed", &passed); err != nil || scanErr != nil || passed < 56 {
				t.Errorf("%v\n%s", err, out)
			}
			t.Log(last)
		})
	}
}

// A study on our server is worked on by Go and by Python.
func TestSharedWithPython(t *testing.T) {
	py := python(t)
	_, target := serve(t, storage.NewMemory(), nil)
	shared(t, py, target, true)
}

// A server of Optuna's serves Go workers too, without leases.
func TestOptunasServer(t *testing.T) {
	py := python(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := l.Addr().String()
	_, port, err := net.SplitHostPort(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(py, "testdata/server.py", port)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("the server said: %s", &log)
		}
	}()
	for range 200 {
		if c, err := net.Dial("tcp", target); err == nil {
			c.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	shared(t, py, target, false)
}

func shared(t *testing.T, py, target string, claims bool) {
	t.Helper()
	st := dial(t, target, nil)
	if st.Claims() != claims {
		t.Errorf("claims %v, want %v", st.Claims(), claims)
	}
	s, err := hone.NewStudy(&hone.Options{Name: "shared", Storage: st, Seed: 1, Sampler: new(sampler.Random)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.OptimizeContext(context.Background(), sphere, &hone.OptimizeOptions{TotalTrials: 12, Workers: 3}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(py, "testdata/work.py", target, "8").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := s.Optimize(sphere, 5); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil || len(trials) != 25 {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	best, number := trials[0].Values[0], 0
	for i, f := range trials {
		if f.Number != i || f.State != hone.Complete || len(f.Params) != 2 {
			t.Errorf("%+v", f)
		}
		if d := time.Since(f.Finished); d < -time.Minute || d > 10*time.Minute {
			t.Errorf("trial %d finished %v ago", i, d)
		}
		if i < 20 && f.Values[0] < best {
			best, number = f.Values[0], i
		}
	}
	var n int
	var value float64
	if _, err := fmt.Sscan(string(out), &n, &value); err != nil || n != 20 || value != best {
		t.Errorf("Python saw %s, want 20 trials and %v (trial %d); %v", out, best, number, err)
	}
}

// TestMessages holds every message of the protocol against bytes that Optuna's
// own code made.
func TestMessages(t *testing.T) {
	text, err := os.ReadFile("testdata/grpc_messages.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Message, Hex string
		Protojson    json.RawMessage
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, row := range rows {
		mt, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(row.Message))
		if err != nil {
			t.Errorf("%s: %v", row.Message, err)
			continue
		}
		seen[row.Message] = true
		want, err := hex.DecodeString(row.Hex)
		if err != nil {
			t.Fatal(err)
		}
		fromBytes, fromJSON := mt.New().Interface(), mt.New().Interface()
		if err := proto.Unmarshal(want, fromBytes); err != nil {
			t.Errorf("%s: %v", row.Message, err)
		}
		if err := (protojson.UnmarshalOptions{}).Unmarshal(row.Protojson, fromJSON); err != nil {
			t.Errorf("%s: %v", row.Message, err)
		}
		got, err := proto.MarshalOptions{Deterministic: true}.Marshal(fromJSON)
		if err != nil || !proto.Equal(fromBytes, fromJSON) || len(got) != len(want) {
			t.Errorf("%s: %x, want %x (%v)", row.Message, got, want, err)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d messages", len(seen))
	}
}
