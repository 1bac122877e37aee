package oplog

import (
	"bytes"
	"os"
	"testing"
)

// FuzzApply feeds lines to the replay: none may make it panic, one that is
// refused or passed over changes nothing, and what is accepted is counted.
func FuzzApply(f *testing.F) {
	for _, line := range []string{
		`{"op_code":0,"worker_id":"w","study_name":"b","directions":[1,2]}`,
		`{"op_code":1,"worker_id":"w","study_id":0}`,
		`{"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"k":[NaN,{"a":1}]}}`,
		`{"op_code":4,"worker_id":"w","study_id":0,` + startText + `,"state":1,"value":null,"values":[1.0,Infinity],` + endText +
			`,"distributions":{"x":` + floatText + `},"params":{"x":0.5},"user_attrs":{"a":1},"system_attrs":{"b":2},"intermediate_values":{"3":NaN,"1":2}}`,
		param(0, "x", floatText),
		param(1, "x", legacy),
		`{"op_code":6,"worker_id":"w","trial_id":1,"state":0,"values":null,` + startText + `}`,
		`{"op_code":6,"worker_id":"w","trial_id":0,"state":1,"values":[1e400],` + endText + `}`,
		`{"op_code":7,"worker_id":"w","trial_id":0,"step":7,"intermediate_value":-0.0}`,
		`{"op_code":9,"worker_id":"w","trial_id":0,"system_attr":{"hone:lease":"w"}}`,
		`{"op_code":10}`,
	} {
		f.Add([]byte(line))
	}
	if text, err := os.ReadFile("../../storage/journal/testdata/small.journal.log"); err == nil {
		for i, line := range bytes.Split(text, []byte{'\n'}) {
			if i%7 == 0 {
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, lines []byte) {
		s := NewState()
		for _, l := range []string{
			`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
			`{"op_code":4,"worker_id":"w","study_id":0,` + startText + `}`,
			`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"state":4}`,
			param(0, "x", floatText),
		} {
			if _, err := s.Apply([]byte(l)); err != nil {
				t.Fatal(err)
			}
		}
		for _, line := range bytes.Split(lines, []byte{'\n'}) {
			before, records := dump(s), s.Records()
			o, err := s.Apply(line)
			if err != nil || o.Verdict != Applied {
				if after := dump(s); after != before {
					t.Fatalf("%q: %v, verdict %d; the state changed from\n%s\nto\n%s", line, err, o.Verdict, before, after)
				}
			}
			if (err == nil) != (s.Records() == records+1) {
				t.Fatalf("%q: %v; %d records, were %d", line, err, s.Records(), records)
			}
			for _, st := range s.Studies() {
				ts, err := s.Trials(st.ID, -1, nil)
				if err != nil {
					t.Fatal(err)
				}
				for i, tr := range ts {
					if tr.Number != i {
						t.Fatalf("%q: trial %d has the number %d", line, i, tr.Number)
					}
				}
			}
		}
	})
}
