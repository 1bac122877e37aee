package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// studyWith returns the id of a new study of one objective.
func studyWith(st storage.Storage) int64 {
	id, err := st.CreateStudy(context.Background(), "example", []storage.Direction{storage.Minimize})
	if err != nil {
		log.Fatal(err)
	}
	return id
}

// What a study does with its storage for one trial.
func ExampleStorage() {
	ctx := context.Background()
	var st storage.Storage = storage.NewMemory()
	id := studyWith(st)
	t, err := st.CreateTrial(ctx, id, nil)
	if err != nil {
		log.Fatal(err)
	}
	x := storage.Param{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}
	if err := st.SetParam(ctx, t.ID, x); err != nil {
		log.Fatal(err)
	}
	if err := st.SetReport(ctx, t.ID, 0, 2.5); err != nil {
		log.Fatal(err)
	}
	if _, err := st.SetState(ctx, t.ID, storage.Complete, []float64{2}); err != nil {
		log.Fatal(err)
	}
	err = st.SetReport(ctx, t.ID, 1, 2.25)
	fmt.Println(errors.Is(err, storage.ErrTrialFinished))
	// Output: true
}

func ExampleMemory() {
	ctx := context.Background()
	mem := storage.NewMemory()
	defer mem.Close()
	studyWith(mem)
	studies, err := mem.Studies(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range studies {
		fmt.Println(s.Name, s.Directions)
	}
	// Output: example [minimize]
}

// A cursor reads what is new: trials that were added, and those that were not
// finished at the last look.
func ExampleStorage_trials() {
	ctx := context.Background()
	st := storage.NewMemory()
	id := studyWith(st)
	first, err := st.CreateTrial(ctx, id, nil)
	if err != nil {
		log.Fatal(err)
	}
	after := first.ID
	if _, err := st.CreateTrial(ctx, id, nil); err != nil {
		log.Fatal(err)
	}
	if _, err := st.SetState(ctx, first.ID, storage.Failed, nil); err != nil {
		log.Fatal(err)
	}
	news, err := st.Trials(ctx, id, after, []int64{first.ID})
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range news {
		fmt.Println(t.Number, t.State)
	}
	// Output:
	// 0 failed
	// 1 running
}

func ExampleStudy() {
	ctx := context.Background()
	st := storage.NewMemory()
	id := studyWith(st)
	if err := st.SetStudyAttr(ctx, id, storage.UserAttr, "owner", `"ada"`); err != nil {
		log.Fatal(err)
	}
	s, err := st.Study(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	owner, ok := s.UserAttrs.Get("owner")
	fmt.Println(s.Name, owner, ok)
	// Output: example "ada" true
}

func ExampleTrial() {
	t := storage.Trial{
		State:  storage.Complete,
		Values: []float64{3},
		Params: []storage.Param{
			{Name: "act", Value: 1, Dist: distributions.Categorical{Choices: []any{"relu", "tanh"}}},
		},
		Reports: []storage.Report{{Step: 0, Value: 9}, {Step: 7, Value: 3}},
	}
	p, _ := t.Param("act")
	last, _ := t.LastReport()
	fmt.Println(p.Dist.External(p.Value), last.Step, t.Counts(), t.Feasible())
	// Output: tanh 7 true true
}

// The value of a category is its index.
func ExampleParam() {
	p := storage.Param{Name: "act", Value: 1, Dist: distributions.Categorical{Choices: []any{"relu", "tanh"}}}
	fmt.Println(p.Dist.External(p.Value))
	// Output: tanh
}

func ExampleReport() {
	var reports []storage.Report
	for _, r := range []storage.Report{{Step: 2, Value: 0.5}, {Step: 1, Value: 0.75}} {
		reports = storage.WithReport(reports, r.Step, r.Value)
	}
	fmt.Println(reports)
	// Output: [{1 0.75} {2 0.5}]
}

func ExampleState() {
	for _, s := range []storage.State{storage.Waiting, storage.Running, storage.Pruned} {
		fmt.Println(s, s.Finished())
	}
	// Output:
	// waiting false
	// running false
	// pruned true
}

func ExampleDirection() {
	for _, d := range []storage.Direction{storage.Minimize, storage.Maximize} {
		fmt.Println(d, d.Sign())
	}
	// Output:
	// minimize 1
	// maximize -1
}

func ExampleAttrs() {
	var attrs storage.Attrs
	attrs = attrs.With("owner", `"ada"`)
	attrs = attrs.With("tries", `3`)
	for _, a := range attrs {
		fmt.Println(a.Key, a.Value)
	}
	// Output:
	// owner "ada"
	// tries 3
}

func ExampleAttr() {
	a := storage.Attr{Key: "owner", Value: `"ada"`} // the value is a JSON text
	fmt.Println(a.Key, a.Value)
	// Output: owner "ada"
}

// The user's attributes and hone's own do not meet.
func ExampleAttrKind() {
	ctx := context.Background()
	st := storage.NewMemory()
	id := studyWith(st)
	for kind, value := range map[storage.AttrKind]string{storage.UserAttr: `"mine"`, storage.SystemAttr: `"hone's"`} {
		if err := st.SetStudyAttr(ctx, id, kind, "key", value); err != nil {
			log.Fatal(err)
		}
	}
	s, err := st.Study(ctx, id)
	fmt.Println(s.UserAttrs, s.SystemAttrs, err)
	// Output: [{key "mine"}] [{key "hone's"}] <nil>
}

func ExampleConstraint() {
	t := storage.Trial{SystemAttrs: storage.Attrs{
		{Key: storage.AttrConstraintPrefix + "memory", Value: "-3"},
		{Key: storage.AttrConstraintPrefix + "latency", Value: "0.5"},
	}}
	for _, c := range t.Constraints() {
		fmt.Println(c.Name, c.Value)
	}
	fmt.Println(t.Feasible())
	// Output:
	// memory -3
	// latency 0.5
	// false
}
