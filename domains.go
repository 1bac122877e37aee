package hone

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// A domainCache keeps the normal form of each parameter's last domain, so that
// asking for the same one again costs a comparison and neither memory nor a lock.
type domainCache struct {
	mu    sync.Mutex                                         // for writing
	known atomic.Pointer[map[string]*atomic.Pointer[domain]] // replaced when there is a new name
}

type domain struct {
	given  distributions.Distribution
	normal distributions.Distribution
	warned bool // once is enough for a name
}

// last returns the domain that the parameter was asked for with last, nil if there
// is none.
func (c *domainCache) last(name string) *domain {
	known := c.known.Load()
	if known == nil {
		return nil
	}
	if d, ok := (*known)[name]; ok {
		return d.Load()
	}
	return nil
}

// keep notes the last domain of a parameter and reports whether its user was warned
// before.
func (c *domainCache) keep(name string, d domain) (warned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.last(name); old != nil {
		warned = old.warned
		d.warned = d.warned || warned
		(*c.known.Load())[name].Store(&d)
		return warned
	}
	var known map[string]*atomic.Pointer[domain]
	if old := c.known.Load(); old != nil {
		known = maps.Clone(*old)
	} else {
		known = make(map[string]*atomic.Pointer[domain])
	}
	known[name] = new(atomic.Pointer[domain])
	known[name].Store(&d)
	c.known.Store(&known)
	return false
}

// normalize returns the normal form of a domain, and what the user is to be warned
// of, if anything.
func (c *domainCache) normalize(name string, given distributions.Distribution) (normal distributions.Distribution, warning string, err error) {
	if d := c.last(name); d != nil && sameDomain(d.given, given) {
		return d.normal, "", nil
	}
	if err := storage.CheckName("parameter", name); err != nil {
		return nil, "", err
	}
	if given == nil {
		return nil, "", errors.New("the distribution is nil")
	}
	normal, err = distributions.Normalize(given)
	if err != nil {
		return nil, "", err
	}
	if categories, ok := normal.(distributions.Categorical); ok {
		if warning, err = distinct(categories); err != nil {
			return nil, "", err
		}
	} else {
		warning = lowered(given, normal)
	}
	if c.keep(name, domain{given, normal, warning != ""}) {
		warning = ""
	}
	return normal, warning, nil
}

// lowered tells of a step that does not reach high.
func lowered(given, normal distributions.Distribution) string {
	switch given := given.(type) {
	case distributions.Float:
		if normal, ok := normal.(distributions.Float); !ok || normal.High == given.High {
			return ""
		}
	case distributions.Int:
		if normal, ok := normal.(distributions.Int); !ok || normal.High == given.High {
			return ""
		}
	default:
		return ""
	}
	if normal.Single() {
		return "the step is wider than the range, the parameter is always low"
	}
	return fmt.Sprintf("the range is not a multiple of the step, the domain is %s", normal)
}

// distinct refuses categories of which two are the same to the type; Optuna lets
// them pass and never chooses the second. It warns of those that are the same to
// Python alone, such as 1 and true.
func distinct(d distributions.Categorical) (warning string, err error) {
	seen, python := make(map[any]int, len(d.Choices)), make(map[float64]int)
	for i, choice := range d.Choices {
		if f, ok := choice.(float64); ok && f != f {
			choice = "\x00NaN" // which, as a key, is not equal to itself
		}
		if first, ok := seen[choice]; ok {
			return "", fmt.Errorf("choices %d and %d are the same, %#v; list each once", first, i, d.Choices[i])
		}
		seen[choice] = i
		n, ok := number(choice)
		if b, isBool := choice.(bool); isBool {
			if n, ok = 0, true; b {
				n = 1
			}
		}
		if !ok {
			continue
		}
		if first, ok := python[n]; ok && warning == "" {
			warning = fmt.Sprintf("choices %d and %d, %#v and %#v, are one to workers in Python", first, i, d.Choices[first], d.Choices[i])
		}
		python[n] = i
	}
	return warning, nil
}

// sameDomain is distributions.Equal for the usual case without its cost.
func sameDomain(a, b distributions.Distribution) bool {
	switch a := a.(type) {
	case distributions.Float:
		b, ok := b.(distributions.Float)
		return ok && a == b
	case distributions.Int:
		b, ok := b.(distributions.Int)
		return ok && a == b
	}
	return b != nil && distributions.Equal(a, b)
}
