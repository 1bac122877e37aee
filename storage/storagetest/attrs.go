package storagetest

import (
	"slices"
	"strings"

	"github.com/gohone/hone/storage"
)

var bothKinds = []storage.AttrKind{storage.UserAttr, storage.SystemAttr}

func kindName(k storage.AttrKind) string {
	if k == storage.UserAttr {
		return "user"
	}
	return "system"
}

// jsonTexts returns JSON texts that are hard to keep.
func jsonTexts() []string {
	return []string{
		`null`, `true`, `false`, `0`, `-1`, `1.5`, `1e-05`, `1.7976931348623157e+308`, `5e-324`, `0.1`, `1.0`,
		`NaN`, `Infinity`, `-Infinity`, `[NaN, Infinity, -Infinity, null]`, `{"a": NaN, "b": [-Infinity]}`,
		`1180591620717411303424`, `-9007199254740993`, `9223372036854775808`, `[1180591620717411303424]`,
		`""`, `"text"`, `"NaN"`, `"null"`, `"日本語 🎛️"`, `"\ud83c\udf9b\u00fc"`, `"\ud83d"`, `"a\"b\\c\/d\b\f\n\r\t\u0001"`, `"\u2028<&>"`,
		`[]`, `{}`, `[[], {}, [[[]]]]`, `{"z": 1, "a": {"y": 2, "b": [3, {"x": 4, "c": null}]}, "m": ""}`,
		`{"": 0, "日本": 1, "a b": 2, "\"": 3}`, ` [ 1 , 2 ] `,
	}
}

// studyAttrs: attributes of studies are set, overwritten, and each study has
// its own.
func studyAttrs(e *env) {
	for _, kind := range bothKinds {
		attrs := func(id int64) storage.Attrs {
			s := e.study(id)
			if kind == storage.UserAttr {
				return s.UserAttrs
			}
			return s.SystemAttrs
		}
		a, b := e.createStudy(""), e.createStudy("")
		want := storage.Attrs{{Key: "dataset", Value: `"MNIST"`}, {Key: "none", Value: "null"}, {Key: "deep", Value: `{"train": [1, 2, {"x": null}]}`}}
		for _, at := range want {
			e.setStudyAttr(a, kind, at.Key, at.Value)
		}
		if d := e.o.diffAttrs(kindName(kind), attrs(a), want); d != "" {
			e.Errorf("Study after SetStudyAttr: %s", d)
		}
		e.setStudyAttr(a, kind, "dataset", `"ImageNet"`)
		want[0].Value = `"ImageNet"`
		if d := e.o.diffAttrs(kindName(kind), attrs(a), want); d != "" {
			e.Errorf("Study after an attribute was set again: %s", d)
		}
		if got := attrs(b); len(got) != 0 {
			e.Errorf("SetStudyAttr on one study gave another one %v", got)
		}
	}
}

// Attributes of trials are set, overwritten, and each trial has its own.
func trialAttrs(e *env) {
	study := e.createStudy("")
	for _, kind := range bothKinds {
		a, b := e.create(study, nil), e.create(study, nil)
		attrs := storage.Attrs{{Key: "x", Value: `"MNIST"`}, {Key: "none", Value: "null"}, {Key: "deep", Value: `{"train": [1, 2, {"x": null}]}`}}
		for _, at := range attrs {
			e.setTrialAttr(a.ID, kind, at.Key, at.Value)
		}
		e.setTrialAttr(a.ID, kind, "x", `["again"]`)
		attrs[0].Value = `["again"]`
		want := a.Clone()
		if kind == storage.UserAttr {
			want.UserAttrs = attrs
		} else {
			want.SystemAttrs = attrs
		}
		e.same(e.trial(a.ID), want, "a trial with %s attributes", kindName(kind))
		e.same(e.trial(b.ID), b, "a trial without attributes, after another got some")
		e.move(a.ID, storage.Failed)
		got := e.trial(a.ID)
		want.State, want.Finished = storage.Failed, got.Finished
		e.same(got, want, "a trial with %s attributes, after it was finished", kindName(kind))
	}
}

// The user's attributes and the system's are separate namespaces.
func attrKindsAreSeparate(e *env) {
	study := e.createStudy("")
	t := e.create(study, nil)
	e.setStudyAttr(study, storage.UserAttr, "k", "1")
	e.setStudyAttr(study, storage.SystemAttr, "k", "2")
	e.setTrialAttr(t.ID, storage.UserAttr, "k", "3")
	e.setTrialAttr(t.ID, storage.SystemAttr, "k", "4")
	s := e.study(study)
	got := e.trial(t.ID)
	for _, c := range []struct {
		what string
		as   storage.Attrs
		want string
	}{
		{"user attributes of the study", s.UserAttrs, "1"}, {"system attributes of the study", s.SystemAttrs, "2"},
		{"user attributes of the trial", got.UserAttrs, "3"}, {"system attributes of the trial", got.SystemAttrs, "4"},
	} {
		if v, ok := c.as.Get("k"); len(c.as) != 1 || !ok || diffJSON(v, c.want) != "" {
			e.Errorf("%s are %v, want k: %s alone; user and system attributes are separate", c.what, c.as, c.want)
		}
	}
}

// Any JSON text comes back saying the same, Python's NaN and Infinity, large
// integers and the order of keys included, under any key.
func attrJSON(e *env) {
	texts := jsonTexts()
	study := e.createStudy("")
	t := e.create(study, nil)
	template := &storage.Trial{State: storage.Waiting}
	var want storage.Attrs
	for i, text := range texts {
		key := oddNames[i%len(oddNames)]
		if i >= len(oddNames) {
			key += " again"
		}
		want = append(want, storage.Attr{Key: key, Value: text})
	}
	template.UserAttrs, template.SystemAttrs = want, want
	made := e.create(study, template)
	for _, kind := range bothKinds {
		for _, a := range want {
			e.setStudyAttr(study, kind, a.Key, a.Value)
			e.setTrialAttr(t.ID, kind, a.Key, a.Value)
		}
	}
	s := e.study(study)
	got, copied := e.trial(t.ID), e.trial(made.ID)
	for what, as := range map[string][2]storage.Attrs{
		"Study":                 {s.UserAttrs, s.SystemAttrs},
		"Trial":                 {got.UserAttrs, got.SystemAttrs},
		"Trial from a template": {copied.UserAttrs, copied.SystemAttrs},
	} {
		for i, kind := range bothKinds {
			for _, a := range want {
				v, ok := as[i].Get(a.Key)
				if !ok {
					e.Errorf("%s: the %s attribute %q = %s is not there", what, kindName(kind), a.Key, a.Value)
				} else if d := diffJSON(v, a.Value); d != "" {
					e.Errorf("%s: %s attribute %q = %s: %s", what, kindName(kind), a.Key, a.Value, d)
				}
			}
			if len(as[i]) != len(want) {
				e.Errorf("%s has %d %s attributes, want %d", what, len(as[i]), kindName(kind), len(want))
			}
		}
	}
}

// Attributes are in the order in which their keys were first set.
func attrOrder(e *env) {
	if e.o.Unordered {
		return
	}
	study := e.createStudy("")
	t := e.create(study, nil)
	keys := strings.Split("q w e r t y u i o p a s d f g h j k l z x c v b n m", " ")
	for _, kind := range bothKinds {
		for i, k := range keys {
			e.setStudyAttr(study, kind, k, "1")
			e.setTrialAttr(t.ID, kind, k, "1")
			if i%3 == 2 { // setting one again does not move it
				e.setStudyAttr(study, kind, keys[i/2], "2")
				e.setTrialAttr(t.ID, kind, keys[i/2], "2")
			}
		}
	}
	s, got := e.study(study), e.trial(t.ID)
	for what, as := range map[string]storage.Attrs{
		"user attributes of the study": s.UserAttrs, "system attributes of the study": s.SystemAttrs,
		"user attributes of the trial": got.UserAttrs, "system attributes of the trial": got.SystemAttrs,
	} {
		var order []string
		for _, a := range as {
			order = append(order, a.Key)
		}
		if !slices.Equal(order, keys) {
			e.Errorf("%s are in the order %v, want that in which the keys were first set, %v", what, order, keys)
		}
	}
}

// A large attribute is kept whole or refused, never cut.
func attrLarge(e *env) {
	study := e.createStudy("")
	t := e.create(study, nil)
	for _, size := range []int{2000, 2046, 60_000, 70_000, 1 << 20} {
		text := `"` + strings.Repeat("0123456789abcdef", size/16) + `"`
		for _, kind := range bothKinds {
			if err := e.st.SetStudyAttr(e.ctx, study, kind, "large", text); err == nil {
				s := e.study(study)
				as := s.UserAttrs
				if kind == storage.SystemAttr {
					as = s.SystemAttrs
				}
				if v, _ := as.Get("large"); diffJSON(v, text) != "" {
					e.Errorf("SetStudyAttr of %d bytes: %d came back; what is too large is refused, never cut", len(text), len(v))
				}
			} else if size <= 60_000 {
				e.Errorf("SetStudyAttr of %d bytes: %v; up to 60,000 must do", len(text), err)
			}
			if err := e.st.SetTrialAttr(e.ctx, t.ID, kind, "large", text); err == nil {
				got := e.trial(t.ID)
				as := got.UserAttrs
				if kind == storage.SystemAttr {
					as = got.SystemAttrs
				}
				if v, _ := as.Get("large"); diffJSON(v, text) != "" {
					e.Errorf("SetTrialAttr of %d bytes: %d came back; what is too large is refused, never cut", len(text), len(v))
				}
			} else if size <= 60_000 {
				e.Errorf("SetTrialAttr of %d bytes: %v; up to 60,000 must do", len(text), err)
			}
		}
	}
}
