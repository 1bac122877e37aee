package pyjson

// A Scanner walks the members of one object, or the elements of one array, in
// the order of the text. It builds nothing: keys and values are slices of the
// text. What it steps over is checked in full, so the Parse functions can be
// given its values.
//
//	var s pyjson.Scanner
//	for s.Reset(line); s.Next(); {
//		switch string(s.Key()) {
//		case "number":
//			number, err = pyjson.ParseInt(s.Value())
//		…
//	}
//	if err := s.Err(); err != nil { … }
//
// Of duplicate keys each is returned: a caller that assigns keeps the last. The
// zero Scanner is empty. A Scanner may be reused, and serves one goroutine.
type Scanner struct {
	data  []byte
	next  int // index of the next member, or len(data) when done
	first bool
	array bool
	done  bool
	key   []byte
	value []byte
	at    int    // offset of value
	buf   []byte // holds keys that had escapes
	err   *SyntaxError
}

// Reset makes s walk text, which must hold one object or one array and white
// space. The text must not change while s is in use.
func (s *Scanner) Reset(text []byte) {
	*s = Scanner{data: text, first: true, buf: s.buf[:0]}
	i := skipSpace(text, 0)
	switch {
	case i < len(text) && text[i] == '{':
	case i < len(text) && text[i] == '[':
		s.array = true
	default:
		s.fail(&SyntaxError{i, "expected { or ["})
		return
	}
	s.next = i + 1
}

func (s *Scanner) fail(err *SyntaxError) bool {
	s.err, s.done, s.key, s.value = err, true, nil, nil
	return false
}

// Next goes to the next member. It returns false at the end, and after an
// error: see Err.
func (s *Scanner) Next() bool {
	if s.done || s.data == nil {
		return false
	}
	closing := byte('}')
	if s.array {
		closing = ']'
	}
	i := skipSpace(s.data, s.next)
	if i < len(s.data) && s.data[i] == closing {
		s.done, s.key, s.value = true, nil, nil
		if err := end(s.data, i+1); err != nil {
			return s.fail(err)
		}
		return false
	}
	if !s.first {
		if i >= len(s.data) || s.data[i] != ',' {
			return s.fail(&SyntaxError{i, "expected , or " + string(closing)})
		}
		i = skipSpace(s.data, i+1)
	}
	s.first = false
	var err *SyntaxError
	if !s.array {
		if i, err = s.readKey(i); err != nil {
			return s.fail(err)
		}
	}
	s.at = i
	if s.next, err = skipValue(s.data, i, 1); err != nil {
		return s.fail(err)
	}
	s.value = s.data[i:s.next]
	return true
}

// readKey takes the key at index i and returns the index of its value.
func (s *Scanner) readKey(i int) (int, *SyntaxError) {
	value, key, escaped, err := skipKey(s.data, i)
	if err != nil {
		return i, err
	}
	if s.key = key; escaped {
		s.buf = appendUnescaped(s.buf[:0], key)
		s.key = s.buf
	}
	return value, nil
}

// Key returns the member's key with its escapes resolved, nil in an array. It
// is valid until the following call of Next.
func (s *Scanner) Key() []byte { return s.key }

// Value returns the text of the member's value, without white space around it.
func (s *Scanner) Value() []byte { return s.value }

// Offset returns the offset of Value in the text.
func (s *Scanner) Offset() int { return s.at }

// Err returns what stopped the walk: nil at the regular end, or a *[SyntaxError].
func (s *Scanner) Err() error {
	if s.err != nil {
		return s.err
	}
	return nil
}
