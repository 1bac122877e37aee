package storagetest

import (
	"math"
	"slices"
	"strings"

	"github.com/gohone/hone/storage"
)

const (
	minimize = storage.Minimize
	maximize = storage.Maximize
)

// A study without a name gets one of its own; ids tell studies apart.
func createStudy(e *env) {
	none, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	if len(none) != 0 {
		e.Fatalf("Studies of a new storage: %d studies, want none", len(none))
	}
	a, b := e.createStudy(""), e.createStudy("")
	if a == b {
		e.Fatalf("CreateStudy: two studies have the id %d, want ids that are unique", a)
	}
	sa, sb := e.study(a), e.study(b)
	for _, s := range []storage.Study{sa, sb} {
		if !strings.HasPrefix(s.Name, "no-name-") {
			e.Errorf("CreateStudy(\"\"): the name is %q, want one that begins with no-name-", s.Name)
		}
		if len(s.UserAttrs) != 0 || len(s.SystemAttrs) != 0 {
			e.Errorf("CreateStudy: a new study has attributes %v and %v, want none", s.UserAttrs, s.SystemAttrs)
		}
	}
	if sa.Name == sb.Name {
		e.Errorf("CreateStudy(\"\"): two studies are called %q, want names that are unique", sa.Name)
	}
	if sa.ID != a || sb.ID != b {
		e.Errorf("Study: ids are %d, %d; CreateStudy returned %d, %d", sa.ID, sb.ID, a, b)
	}
	all, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	if len(all) != 2 {
		e.Errorf("Studies: %d studies, want the 2 that were made", len(all))
	}
	for _, id := range []int64{a, b} {
		if n := len(e.trials(id)); n != 0 {
			e.Errorf("a new study has %d trials, want none", n)
		}
	}
}

// Names come back byte by byte, find their study, and belong to one only.
func studyNames(e *env) {
	long := strings.Repeat("n", 512)
	byName := make(map[string]int64)
	for _, name := range append(slices.Clone(oddNames), long) {
		id := e.createStudy(name)
		byName[name] = id
		if got := e.study(id).Name; got != name {
			e.Errorf("Study: the name is %q, want %q", got, name)
		}
	}
	for name, id := range byName {
		got, err := e.st.FindStudy(e.ctx, name)
		e.must(err, "FindStudy(%q)", name)
		if got != id {
			e.Errorf("FindStudy(%q) = %d, want %d: names find the study that was made under them", name, got, id)
		}
		_, err = e.st.CreateStudy(e.ctx, name, []storage.Direction{minimize})
		e.is(err, storage.ErrDuplicateStudy, "CreateStudy with a name that is taken, %q", name)
	}
	all, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	if len(all) != len(byName) {
		e.Errorf("Studies: %d, want %d: a duplicate that was refused leaves no study", len(all), len(byName))
	}
}

// Directions keep their number and order; there is at least one, and each is
// set.
func studyDirections(e *env) {
	for _, want := range [][]storage.Direction{
		{minimize}, {maximize}, {minimize, maximize}, {maximize, minimize}, {maximize, maximize, minimize},
	} {
		given := slices.Clone(want)
		id := e.createStudy("", given...)
		for i := range given {
			given[i] = storage.Unset // the caller's slice is the caller's
		}
		if got := e.study(id).Directions; !slices.Equal(got, want) {
			e.Errorf("Study: directions are %v, want %v", got, want)
		}
	}
	for _, bad := range [][]storage.Direction{nil, {}, {storage.Unset}, {minimize, storage.Unset}} {
		if _, err := e.st.CreateStudy(e.ctx, "bad", bad); err == nil {
			e.Fatalf("CreateStudy with directions %v: no error; there is at least one direction and none is unset", bad)
		}
	}
	_, err := e.st.FindStudy(e.ctx, "bad")
	e.is(err, storage.ErrStudyNotFound, "FindStudy after CreateStudy was refused")
}

// A study that does not exist, or not any more, gives ErrStudyNotFound.
func studyNotFound(e *env) {
	id := e.createStudy("here")
	gone := e.createStudy("gone")
	e.must(e.st.DeleteStudy(e.ctx, gone), "DeleteStudy")
	for _, missing := range []int64{gone, id + 1000, -1, -7, math.MaxInt32} {
		_, err := e.st.Study(e.ctx, missing)
		e.is(err, storage.ErrStudyNotFound, "Study(%d)", missing)
		e.is(e.st.DeleteStudy(e.ctx, missing), storage.ErrStudyNotFound, "DeleteStudy(%d)", missing)
		for _, kind := range []storage.AttrKind{storage.UserAttr, storage.SystemAttr} {
			e.is(e.st.SetStudyAttr(e.ctx, missing, kind, "k", "1"), storage.ErrStudyNotFound, "SetStudyAttr(%d)", missing)
		}
		_, err = e.st.CreateTrial(e.ctx, missing, nil)
		e.is(err, storage.ErrStudyNotFound, "CreateTrial(%d, nil)", missing)
		_, err = e.st.CreateTrial(e.ctx, missing, fullTrial(storage.Complete))
		e.is(err, storage.ErrStudyNotFound, "CreateTrial(%d, template)", missing)
		_, err = e.st.Trials(e.ctx, missing, -1, nil)
		e.is(err, storage.ErrStudyNotFound, "Trials(%d)", missing)
		if c, ok := storage.AsClaimer(e.st); ok {
			_, _, err = c.Claim(e.ctx, missing, storage.Claim{})
			e.is(err, storage.ErrStudyNotFound, "Claim(%d)", missing)
		}
	}
	for _, name := range []string{"gone", "never", "Here?", ""} {
		_, err := e.st.FindStudy(e.ctx, name)
		e.is(err, storage.ErrStudyNotFound, "FindStudy(%q)", name)
	}
	if len(e.trials(id)) != 0 {
		e.Errorf("calls on studies that do not exist made trials elsewhere")
	}
}

// DeleteStudy takes all that is below the study with it.
func deleteStudy(e *env) {
	id := e.createStudy("s")
	e.setStudyAttr(id, storage.UserAttr, "k", "1")
	running := e.create(id, nil)
	e.create(id, fullTrial(storage.Complete))
	e.create(id, fullTrial(storage.Waiting))
	before := e.trials(id)
	e.must(e.st.DeleteStudy(e.ctx, id), "DeleteStudy")
	e.is(e.st.DeleteStudy(e.ctx, id), storage.ErrStudyNotFound, "DeleteStudy, the second time")
	_, err := e.st.FindStudy(e.ctx, "s")
	e.is(err, storage.ErrStudyNotFound, "FindStudy of a deleted study")
	_, err = e.st.Trials(e.ctx, id, -1, nil)
	e.is(err, storage.ErrStudyNotFound, "Trials of a deleted study")
	for _, t := range before {
		_, err := e.st.Trial(e.ctx, t.ID)
		e.is(err, storage.ErrTrialNotFound, "Trial of a deleted study")
	}
	_, err = e.st.SetState(e.ctx, running.ID, storage.Complete, []float64{1})
	e.is(err, storage.ErrTrialNotFound, "SetState on a running trial of a deleted study")

	again := e.createStudy("s")
	s := e.study(again)
	if len(s.UserAttrs) != 0 || len(s.SystemAttrs) != 0 || len(e.trials(again)) != 0 {
		e.Errorf("a study made anew under the name of a deleted one is not empty: %+v", s)
	}
	if t := e.create(again, nil); t.Number != 0 {
		e.Errorf("the first trial of a study made anew has the number %d, want 0", t.Number)
	}
}

// Of several studies only the one that is deleted goes.
func deleteMiddleStudy(e *env) {
	names := []string{"a", "b", "c"}
	var made []int64
	for i, name := range names {
		id := e.createStudy(name)
		made = append(made, id)
		e.setStudyAttr(id, storage.UserAttr, "k", `"`+name+`"`)
		for range i + 1 {
			e.create(id, fullTrial(storage.Complete))
		}
	}
	want := [][]storage.Trial{e.trials(made[0]), nil, e.trials(made[2])}
	e.must(e.st.DeleteStudy(e.ctx, made[1]), "DeleteStudy")
	all, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	if len(all) != 2 || all[0].ID != made[0] || all[1].ID != made[2] {
		e.Fatalf("Studies after the middle one of %v was deleted: %+v", made, all)
	}
	for _, i := range []int{0, 2} {
		s := e.study(made[i])
		if v, _ := s.UserAttrs.Get("k"); s.Name != names[i] || v != `"`+names[i]+`"` {
			e.Errorf("DeleteStudy changed another study: %+v", s)
		}
		got := e.trials(made[i])
		if len(got) != len(want[i]) {
			e.Fatalf("DeleteStudy left %d trials of another study, want %d", len(got), len(want[i]))
		}
		for k := range got {
			e.same(got[k], want[i][k], "DeleteStudy changed a trial of another study")
		}
	}
}

// Ids are never reused: a cache that knows an old one would mix two studies or
// two trials.
func idsAreNotReused(e *env) {
	first := e.createStudy("first")
	e.create(first, nil)
	var lastStudy, lastTrial int64 = -1, -1
	for range 3 {
		s := e.createStudy("s")
		if s <= lastStudy {
			e.Errorf("CreateStudy after DeleteStudy: id %d, and %d was in use before: ids grow and are never reused", s, lastStudy)
		}
		lastStudy = s
		for range 2 {
			t := e.create(s, nil)
			if t.ID <= lastTrial {
				e.Errorf("CreateTrial after DeleteStudy: id %d, and %d was in use before: ids grow and are never reused", t.ID, lastTrial)
			}
			lastTrial = t.ID
		}
		e.must(e.st.DeleteStudy(e.ctx, s), "DeleteStudy")
	}
}

// Studies lists all studies by id, each with what is its own.
func studies(e *env) {
	var want []storage.Study
	for i := range 10 {
		s := storage.Study{
			Name:        []string{"j", "i", "h", "g", "f", "e", "d", "c", "b", "a"}[i],
			Directions:  [][]storage.Direction{{minimize}, {maximize}, {maximize, minimize}}[i%3],
			UserAttrs:   storage.Attrs{{Key: "u", Value: []string{"1", `"x"`, "null"}[i%3]}},
			SystemAttrs: storage.Attrs{{Key: "s", Value: []string{"[1,2]", "2.5"}[i%2]}, {Key: "t", Value: "true"}},
		}
		s.ID = e.createStudy(s.Name, s.Directions...)
		for _, a := range s.UserAttrs {
			e.setStudyAttr(s.ID, storage.UserAttr, a.Key, a.Value)
		}
		for _, a := range s.SystemAttrs {
			e.setStudyAttr(s.ID, storage.SystemAttr, a.Key, a.Value)
		}
		for range i {
			e.create(s.ID, nil)
		}
		want = append(want, s)
	}
	all, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	if len(all) != len(want) {
		e.Fatalf("Studies: %d, want %d", len(all), len(want))
	}
	for i := range want {
		if d := e.o.diffStudy(&all[i], &want[i]); d != "" {
			e.Errorf("Studies, at position %d (they are in the order of their ids): %s", i, d)
		}
		one := e.study(want[i].ID)
		if d := e.o.diffStudy(&one, &want[i]); d != "" {
			e.Errorf("Study(%d): %s", want[i].ID, d)
		}
		if n := len(e.trials(want[i].ID)); n != i {
			e.Errorf("study %d has %d trials, want the %d that were made in it", i, n, i)
		}
	}
}
