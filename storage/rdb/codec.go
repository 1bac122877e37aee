package rdb

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

var stateNames = [...]string{storage.Running: "RUNNING", storage.Complete: "COMPLETE", storage.Pruned: "PRUNED", storage.Failed: "FAIL", storage.Waiting: "WAITING"}

func stateName(st storage.State) (string, error) {
	if st < 0 || int(st) >= len(stateNames) {
		return "", fmt.Errorf("there is no state %d", st)
	}
	return stateNames[st], nil
}

func parseState(name string) (storage.State, error) {
	for st, n := range stateNames {
		if n == name {
			return storage.State(st), nil
		}
	}
	return 0, fmt.Errorf("there is no state %q", name)
}

func directionName(d storage.Direction) string {
	if d == storage.Maximize {
		return "MAXIMIZE"
	}
	return "MINIMIZE"
}

func parseDirection(name string) (storage.Direction, error) {
	switch name {
	case "NOT_SET":
		return storage.Unset, nil
	case "MINIMIZE":
		return storage.Minimize, nil
	case "MAXIMIZE":
		return storage.Maximize, nil
	}
	return 0, fmt.Errorf("there is no direction %q", name)
}

// Numbers that are not finite are kept as NULL beside their kind.

// encodeFloat returns a value's column and the one of its kind.
func encodeFloat(v float64) (any, string) {
	switch {
	case math.IsNaN(v):
		return nil, "NAN"
	case math.IsInf(v, 1):
		return nil, "INF_POS"
	case math.IsInf(v, -1):
		return nil, "INF_NEG"
	}
	return v, "FINITE"
}

// decodeFloat is the reverse of encodeFloat.
func decodeFloat(v float64, valid bool, kind string) (float64, error) {
	switch kind {
	case "FINITE":
		if !valid {
			return 0, fmt.Errorf("a value is finite and NULL")
		}
		return v, nil
	case "INF_POS":
		return math.Inf(1), nil
	case "INF_NEG":
		return math.Inf(-1), nil
	case "NAN":
		return math.NaN(), nil
	}
	return 0, fmt.Errorf("there is no kind of value %q", kind)
}

// encodeTime returns a time's column, NULL for the zero time: exactly six digits
// of a second, which Python needs on SQLite, or none on MySQL, whose columns hold
// whole seconds.
func (s *Storage) encodeTime(t time.Time) (any, error) {
	if t.IsZero() {
		return nil, nil
	}
	t = t.In(s.zone)
	if y := t.Year(); y < 1000 || y > 9999 {
		return nil, fmt.Errorf("the time %v cannot be stored", t)
	}
	if s.d == MySQL {
		return t.Format("2006-01-02 15:04:05"), nil
	}
	return t.Format("2006-01-02 15:04:05.000000"), nil
}

// roundTime returns t as it will be read back.
func (s *Storage) roundTime(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	if s.d == MySQL {
		return t.UTC().Truncate(time.Second)
	}
	return t.UTC().Truncate(time.Microsecond)
}

// now is the time that goes into a row.
func (s *Storage) now() time.Time { return s.roundTime(time.Now()) }

// decodeTime reads what encodeTime, Python or a database's function wrote.
func (s *Storage) decodeTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	// Python passes over a zone that stands behind, which is always +00:00.
	t, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", strings.TrimSuffix(text, "+00:00"), s.zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("the time %q is not one", text)
	}
	return t.UTC(), nil
}

// A distCache remembers what texts of distributions mean. A study repeats few of
// them often, but one whose ranges change with every trial must not fill the
// memory.
type distCache struct {
	mu    sync.RWMutex
	dists map[string]distributions.Distribution
}

const distCacheSize = 4096

func (c *distCache) unmarshal(text []byte) (distributions.Distribution, error) {
	c.mu.RLock()
	d, ok := c.dists[string(text)]
	c.mu.RUnlock()
	if ok {
		return d, nil
	}
	d, err := distributions.Unmarshal(string(text))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dists == nil || len(c.dists) >= distCacheSize {
		c.dists = make(map[string]distributions.Distribution)
	}
	c.dists[string(text)] = d
	return d, nil
}

// checkText refuses a text that its column cannot hold; some servers would cut
// it.
func (s *Storage) checkText(what, text string) error {
	if s.maxText > 0 && len(text) > s.maxText {
		return fmt.Errorf("%s has %d bytes; the columns of this database hold at most %d", what, len(text), s.maxText)
	}
	return nil
}

// checkName refuses a name that cannot be stored.
func (s *Storage) checkName(what, name string) error {
	if err := storage.CheckName(what, name); err != nil || s.charset == "" {
		return err
	}
	most := rune(0x7f)
	if strings.HasPrefix(s.charset, "utf8") { // utf8mb3
		most = 0xffff
	}
	for _, r := range name {
		if r > most {
			return fmt.Errorf("%w: the %s %q: the tables' character set %s cannot hold %q; convert the database to utf8mb4", storage.ErrInvalidName, what, name, s.charset, r)
		}
	}
	return nil
}

// checkAttr refuses an attribute that cannot be stored or that nobody could read
// back. It returns the attribute as it is stored.
func (s *Storage) checkAttr(a storage.Attr) (storage.Attr, error) {
	if err := s.checkName("attribute", a.Key); err != nil {
		return a, err
	}
	err := pyjson.Check([]byte(a.Value))
	if err == nil && s.charset != "" { // in ASCII it fits any
		var text []byte
		text, err = pyjson.Compact(nil, []byte(a.Value))
		a.Value = string(text)
	}
	if err != nil {
		return a, fmt.Errorf("attribute %q is no JSON text: %w", a.Key, err)
	}
	return a, s.checkText(fmt.Sprintf("attribute %q", a.Key), a.Value)
}

// checkParam refuses a parameter that cannot be stored, and returns the text of
// its distribution.
func (s *Storage) checkParam(p storage.Param) (string, error) {
	if err := s.checkName("parameter", p.Name); err != nil {
		return "", err
	}
	if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
		return "", fmt.Errorf("parameter %q is %v, which cannot be stored", p.Name, p.Value)
	}
	if p.Dist == nil {
		return "", fmt.Errorf("parameter %q has no distribution", p.Name)
	}
	text, err := distributions.Marshal(p.Dist)
	if err != nil {
		return "", fmt.Errorf("parameter %q: %w", p.Name, err)
	}
	return text, s.checkText(fmt.Sprintf("the distribution of %q", p.Name), text)
}

// checkStep refuses a step that cannot be stored.
func (s *Storage) checkStep(step int) error {
	switch {
	case step < 0:
		return fmt.Errorf("report at step %d: steps are not negative", step)
	case s.d != SQLite && step > math.MaxInt32:
		return fmt.Errorf("report at step %d: this database holds steps up to %d", step, math.MaxInt32)
	}
	return nil
}
