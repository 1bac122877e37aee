package open_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/gohone/hone/storage/grpcstore"
	"github.com/gohone/hone/storage/rdb"
)

var passedPattern = regexp.MustCompile(`(\d+) passed`)

// Optuna's own public storage tests pass through Optuna's own client against our
// gRPC server, whatever database stands behind it. Package grpcstore does the same
// with the memory and the journal.
func TestOptunasOwnTests(t *testing.T) {
	python := fromEnv(t, "HONE_PYTHON", "a Python with optuna, grpcio and pytest, not")
	places(t, func(t *testing.T, p place) {
		st := p.open(t)
		defer st.Close()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ok(t, err)
		server := grpcstore.NewServer(st, nil)
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		cmd := exec.Command(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "../grpcstore/testdata/test_optuna.py")
		want := 56
		if p.dialect == rdb.MySQL { // Optuna's columns keep times to the second there; some tests want more
			want = 51
		}
		cmd.Env = append(os.Environ(), "HONE_TARGET="+l.Addr().String(), fmt.Sprint("HONE_WANT=", want))
		out, err := cmd.CombinedOutput()
		passed := 0
		if m := passedPattern.FindSubmatch(out); m != nil {
			passed, _ = strconv.Atoi(string(m[1]))
		}
		if err != nil || passed < want {
			t.Errorf("%d passed, %v\n%s", passed, err, out)
		}
		server.Stop()
		ok(t, <-served)
	})
}
