package storagetest

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

const (
	maxFloat  = math.MaxFloat64
	minNormal = 0x1p-1022
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

// sameFloat reports whether a and b are the same number. NaN is the same as
// NaN and −0 as 0: some databases know no −0.
func sameFloat(a, b float64) bool { return a == b || (a != a && b != b) }

// diffTrial returns how got differs from want, or "".
func (o Options) diffTrial(got, want *storage.Trial) string {
	switch {
	case got.ID != want.ID:
		return fmt.Sprintf("the id is %d, want %d", got.ID, want.ID)
	case !o.sameTime(got.Started, want.Started):
		return fmt.Sprintf("Started is %v, want %v", got.Started, want.Started)
	case !o.sameTime(got.Finished, want.Finished):
		return fmt.Sprintf("Finished is %v, want %v", got.Finished, want.Finished)
	}
	return o.diffContent(got, want)
}

// sameTime reports whether two times are the same as far as they are kept.
func (o Options) sameTime(a, b time.Time) bool {
	if a.IsZero() || b.IsZero() {
		return a.IsZero() == b.IsZero()
	}
	d := a.Sub(b)
	return -o.TimeResolution < d && d < o.TimeResolution
}

// diffContent is diffTrial without ids and times.
func (o Options) diffContent(got, want *storage.Trial) string {
	switch {
	case got.Number != want.Number:
		return fmt.Sprintf("the number is %d, want %d", got.Number, want.Number)
	case got.State != want.State:
		return fmt.Sprintf("the state is %s, want %s", got.State, want.State)
	case !slices.EqualFunc(got.Values, want.Values, sameFloat):
		return fmt.Sprintf("the values are %v, want %v", got.Values, want.Values)
	case !slices.EqualFunc(got.Reports, want.Reports, sameReport):
		return fmt.Sprintf("the reports are %v, want %v", got.Reports, want.Reports)
	}
	if d := o.diffParams(got.Params, want.Params); d != "" {
		return d
	}
	if d := o.diffAttrs("user", got.UserAttrs, want.UserAttrs); d != "" {
		return d
	}
	return o.diffAttrs("system", got.SystemAttrs, want.SystemAttrs)
}

func sameReport(a, b storage.Report) bool { return a.Step == b.Step && sameFloat(a.Value, b.Value) }

func (o Options) diffParams(got, want []storage.Param) string {
	if o.Unordered {
		got, want = slices.Clone(got), slices.Clone(want)
		sort.Slice(got, func(i, j int) bool { return got[i].Name < got[j].Name })
		sort.Slice(want, func(i, j int) bool { return want[i].Name < want[j].Name })
	}
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		switch {
		case g.Name != w.Name:
			return fmt.Sprintf("parameter %d is %q, want %q", i, g.Name, w.Name)
		case !sameFloat(g.Value, w.Value):
			return fmt.Sprintf("parameter %q is %v, want %v", g.Name, g.Value, w.Value)
		case !sameDist(g.Dist, w.Dist):
			return fmt.Sprintf("the distribution of %q is %#v, want %#v", g.Name, g.Dist, w.Dist)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("there are %d parameters, want %d", len(got), len(want))
	}
	return ""
}

func (o Options) diffAttrs(kind string, got, want storage.Attrs) string {
	if o.Unordered {
		got, want = slices.Clone(got), slices.Clone(want)
		sort.Slice(got, func(i, j int) bool { return got[i].Key < got[j].Key })
		sort.Slice(want, func(i, j int) bool { return want[i].Key < want[j].Key })
	}
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		if g.Key != w.Key {
			return fmt.Sprintf("%s attribute %d is %q, want %q", kind, i, g.Key, w.Key)
		}
		if d := diffJSON(g.Value, w.Value); d != "" {
			return fmt.Sprintf("%s attribute %q: %s", kind, g.Key, d)
		}
	}
	if len(got) != len(want) {
		return fmt.Sprintf("there are %d %s attributes, want %d", len(got), kind, len(want))
	}
	return ""
}

// sameDist reports whether two distributions are the same, down to the types of
// choices: distributions.Equal holds 1, 1.0 and true to be one.
func sameDist(a, b distributions.Distribution) bool {
	if a == nil || b == nil || !distributions.Equal(a, b) {
		return a == nil && b == nil
	}
	ca, ok := a.(distributions.Categorical)
	if !ok {
		return true
	}
	cb, ok := b.(distributions.Categorical)
	return ok && slices.EqualFunc(ca.Choices, cb.Choices, func(x, y any) bool {
		return fmt.Sprintf("%T %v", x, x) == fmt.Sprintf("%T %v", y, y)
	})
}

// diffStudy returns how got differs from want, or "".
func (o Options) diffStudy(got, want *storage.Study) string {
	if got.ID != want.ID {
		return fmt.Sprintf("the id is %d, want %d", got.ID, want.ID)
	}
	return o.diffStudyContent(got, want)
}

func (o Options) diffStudyContent(got, want *storage.Study) string {
	switch {
	case got.Name != want.Name:
		return fmt.Sprintf("the name is %q, want %q", got.Name, want.Name)
	case !slices.Equal(got.Directions, want.Directions):
		return fmt.Sprintf("the directions are %v, want %v", got.Directions, want.Directions)
	}
	if d := o.diffAttrs("user", got.UserAttrs, want.UserAttrs); d != "" {
		return d
	}
	return o.diffAttrs("system", got.SystemAttrs, want.SystemAttrs)
}

// diffJSON returns how two JSON texts differ in what they say, or "". Space
// and the spelling of strings and of floats are free; the order of keys,
// whether a number is an integer, and every digit of an integer are not.
func diffJSON(got, want string) string {
	if got == want {
		return ""
	}
	g, err := canonical(got)
	if err != nil {
		return fmt.Sprintf("%.60q is no JSON: %v", got, err)
	}
	w, err := canonical(want)
	if err != nil {
		return fmt.Sprintf("%.60q is no JSON: %v", want, err)
	}
	if g == w {
		return ""
	}
	n := 0
	for n < min(len(g), len(w)) && g[n] == w[n] {
		n++
	}
	n = max(0, n-20)
	return fmt.Sprintf("the value says %.60s, want %.60s", strings.ToValidUTF8(g[n:], "?"), strings.ToValidUTF8(w[n:], "?"))
}
