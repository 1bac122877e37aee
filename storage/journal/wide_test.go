package journal_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage/journal"
)

// pythons is a journal in which Python drew from a range that no int holds.
const pythons = `{"op_code":0,"worker_id":"w","study_name":"s","directions":[1]}
{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-01-02T03:04:05.000000"}
{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"n","param_value_internal":1e+19,"distribution":"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 1, \"low\": 0, \"high\": 18446744073709551616}}"}
{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"x","param_value_internal":0.5,"distribution":"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 0.0, \"high\": 1.0, \"log\": false}}"}
{"op_code":6,"worker_id":"w","trial_id":0,"state":1,"values":[-1.0],"datetime_complete":"2026-01-02T03:04:06.000000"}
`

// Such a range costs nothing but the use of that parameter: Repair finds nothing to
// take out, what Python found is shown, and every sampler goes on with the others.
func TestWideRangeOfPython(t *testing.T) {
	for name, s := range map[string]sampler.Sampler{
		"Auto": nil, "GP": &sampler.GP{}, "TPE": &sampler.TPE{}, "CMAES": &sampler.CMAES{}, "Random": &sampler.Random{}, "QMC": &sampler.QMC{},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "study.log")
			if err := os.WriteFile(path, []byte(pythons), 0o644); err != nil {
				t.Fatal(err)
			}
			if r, err := journal.Repair(t.Context(), path); err != nil || r.Broken != 0 || r.Kept != 5 {
				t.Fatalf("Repair reports %+v, %v", r, err)
			}
			st, err := journal.Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			var log strings.Builder
			study, err := hone.LoadStudy(t.Context(), st, "s", &hone.Options{Sampler: s, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if err := study.Optimize(func(t *hone.Trial) (float64, error) {
				return t.SuggestFloat("x", 0, 1) + float64(t.SuggestInt("m", 0, 30)), nil
			}, 25); err != nil {
				t.Fatal(err)
			}
			best, err := study.BestTrial()
			if err != nil || best.Number != 0 || best.Params["n"] != 1e19 || best.Params["x"] != 0.5 {
				t.Errorf("the best is %v, %v", best, err)
			}
			if got := fmt.Sprint(best.Distributions["n"]); got != "Int(0, 18446744073709551616)" {
				t.Errorf("its domain is %s", got)
			}
			if text := log.String(); strings.Count(text, "does not fit an int") != 1 || !strings.Contains(text, "study=s trial=0 parameter=n") {
				t.Errorf("the log says %q", text)
			}
		})
	}
}

// A copy of the study has the range to the byte, and its kind counts.
func TestWideRangeIsCopied(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte(pythons), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := journal.Open(filepath.Join(dir, "a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := journal.Open(filepath.Join(dir, "b"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := hone.CopyStudy(t.Context(), a, "s", b, "copy"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "b"))
	if want := `\"low\": 0, \"high\": 18446744073709551616}}`; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("the copy does not hold %s: %v", want, err)
	}
	study, err := hone.LoadStudy(t.Context(), b, "copy", nil)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(d distributions.Distribution) error {
		trial, err := study.Ask(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer study.TellFailed(t.Context(), trial)
		_, err = trial.Suggest("n", d)
		return err
	}
	if err := draw(distributions.Int{Low: 0, High: 9}); err != nil {
		t.Errorf("an int of a smaller range: %v", err)
	}
	if err := draw(distributions.Float{Low: 0, High: 9}); !errors.Is(err, hone.ErrIncompatible) {
		t.Errorf("a float: %v", err)
	}
	if err := draw(distributions.WideInt{Low: "0", High: "18446744073709551616", Step: "1"}); err == nil || !strings.Contains(err.Error(), "only Python can draw from it") {
		t.Errorf("the range itself: %v", err)
	}
}

// A step that no int holds stops the reader, who says whose it is; the file is not
// called corrupt, and Repair leaves the line alone.
func TestStepBeyondInt(t *testing.T) {
	lines := strings.SplitAfter(pythons, "\n")
	for name, line := range map[string]string{
		"report": `{"op_code":7,"worker_id":"w","trial_id":0,"step":9223372036854775808,"intermediate_value":1.0}` + "\n",
		"template": `{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-01-02T03:04:05.000000","datetime_complete":"2026-01-02T03:04:06.000000",` +
			`"state":1,"value":1.0,"params":{},"distributions":{},"user_attrs":{},"system_attrs":{},"intermediate_values":{"9223372036854775808":1.0}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "study.log")
			text := strings.Join(slices.Insert(slices.Clone(lines), 2, line), "")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if r, err := journal.Repair(t.Context(), path); err != nil || r.Broken != 0 {
				t.Errorf("Repair reports %+v, %v", r, err)
			}
			_, err := journal.Open(path, nil)
			var u *journal.UnsupportedError
			var c *journal.CorruptError
			if !errors.As(err, &u) || errors.As(err, &c) || u.Line != 3 || u.Path != path {
				t.Fatalf("Open returned %v", err)
			}
			for _, want := range []string{`study "s", trial `, "step 9223372036854775808", "nothing was changed"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "Repair") {
				t.Errorf("it advises to repair what is sound: %v", err)
			}
			if b, _ := os.ReadFile(path); string(b) != text {
				t.Error("the file was changed")
			}
		})
	}
}
