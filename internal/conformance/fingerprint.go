package conformance

import (
	"fmt"
	"hash/fnv"
	"math"

	"github.com/gohone/hone/storage"
)

// Fingerprint returns a hash of all that a trial holds, NaN included. A suite
// compares it before and after a call that must not change the trial.
func Fingerprint(t *storage.Trial) uint64 {
	b := make([]byte, 0, 512)
	word := func(w uint64) {
		b = append(b, byte(w), byte(w>>8), byte(w>>16), byte(w>>24), byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56))
	}
	text := func(s string) {
		word(uint64(len(s)))
		b = append(b, s...)
	}
	word(uint64(t.ID))
	word(uint64(t.Number))
	word(uint64(t.State))
	word(uint64(len(t.Values)))
	for _, v := range t.Values {
		word(math.Float64bits(v))
	}
	word(uint64(len(t.Params)))
	for _, p := range t.Params {
		text(p.Name)
		word(math.Float64bits(p.Value))
		text(fmt.Sprint(p.Dist))
	}
	word(uint64(len(t.Reports)))
	for _, r := range t.Reports {
		word(uint64(r.Step))
		word(math.Float64bits(r.Value))
	}
	for _, as := range []storage.Attrs{t.UserAttrs, t.SystemAttrs} {
		word(uint64(len(as)))
		for _, a := range as {
			text(a.Key)
			text(a.Value)
		}
	}
	word(uint64(t.Started.UnixNano()))
	word(uint64(t.Finished.UnixNano()))
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}
