package open

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// An address is what follows the scheme of a URL:
//
//	[user[:password]@][host[:port]][/name][?parameters]
//
// A password may hold any character but an @ as it is, as in Optuna, whose URLs
// are SQLAlchemy's: the first @ ends it, unless a slash stands before the first
// colon, for then there is none.
type address struct {
	scheme         string
	user, password string
	host           string // of IPv6 without the brackets
	port           int    // 0: none
	slash          bool   // a slash follows the host
	name           string // what follows the slash
	params         url.Values
	secrets        []string
}

// parse takes an address apart. Errors do not quote it.
func parse(text string) (address, error) {
	var a address
	var err error
	if head := text[:1+max(-1, strings.IndexByte(text, '@'))]; head != "" {
		head = head[:len(head)-1]
		user, password, _ := strings.Cut(head, ":")
		if !strings.Contains(user, "/") {
			text = text[len(head)+1:]
			a.secrets = append(a.secrets, head, password)
			if a.user, err = url.PathUnescape(user); err == nil {
				a.password, err = url.PathUnescape(password)
			}
			if err != nil {
				return a, errors.New("a % in the user's name or password is not followed by two digits; % itself is written %25")
			}
			a.secrets = append(a.secrets, a.password)
		}
	}
	text, query, _ := strings.Cut(text, "?")
	host, name, slash := strings.Cut(text, "/")
	a.slash, a.name = slash, name
	if strings.Contains(host, "@") {
		return a, errors.New("there are two @; one that belongs to the password is written %40")
	}
	if a.params, err = url.ParseQuery(query); err != nil {
		return a, errors.New("the parameters behind the ? cannot be read")
	}
	for name, v := range a.params {
		if strings.Contains(name, "pass") {
			a.secrets = append(a.secrets, v...)
		}
	}
	port := ""
	switch end := strings.IndexByte(host, ']'); {
	case strings.HasPrefix(host, "[") && end > 0:
		a.host, port = host[1:end], host[end+1:]
		if net.ParseIP(strings.Split(a.host, "%")[0]) == nil {
			return a, errors.New("what stands in brackets is no IPv6 address")
		}
		if port != "" && port[0] != ':' {
			return a, errors.New("a colon and the port follow the address in brackets")
		}
		port = strings.TrimPrefix(port, ":")
	case strings.Count(host, ":") > 1:
		return a, errors.New("there is more than one colon in the host; an IPv6 address is written in brackets, and an @ follows the password")
	default:
		a.host, port, _ = strings.Cut(host, ":")
	}
	if port != "" {
		if a.port, err = strconv.Atoi(port); err != nil || a.port < 1 || a.port > 65535 {
			return a, errors.New("the port is no number from 1 to 65535; if it is a password, an @ must follow it")
		}
	}
	if strings.ContainsAny(a.host, " \t\n\x00") {
		return a, errors.New("there is a blank in the host")
	}
	return a, nil
}

// hostPort returns the address of the server.
func (a *address) hostPort(port int) string {
	host := a.host
	if host == "" {
		host = "localhost"
	}
	if a.port != 0 {
		port = a.port
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// file returns the path of a file. The folder must exist.
func (a *address) file() (string, error) {
	switch {
	case a.host != "" || a.user != "" || a.password != "":
		return "", formError("three slashes come before a relative path, and four before an absolute one")
	case a.name == "":
		return "", formError("the path of a file is missing")
	case strings.ContainsRune(a.name, 0):
		return "", formError("there is a NUL in the path")
	}
	fi, err := os.Stat(a.name)
	if err == nil && fi.IsDir() {
		return "", formError("it is a folder; name a file in it")
	}
	if dir := filepath.Dir(a.name); err != nil {
		if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
			return "", fmt.Errorf("there is no folder %q; make it first", dir)
		}
	}
	return a.name, nil
}

// onlyParams refuses parameters other than these.
func (a *address) onlyParams(allowed ...string) error {
	var names []string
	for name := range a.params {
		if !slices.Contains(allowed, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	sort.Strings(names)
	have := "there are none"
	if len(allowed) > 0 {
		have = "there are " + strings.Join(allowed, ", ")
	}
	// The name itself may be a part of a password that holds a ?.
	return formError(fmt.Sprintf("%d of the parameters behind the ? are not known; %s", len(names), have))
}

// scrub returns an error whose text holds none of the secrets, should a driver
// quote one.
func (a *address) scrub(err error) error {
	text := err.Error()
	clean := text
	for _, s := range a.secrets {
		for _, s := range []string{s, url.QueryEscape(s), url.PathEscape(s), url.UserPassword("", s).String()[1:]} {
			if len(s) > 3 { // shorter ones are in every other word
				clean = strings.ReplaceAll(clean, s, "…")
			}
		}
	}
	if clean == text {
		return err
	}
	return errors.New(clean)
}
