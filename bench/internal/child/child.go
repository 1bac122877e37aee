// Package child runs programs that are spoken to over their pipes.
package child

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
)

// A Process is a program that runs.
type Process struct {
	In  io.WriteCloser // what it reads
	Out *bufio.Reader  // what it writes

	wait func() error
}

// Start starts a program. What it writes to standard error is shown.
func Start(cmd *exec.Cmd) (*Process, error) {
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Process{in, bufio.NewReader(out), cmd.Wait}, nil
}

// Fake runs a function in the place of a program, for tests: it is given the lines that
// the program would read.
func Fake(program func(lines *bufio.Scanner, out io.Writer)) *Process {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer outW.Close()
		program(bufio.NewScanner(inR), outW)
	}()
	return &Process{inW, bufio.NewReader(outR), func() error { <-done; return nil }}
}

// Close lets the program come to the end of what it reads, and waits for it.
func (p *Process) Close() error { return errors.Join(p.In.Close(), p.wait()) }
