package rdb

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestCheckSchema(t *testing.T) {
	here := func(but ...string) map[string]bool {
		m := make(map[string]bool)
		for _, name := range tables {
			m[name] = !slices.Contains(but, name)
		}
		return m
	}
	for _, c := range []struct {
		name       string
		f          schema
		unfinished bool
		found      string
		says       string // "": it is all right
	}{
		{"ours", schema{here(), []string{Revision}, []int64{12}}, false, "", ""},
		{"of any library", schema{here(), []string{Revision}, nil}, false, "", ""},
		{"older", schema{here(), []string{"v2.6.0.a"}, []int64{12}}, false, "v2.6.0.a", "optuna storage upgrade"},
		{"newer", schema{here(), []string{"v9.0.0.a"}, []int64{12}}, false, "v9.0.0.a", "needs a newer hone"},
		{"another program", schema{map[string]bool{"alembic_version": true}, []string{"abc"}, nil}, false, "abc", "another program"},
		{"two revisions", schema{here(), []string{"a", "b"}, nil}, false, "a and b", "2 revisions"},
		{"half", schema{here("trials", "version_info"), []string{Revision}, nil}, true, Revision, "trials, version_info missing"},
		{"no revision", schema{here(), nil, []int64{12}}, true, "", "did not finish"},
		{"of long ago", schema{here(), nil, []int64{3}}, false, "", "version_info says 3"},
	} {
		unfinished, err := c.f.check()
		if unfinished != c.unfinished || (err == nil) != (c.says == "") {
			t.Errorf("%s: %v, %v", c.name, unfinished, err)
		}
		var e *SchemaError
		if err != nil && (!errors.As(err, &e) || e.Found != c.found || e.Needed != Revision || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), Revision)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if (&schema{here: map[string]bool{}}).empty() != true || (&schema{here: here()}).empty() {
		t.Error("a database is empty when it has none of the tables")
	}
}
