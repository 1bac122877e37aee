package pyjson

import (
	"fmt"
	"strconv"
	"testing"
)

// journalLine is a line as Optuna's journal has it: most of a journal are these.
func journalLine(n int) []byte {
	return []byte(`{"op_code":5,"worker_id":"895cb04f-8198-46ee-9255-b73ae289733a-140707388986048","trial_id":` + strconv.Itoa(n) +
		`,"param_name":"learning_rate","param_value_internal":0.0399597228313506,"distribution":"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 1e-05, \"high\": 1.0, \"log\": true}}"}`)
}

// BenchmarkJournal reads lines in the way a journal is replayed: every field is
// checked, those that are needed are parsed.
func BenchmarkJournal(b *testing.B) {
	var lines [][]byte
	size := 0
	for n := range 1000 {
		lines = append(lines, journalLine(n))
		size += len(lines[n]) + 1
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var s Scanner
	var buf []byte
	for b.Loop() {
		for n, line := range lines {
			var op, trial int64
			var value float64
			var err error
			for s.Reset(line); s.Next(); {
				switch string(s.Key()) {
				case "op_code":
					op, err = ParseInt(s.Value())
				case "trial_id":
					trial, err = ParseInt(s.Value())
				case "param_value_internal":
					value, err = ParseFloat(s.Value())
				case "param_name", "worker_id", "distribution":
					buf, err = AppendUnquoted(buf[:0], s.Value())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			if s.Err() != nil || op != 5 || trial != int64(n) || value != 0.0399597228313506 {
				b.Fatal(op, trial, value, s.Err())
			}
		}
	}
}

func BenchmarkValid(b *testing.B) {
	line := journalLine(17)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if !Valid(line) {
			b.Fatal("not valid")
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	line := journalLine(17)
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendValue(b *testing.B) {
	for _, v := range []any{0.0399597228313506, 1234567, "learning_rate", "na\u00efve \u65e5\u672c", []float64{1, 2.5, 1e-5}, map[string]any{"a": 1, "b": []any{nil, true}}} {
		b.Run(fmt.Sprintf("%T", v), func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 256)
			for b.Loop() {
				if _, err := AppendValue(buf, v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
