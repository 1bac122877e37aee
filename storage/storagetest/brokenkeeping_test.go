package storagetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone/storage"
)

// What a storage keeps, and what it hands out.
var brokenKeeping = []breakage{
	{"names are numbers", func(b *broken) {
		var n int
		create := b.createStudy
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			if name == "" {
				n++
				name = fmt.Sprint("study", n)
			}
			return create(ctx, name, d)
		}
	}, "CreateStudy", "no-name-"},
	{"later studies go, too", func(b *broken) {
		b.deleteStudy = func(ctx context.Context, id int64) error {
			all, err := b.studies(ctx)
			for _, s := range all {
				if s.ID >= id {
					err = errors.Join(err, b.handle.DeleteStudy(ctx, s.ID))
				}
			}
			return err
		}
	}, "DeleteMiddleStudy", "after the middle one"},
	{"studies are sorted by name", func(b *broken) {
		studies := b.studies
		b.studies = func(ctx context.Context) ([]storage.Study, error) {
			all, err := studies(ctx)
			slices.SortFunc(all, func(x, y storage.Study) int { return strings.Compare(x.Name, y.Name) })
			return all, err
		}
	}, "Studies", "in the order of their ids"},
	{"numbers go on from study to study", func(b *broken) {
		b.onRead(func(t *storage.Trial) { t.Number = int(t.ID) })
	}, "CreateTrial", "the number is"},
	{"reports of no trial", func(b *broken) {
		set := b.setReport
		b.setReport = func(ctx context.Context, id int64, step int, v float64) error {
			if err := set(ctx, id, step, v); !errors.Is(err, storage.ErrTrialNotFound) {
				return err
			}
			return nil
		}
	}, "TrialNotFound", "SetReport"},
	{"no way back", func(b *broken) {
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			if s == storage.Waiting {
				return false, nil
			}
			return set(ctx, id, s, v)
		}
	}, "BackToWaiting", "it is the one that makes the change"},
	{"finishing drops attributes", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			if t.State.Finished() {
				t.UserAttrs = nil
			}
		})
	}, "TrialAttrs", "after it was finished"},
	{"a taken name gives the study that has it", func(b *broken) {
		create := b.createStudy
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			if id, err := b.findStudy(ctx, name); err == nil {
				return id, nil
			}
			return create(ctx, name, d)
		}
	}, "StudyNames", "study exists already"},
	{"names lose their case", func(b *broken) {
		create, find := b.createStudy, b.findStudy
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			return create(ctx, strings.ToLower(name), d)
		}
		b.findStudy = func(ctx context.Context, name string) (int64, error) { return find(ctx, strings.ToLower(name)) }
	}, "StudyNames", "upper"},
	{"look, then create", func(b *broken) {
		create := b.createStudy
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			if id, err := create(ctx, name, d); !errors.Is(err, storage.ErrDuplicateStudy) {
				return id, err
			}
			return b.findStudy(ctx, name)
		}
	}, "ConcurrentStudies", "want exactly one"},
	{"directions keep the caller's slice", func(b *broken) {
		kept := make(map[int64][]storage.Direction)
		create, study := b.createStudy, b.study
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			id, err := create(ctx, name, d)
			kept[id] = d
			return id, err
		}
		b.study = func(ctx context.Context, id int64) (storage.Study, error) {
			s, err := study(ctx, id)
			s.Directions = kept[id]
			return s, err
		}
	}, "StudyDirections", "directions are"},
	{"a study is deleted twice", func(b *broken) {
		del := b.deleteStudy
		b.deleteStudy = func(ctx context.Context, id int64) error {
			if err := del(ctx, id); err != nil && !errors.Is(err, storage.ErrStudyNotFound) {
				return err
			}
			return nil
		}
	}, "DeleteStudy", "study not found"},
	{"errors without a class", func(b *broken) {
		b.study = func(ctx context.Context, id int64) (storage.Study, error) {
			s, err := b.handle.Study(ctx, id)
			if err != nil {
				err = errors.New(err.Error())
			}
			return s, err
		}
	}, "StudyNotFound", "study not found"},
	{"ids are reused", func(b *broken) {
		freed, alias := int64(-1), make(map[int64]int64)
		real := func(id int64) int64 {
			if r, ok := alias[id]; ok {
				return r
			}
			return id
		}
		create, del, trial := b.createStudy, b.deleteStudy, b.createTrial
		b.createStudy = func(ctx context.Context, name string, d []storage.Direction) (int64, error) {
			id, err := create(ctx, name, d)
			if freed >= 0 {
				alias[freed], id, freed = id, freed, -1
			}
			return id, err
		}
		b.deleteStudy = func(ctx context.Context, id int64) error {
			freed = id
			return del(ctx, real(id))
		}
		b.createTrial = func(ctx context.Context, id int64, t *storage.Trial) (storage.Trial, error) {
			return trial(ctx, real(id), t)
		}
	}, "IDsAreNotReused", "never reused"},
	{"trials of a deleted study live on", func(b *broken) {
		gone := make(map[int64]storage.Trial)
		del, trial := b.deleteStudy, b.trial
		b.deleteStudy = func(ctx context.Context, id int64) error {
			ts, err := b.trials(ctx, id, -1, nil)
			for _, t := range ts {
				gone[t.ID] = t
			}
			return errors.Join(err, del(ctx, id))
		}
		b.trial = func(ctx context.Context, id int64) (storage.Trial, error) {
			if t, ok := gone[id]; ok {
				return t, nil
			}
			return trial(ctx, id)
		}
	}, "DeleteStudy", "trial not found"},
	{"numbers are given out without a lock", func(b *broken) {
		var next atomic.Int64
		create := b.createTrial
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			n := next.Load()
			clumsy()
			made, err := create(ctx, study, t)
			next.Store(n + 1)
			made.Number = int(n)
			return made, err
		}
	}, "ConcurrentTrials", "returned the number"},
	{"templates lose their microseconds", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			t.Started, t.Finished = t.Started.Truncate(time.Second), t.Finished.Truncate(time.Second)
		})
	}, "TemplateTimes", "to within 1µs"},
	{"times lose their zone", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			s := t.Started
			if !s.IsZero() {
				t.Started = time.Date(s.Year(), s.Month(), s.Day(), s.Hour(), s.Minute(), s.Second(), s.Nanosecond(), time.UTC)
			}
		})
	}, "Templates", "Started is"},
	{"finished templates lack their times", func(b *broken) {
		create := b.createTrial
		empty := make(map[int64]bool)
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			made, err := create(ctx, study, t)
			empty[made.ID] = t != nil && t.Finished.IsZero()
			return made, err
		}
		b.onRead(func(t *storage.Trial) {
			if empty[t.ID] {
				t.Finished = time.Time{}
			}
		})
	}, "TemplateTimes", "want the time of the call"},
	{"a template's number is taken over", func(b *broken) {
		create := b.createTrial
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			made, err := create(ctx, study, t)
			if t != nil {
				made.Number = t.Number
			}
			return made, err
		}
	}, "Templates", "want the next one"},
	{"a template is kept, not copied", func(b *broken) {
		kept := make(map[int64]*storage.Trial)
		create, trial := b.createTrial, b.trial
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			made, err := create(ctx, study, t)
			kept[made.ID] = t
			return made, err
		}
		b.trial = func(ctx context.Context, id int64) (storage.Trial, error) {
			t, err := trial(ctx, id)
			if k := kept[id]; k != nil {
				t.Params = k.Params
			}
			return t, err
		}
	}, "TemplateIsCopied", "after its template was modified"},
	{"a template's reports are lost", func(b *broken) {
		create := b.createTrial
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			if t != nil {
				c := t.Clone()
				c.Reports = nil
				t = &c
			}
			return create(ctx, study, t)
		}
	}, "RandomTrials", "the reports are"},
	{"running twice is told twice", func(b *broken) {
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			ok, err := set(ctx, id, s, v)
			return ok || err == nil, err
		}
	}, "RunningTwice", "reported true"},
	{"two callers claim one trial", func(b *broken) {
		var refused atomic.Int32
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			ok, err := set(ctx, id, s, v)
			if err == nil && !ok && refused.Add(1)%5 == 0 { // as if both had looked before either wrote
				ok = true
			}
			return ok, err
		}
	}, "ConcurrentClaims", "exactly one may"},
	{"a trial finishes without its time", func(b *broken) {
		b.onRead(func(t *storage.Trial) { t.Finished = time.Time{} })
	}, "StatesMove", "Finished is"},
	{"a trial that never ran has no beginning", func(b *broken) {
		waited := make(map[int64]bool)
		create := b.createTrial
		b.createTrial = func(ctx context.Context, study int64, t *storage.Trial) (storage.Trial, error) {
			made, err := create(ctx, study, t)
			waited[made.ID] = made.State == storage.Waiting
			return made, err
		}
		b.onRead(func(t *storage.Trial) {
			if waited[t.ID] && t.State.Finished() {
				t.Started = time.Time{}
			}
		})
	}, "StatesMove", "left Started empty"},
	{"a finished trial takes attributes", func(b *broken) {
		set := b.setTrialAttr
		b.setTrialAttr = func(ctx context.Context, id int64, kind storage.AttrKind, key, value string) error {
			if err := set(ctx, id, kind, key, value); !errors.Is(err, storage.ErrTrialFinished) {
				return err
			}
			return nil
		}
	}, "FinishedNeverChanges", "SetTrialAttr of an old key"},
	{"a finished trial is finished again", func(b *broken) {
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			ok, err := set(ctx, id, s, v)
			if errors.Is(err, storage.ErrTrialFinished) {
				return true, nil
			}
			return ok, err
		}
	}, "ConcurrentFinish", "exactly one may"},
	{"the kind is looked at before the state", func(b *broken) {
		set := b.setParam
		b.setParam = func(ctx context.Context, id int64, p storage.Param) error {
			err := set(ctx, id, p)
			if t, e := b.trial(ctx, id); e == nil && errors.Is(err, storage.ErrTrialFinished) {
				if old, ok := t.Param(p.Name); ok && fmt.Sprintf("%T", old.Dist) != fmt.Sprintf("%T", p.Dist) {
					return storage.ErrIncompatible
				}
			}
			return err
		}
	}, "FinishedNeverChanges", "SetParam of another kind"},
	{"waiting trials take no parameters", func(b *broken) {
		set := b.setParam
		b.setParam = func(ctx context.Context, id int64, p storage.Param) error {
			if t, err := b.trial(ctx, id); err == nil && t.State == storage.Waiting {
				return errors.New("it waits")
			}
			return set(ctx, id, p)
		}
	}, "UnfinishedMayChange", "it waits"},
	{"infinite values are clipped", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			for i, v := range t.Values {
				t.Values[i] = max(-math.MaxFloat64, min(math.MaxFloat64, v))
			}
		})
	}, "Values", "+Inf"},
	{"NaN is a result", func(b *broken) {
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			v = slices.Clone(v)
			for i := range v {
				if v[i] != v[i] {
					v[i] = 0
				}
			}
			return set(ctx, id, s, v)
		}
	}, "NaNIsNoResult", "must be refused"},
	{"no values erase those of the template", func(b *broken) {
		set := b.setState
		b.setState = func(ctx context.Context, id int64, s storage.State, v []float64) (bool, error) {
			if v == nil {
				v = []float64{}
			}
			return set(ctx, id, s, v)
		}
	}, "Values", "nil leaves them"},
	{"parameters reach other trials", func(b *broken) {
		set := b.setParam
		b.setParam = func(ctx context.Context, id int64, p storage.Param) error {
			return errors.Join(set(ctx, id, p), set(ctx, id+1, p))
		}
	}, "Params", "parameters"},
	{"parameters are sorted", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			slices.SortFunc(t.Params, func(x, y storage.Param) int { return strings.Compare(x.Name, y.Name) })
		})
	}, "ParamOrder", "order in which they were set"},
	{"parameters are rounded", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			for i := range t.Params {
				t.Params[i].Value = float64(float32(t.Params[i].Value))
			}
		})
	}, "ParamFloats", "the value is"},
	{"values are clipped to the domain", func(b *broken) {
		set := b.setParam
		b.setParam = func(ctx context.Context, id int64, p storage.Param) error {
			p.Value = p.Dist.FromUnit(p.Dist.ToUnit(p.Value))
			return set(ctx, id, p)
		}
	}, "ParamOutOfRange", "kept as given"},
	{"kinds may change", func(b *broken) {
		set := b.setParam
		b.setParam = func(ctx context.Context, id int64, p storage.Param) error {
			if err := set(ctx, id, p); !errors.Is(err, storage.ErrIncompatible) {
				return err
			}
			return nil
		}
	}, "ParamIncompatible", "incompatible parameter"},
	{"the first range stands", func(b *broken) {
		first := make(map[string]storage.Param)
		b.onRead(func(t *storage.Trial) {
			for i, p := range t.Params {
				if old, ok := first[p.Name]; ok {
					t.Params[i].Dist = old.Dist
				} else {
					first[p.Name] = p
				}
			}
		})
	}, "ParamRangesMayChange", "domain of x"},
	{"reports are in the order of their making", func(b *broken) {
		b.onRead(func(t *storage.Trial) { slices.Reverse(t.Reports) })
	}, "Reports", "the reports are"},
	{"the first report at a step stands", func(b *broken) {
		set := b.setReport
		b.setReport = func(ctx context.Context, id int64, step int, v float64) error {
			t, err := b.trial(ctx, id)
			if err == nil && slices.ContainsFunc(t.Reports, func(r storage.Report) bool { return r.Step == step }) {
				return nil
			}
			return set(ctx, id, step, v)
		}
	}, "Reports", "with the last value"},
	{"negative steps", func(b *broken) {
		set := b.setReport
		b.setReport = func(ctx context.Context, id int64, step int, v float64) error {
			return set(ctx, id, max(step, 0), v)
		}
	}, "Reports", "steps are not negative"},
	{"one namespace for all attributes", func(b *broken) {
		b.onAttr(func(_ storage.AttrKind, key, value string) (storage.AttrKind, string, string) {
			return storage.UserAttr, key, value
		})
	}, "AttrKindsAreSeparate", "user and system attributes are separate"},
	{"attributes pass through encoding/json", func(b *broken) {
		b.onAttr(func(kind storage.AttrKind, key, value string) (storage.AttrKind, string, string) {
			var v any
			if json.Unmarshal([]byte(value), &v) == nil {
				if text, err := json.Marshal(v); err == nil {
					value = string(text)
				}
			}
			return kind, key, value
		})
	}, "AttrJSON", "1180591620717411303424"},
	{"NaN becomes null", func(b *broken) {
		b.onAttr(func(kind storage.AttrKind, key, value string) (storage.AttrKind, string, string) {
			return kind, key, strings.ReplaceAll(value, "NaN", "null")
		})
	}, "AttrJSON", "NaN"},
	{"keys come sorted", func(b *broken) {
		b.onRead(func(t *storage.Trial) {
			slices.SortFunc(t.UserAttrs, func(x, y storage.Attr) int { return strings.Compare(x.Key, y.Key) })
		})
	}, "AttrOrder", "first set"},
	{"long texts are cut", func(b *broken) {
		b.onAttr(func(kind storage.AttrKind, key, value string) (storage.AttrKind, string, string) {
			return kind, key, value[:min(len(value), 65535)]
		})
	}, "AttrLarge", "never cut"},
	{"the second attribute is a new one", func(b *broken) {
		study := b.study
		b.study = func(ctx context.Context, id int64) (storage.Study, error) {
			s, err := study(ctx, id)
			if len(s.UserAttrs) > 0 {
				s.UserAttrs = append(slices.Clone(s.UserAttrs), s.UserAttrs[0])
			}
			return s, err
		}
	}, "StudyAttrs", "user attributes"},
	{"the cursor is included", func(b *broken) {
		trials := b.trials
		b.trials = func(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
			return trials(ctx, study, after-1, include)
		}
	}, "TrialsAfter", "ids above after"},
	{"asked for by id, but not there", func(b *broken) {
		trials := b.trials
		b.trials = func(ctx context.Context, study, after int64, _ []int64) ([]storage.Trial, error) {
			return trials(ctx, study, after, nil)
		}
	}, "Follow", "a follower's trial"},
	{"trials of other studies by id", func(b *broken) {
		trials := b.trials
		b.trials = func(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
			ts, err := trials(ctx, study, after, include)
			for _, id := range include {
				if t, e := b.trial(ctx, id); e == nil && !slices.ContainsFunc(ts, func(x storage.Trial) bool { return x.ID == id }) {
					ts = append(ts, t)
				}
			}
			slices.SortFunc(ts, func(x, y storage.Trial) int { return int(x.ID - y.ID) })
			return ts, err
		}
	}, "TrialsAfter", "that the study has"},
	{"a trial appears after a later one", func(b *broken) {
		var mu sync.Mutex
		shown := int64(-1)
		trials := b.trials
		b.trials = func(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
			ts, err := trials(ctx, study, after, include)
			mu.Lock()
			defer mu.Unlock()
			ts = slices.DeleteFunc(ts, func(t storage.Trial) bool { return t.Number%5 == 1 && shown <= t.ID })
			for _, t := range ts {
				shown = max(shown, t.ID)
			}
			return ts, err
		}
	}, "ConcurrentFollower", "a follower saw"},
	{"attributes are overwritten in place", func(b *broken) {
		held := make(map[int64]storage.Attrs)
		trial, set := b.trial, b.setTrialAttr
		b.trial = func(ctx context.Context, id int64) (storage.Trial, error) {
			t, err := trial(ctx, id)
			if held[id] == nil {
				held[id] = slices.Clone(t.UserAttrs)
			}
			t.UserAttrs = held[id]
			return t, err
		}
		b.setTrialAttr = func(ctx context.Context, id int64, kind storage.AttrKind, key, value string) error {
			for i := range held[id] {
				if held[id][i].Key == key {
					held[id][i].Value = value
				}
			}
			return set(ctx, id, kind, key, value)
		}
	}, "SnapshotsDoNotChange", "has changed"},
}
