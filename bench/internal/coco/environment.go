package coco

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Environment returns a Python that has what coco.py imports. If there is none yet
// below dir, it makes one with python3 and pip, which takes a minute.
func Environment(dir string) (string, error) {
	venv := filepath.Join(dir, "coco")
	python := filepath.Join(venv, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(venv, "Scripts", "python.exe")
	}
	if exec.Command(python, "-c", "import cocoex, numpy").Run() == nil {
		return python, nil
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", venv},
		{python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "coco-experiment>=2.7,<3", "numpy"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("coco: %q: %w (or name a Python that has coco-experiment and numpy)", args, err)
		}
	}
	return python, nil
}
