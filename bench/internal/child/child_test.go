package child

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
)

func TestProcess(t *testing.T) {
	double := Fake(func(lines *bufio.Scanner, out io.Writer) {
		for lines.Scan() {
			fmt.Fprintln(out, lines.Text()+lines.Text())
		}
	})
	processes := map[string]*Process{"abab\n": double}
	if cat, err := exec.LookPath("cat"); err == nil {
		p, err := Start(exec.Command(cat))
		if err != nil {
			t.Fatal(err)
		}
		processes["ab\n"] = p
	}
	for want, p := range processes {
		if _, err := io.WriteString(p.In, "ab\n"); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Out.ReadString('\n'); got != want || err != nil {
			t.Errorf("answer %q, %v, want %q", got, err, want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if _, err := io.WriteString(p.In, "ab\n"); err == nil {
			t.Error("no error from a process that has ended")
		}
	}
	if _, err := Start(exec.Command("no/such/program")); err == nil || !strings.Contains(err.Error(), "no/such/program") {
		t.Errorf("error %v", err)
	}
}
