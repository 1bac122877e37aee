package open

import (
	"net/url"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]address{
		"":                            {},
		"/x.db":                       {slash: true, name: "x.db"},
		"//x.db":                      {slash: true, name: "/x.db"},
		"host":                        {host: "host"},
		"host:1/n":                    {host: "host", port: 1, slash: true, name: "n"},
		"u@host/n":                    {user: "u", host: "host", slash: true, name: "n"},
		"u:p@host/n":                  {user: "u", password: "p", host: "host", slash: true, name: "n"},
		":p@host":                     {password: "p", host: "host"},
		"u:a:/?#b@host:2/n":           {user: "u", password: "a:/?#b", host: "host", port: 2, slash: true, name: "n"},
		"u%40:%25%2f%20@[::1]:3/n":    {user: "u@", password: "%/ ", host: "::1", port: 3, slash: true, name: "n"},
		"[fe80::1%eth0]/n":            {host: "fe80::1%eth0", slash: true, name: "n"},
		"host/n?a=b@c":                {host: "host", slash: true, name: "n", params: url.Values{"a": {"b@c"}}},
		"host/n?options=-csearch%3Dx": {host: "host", slash: true, name: "n", params: url.Values{"options": {"-csearch=x"}}},
	} {
		got, err := parse(text)
		if err != nil {
			t.Errorf("parse(%q): %v", text, err)
			continue
		}
		if got.user != want.user || got.password != want.password || got.host != want.host || got.port != want.port || got.slash != want.slash || got.name != want.name || got.params.Encode() != want.params.Encode() {
			t.Errorf("parse(%q) = %+v, want %+v", text, got, want)
		}
	}
}

// Errors and redacted URLs hold nothing of a password, whatever is wrong with the
// rest.
func FuzzRedacted(f *testing.F) {
	f.Add("postgresql://user:", "@host/db")
	f.Add("mysql+x://", "%zz@[::1:5/db?password=")
	f.Add("redis://:", "@host:x")
	f.Fuzz(func(t *testing.T, before, behind string) {
		const secret = "s3cr3t-CANARY"
		text := before + secret + behind
		_, rest, ok := strings.Cut(text, "://")
		if !ok || !strings.Contains(behind, "@") || !strings.Contains(before, "://") {
			return
		}
		if shown := redacted(text); strings.Contains(shown, secret) {
			t.Errorf("redacted(%q) = %q", text, shown)
		}
		if a, err := parse(rest); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("parse(%q): %v", rest, err)
		} else if a.password == secret {
			if err := a.scrub(errorString("the driver says " + rest)); strings.Contains(err.Error(), secret) {
				t.Errorf("scrub left the password: %v", err)
			}
		}
	})
}

type errorString string

func (e errorString) Error() string { return string(e) }
