package rdb

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// A studyRow is a row of studyRows.
type studyRow struct {
	kind  int
	study int64
	seq   int64 // of what belongs together
	name  string
	value string
}

type studyBuilder []studyRow

// build makes studies of rows, in the order of their ids.
func (b studyBuilder) build(s *Storage) ([]storage.Study, error) {
	slices.SortFunc(b, func(x, y studyRow) int {
		return cmp.Or(cmp.Compare(x.study, y.study), cmp.Compare(x.kind, y.kind), cmp.Compare(x.seq, y.seq))
	})
	var all []storage.Study
	for i := 0; i < len(b); {
		j := i
		for j < len(b) && b[j].study == b[i].study {
			j++
		}
		st, err := buildStudy(b[i:j])
		switch {
		case err != nil && s.o.SkipBroken:
			s.warn("a study was left out, for it cannot be read", "study", b[i].study, "error", err)
		case err != nil:
			return nil, fmt.Errorf("study with id %d: %w", b[i].study, err)
		default:
			all = append(all, st)
		}
		i = j
	}
	return all, nil
}

func buildStudy(rows []studyRow) (storage.Study, error) {
	st := storage.Study{ID: rows[0].study}
	for _, r := range rows {
		switch r.kind {
		case 0:
			st.Name = r.name
		case 1:
			d, err := parseDirection(r.name)
			if err != nil {
				return st, err
			}
			if r.seq != int64(len(st.Directions)) {
				return st, fmt.Errorf("the direction of objective %d is missing", len(st.Directions))
			}
			st.Directions = append(st.Directions, d)
		default:
			if err := pyjson.Check([]byte(r.value)); err != nil {
				return st, fmt.Errorf("attribute %q: %w", r.name, err)
			}
			a := storage.Attr{Key: r.name, Value: r.value}
			if r.kind == 2 {
				st.UserAttrs = append(st.UserAttrs, a)
			} else {
				st.SystemAttrs = append(st.SystemAttrs, a)
			}
		}
	}
	return st, nil
}
