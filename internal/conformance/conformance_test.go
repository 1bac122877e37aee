package conformance

import (
	"slices"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var ran []string
	check := func(tb testing.TB) { ran = append(ran, tb.Name()) }
	Run(t, []Check{{"One", check}, {"Two", check}})
	if want := []string{"TestRun/One", "TestRun/Two"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
}

func TestFailures(t *testing.T) {
	var after []string
	got := Failures(t, []Check{
		{"Passes", func(tb testing.TB) {
			tb.Cleanup(func() { after = append(after, "first") })
			tb.Cleanup(func() { after = append(after, "second") })
			tb.Log("nothing to see")
			if tb.Failed() {
				tb.Error("failed before it began")
			}
		}},
		{"GoesOn", func(tb testing.TB) { tb.Error("one"); tb.Errorf("%s", "two") }},
		{"Stops", func(tb testing.TB) { tb.Fatalf("three"); tb.Error("not reached") }},
		{"StopsToo", func(tb testing.TB) { tb.Fatal("four"); tb.Error("not reached") }},
		{"Silent", func(tb testing.TB) { tb.FailNow() }},
		{"Skips", func(tb testing.TB) { tb.Skip("no reason"); tb.Error("not reached") }},
		{"Panics", func(tb testing.TB) { panic("five") }},
	})
	for i, m := range got {
		got[i], _, _ = strings.Cut(m, "\n")
	}
	want := []string{
		"GoesOn: one", "GoesOn: two", "Stops: three", "StopsToo: four",
		"Silent: failed without a message", "Panics: panic: five",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if want := []string{"second", "first"}; !slices.Equal(after, want) {
		t.Errorf("cleaned up %q, want %q", after, want)
	}
}
