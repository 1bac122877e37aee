//go:build linux || darwin

package main

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed peer.py
var peer string

// pythonURL is the place's URL for peer.py.
func (p *place) pythonURL() string { return p.url }

// pythonCommand returns a command of Optuna's, if there is one.
func (r *run) pythonCommand(args ...string) (*exec.Cmd, bool) {
	python := os.Getenv("HONE_PYTHON")
	if python == "" {
		return nil, false
	}
	script := filepath.Join(r.dir, "peer.py")
	r.must(os.WriteFile(script, []byte(peer), 0o644))
	cmd := exec.Command(python, append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	return cmd, true
}

// python runs one and returns its output.
func (r *run) python(args ...string) (string, bool) {
	cmd, ok := r.pythonCommand(args...)
	if !ok {
		return "", false
	}
	p := r.start(cmd)
	if p.wait() != nil {
		r.failf("I6: Optuna: %s", p.errors())
		return "", false
	}
	return p.stdout.String(), true
}
