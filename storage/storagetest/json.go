package storagetest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// canonical rewrites a JSON text, in which NaN, Infinity and -Infinity are
// numbers too, so that two texts that say the same become equal. The suite has
// a reader of its own, so that it does not share a mistake with the storages
// that it checks.
func canonical(text string) (string, error) {
	c := &canon{in: text}
	c.space()
	if err := c.value(0); err != nil {
		return "", err
	}
	c.space()
	if c.at < len(c.in) {
		return "", fmt.Errorf("%q after the value", rest(c.in[c.at:]))
	}
	return c.out.String(), nil
}

type canon struct {
	in  string
	at  int
	out strings.Builder
}

func rest(s string) string { return s[:min(len(s), 20)] }

func (c *canon) space() {
	for c.at < len(c.in) && strings.IndexByte(" \t\r\n", c.in[c.at]) >= 0 {
		c.at++
	}
}

// take consumes a byte if it is next.
func (c *canon) take(b byte) bool {
	if c.at < len(c.in) && c.in[c.at] == b {
		c.at++
		return true
	}
	return false
}

func (c *canon) value(depth int) error {
	if depth > 1000 {
		return errors.New("nested too deeply")
	}
	if c.at >= len(c.in) {
		return errors.New("a value is missing")
	}
	for _, word := range []string{"null", "true", "false", "NaN", "Infinity", "-Infinity"} {
		if strings.HasPrefix(c.in[c.at:], word) {
			c.at += len(word)
			c.out.WriteString(word)
			return nil
		}
	}
	switch c.in[c.at] {
	case '"':
		return c.str()
	case '[':
		return c.list(depth, ']', false)
	case '{':
		return c.list(depth, '}', true)
	}
	return c.number()
}

// list reads an array, or an object.
func (c *canon) list(depth int, end byte, keyed bool) error {
	c.out.WriteByte(c.in[c.at])
	c.at++
	c.space()
	for first := true; !c.take(end); first = false {
		if !first {
			if !c.take(',') {
				return fmt.Errorf("no comma before %q", rest(c.in[c.at:]))
			}
			c.out.WriteByte(',')
			c.space()
		}
		if keyed {
			if c.at >= len(c.in) || c.in[c.at] != '"' {
				return fmt.Errorf("no key before %q", rest(c.in[c.at:]))
			}
			if err := c.str(); err != nil {
				return err
			}
			c.space()
			if !c.take(':') {
				return fmt.Errorf("no colon before %q", rest(c.in[c.at:]))
			}
			c.out.WriteByte(':')
			c.space()
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
		c.space()
	}
	c.out.WriteByte(end)
	return nil
}

// number writes an integer as it stands and a float as its bits.
func (c *canon) number() error {
	n := c.at
	for n < len(c.in) && strings.IndexByte("+-0123456789.eE", c.in[n]) >= 0 {
		n++
	}
	text := c.in[c.at:n]
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%q is no value", rest(c.in[c.at:]))
	}
	c.at = n
	switch {
	case !strings.ContainsAny(text, ".eE"):
		c.out.WriteString(text)
	case math.IsInf(v, 1):
		c.out.WriteString("Infinity")
	case math.IsInf(v, -1):
		c.out.WriteString("-Infinity")
	default:
		c.out.WriteString("f" + strconv.FormatFloat(v, 'g', -1, 64))
	}
	return nil
}

// str writes a string with escapes for all but printable ASCII. A lone
// surrogate, which Python can write, stays one.
func (c *canon) str() error {
	var units []uint16
	c.at++
	for {
		if c.at >= len(c.in) {
			return errors.New("a string does not end")
		}
		b := c.in[c.at]
		switch {
		case b == '"':
			c.at++
			c.out.WriteByte('"')
			for _, u := range units {
				if u >= ' ' && u < 0x7f && u != '"' && u != '\\' {
					c.out.WriteByte(byte(u))
				} else {
					fmt.Fprintf(&c.out, `\u%04x`, u)
				}
			}
			c.out.WriteByte('"')
			return nil
		case b == '\\':
			u, err := c.escape()
			if err != nil {
				return err
			}
			units = append(units, u)
		case b < ' ':
			return fmt.Errorf("control byte %#x in a string", b)
		default:
			r, n := utf8.DecodeRuneInString(c.in[c.at:])
			if r == utf8.RuneError && n == 1 {
				return errors.New("a string is not valid UTF-8")
			}
			units = utf16.AppendRune(units, r)
			c.at += n
		}
	}
}

func (c *canon) escape() (uint16, error) {
	if c.at+1 >= len(c.in) {
		return 0, errors.New("a string ends in its escape")
	}
	b := c.in[c.at+1]
	c.at += 2
	if i := strings.IndexByte(`"\/bfnrt`, b); i >= 0 {
		return uint16("\"\\/\b\f\n\r\t"[i]), nil
	}
	if b != 'u' || c.at+4 > len(c.in) {
		return 0, fmt.Errorf(`unknown escape \%c`, b)
	}
	v, err := strconv.ParseUint(c.in[c.at:c.at+4], 16, 16)
	c.at += 4
	return uint16(v), err
}
