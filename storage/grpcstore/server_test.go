package grpcstore_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
)

func sphere(t *hone.Trial) (float64, error) {
	x := t.SuggestFloat("x", -5, 5)
	return x*x + float64(t.SuggestInt("n", 1, 3)), nil
}

// certificate returns a certificate for 127.0.0.1 and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLSAndToken(t *testing.T) {
	cert, pool := certificate(t)
	const canary = "s3cr3t-CANARY"
	_, target := serve(t, storage.NewMemory(), &grpcstore.ServerOptions{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, Token: canary})
	trusted := &tls.Config{RootCAs: pool}
	short := 500 * time.Millisecond
	for _, c := range []struct {
		name string
		o    grpcstore.Options
		says string
	}{
		{"right", grpcstore.Options{TLS: trusted, Token: canary}, ""},
		{"wrong token", grpcstore.Options{TLS: trusted, Token: canary + "x"}, "another token"},
		{"no token", grpcstore.Options{TLS: trusted}, "another token"},
		{"no TLS", grpcstore.Options{Token: canary, DialTimeout: short}, "dial"},
		{"untrusted", grpcstore.Options{TLS: &tls.Config{}, Token: canary, DialTimeout: short}, "dial"},
	} {
		st, err := grpcstore.Dial(target, &c.o)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if _, err := st.Studies(context.Background()); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestServerRefusesTheWorldInTheClear(t *testing.T) {
	cert, _ := certificate(t)
	secure := &tls.Config{Certificates: []tls.Certificate{cert}}
	for _, c := range []struct {
		name    string
		o       *grpcstore.ServerOptions
		refused bool
	}{
		{"nothing", nil, true},
		{"a token in the clear", &grpcstore.ServerOptions{Token: "x"}, true},
		{"TLS for everybody", &grpcstore.ServerOptions{TLS: secure}, true},
		{"TLS and token", &grpcstore.ServerOptions{TLS: secure, Token: "x"}, false},
		{"said so", &grpcstore.ServerOptions{Insecure: true}, false},
	} {
		l, err := net.Listen("tcp", "0.0.0.0:0")
		if err != nil {
			t.Fatal(err)
		}
		server := grpcstore.NewServer(storage.NewMemory(), c.o)
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		if !c.refused { // a refusal comes before Stop can matter
			server.Stop()
		}
		switch err := <-served; {
		case c.refused && (err == nil || !strings.Contains(err.Error(), "other machines")), !c.refused && err != nil:
			t.Errorf("%s: %v", c.name, err)
		}
		l.Close()
	}
}

func TestUnreachable(t *testing.T) {
	_, err := grpcstore.Dial("127.0.0.1:1", &grpcstore.Options{DialTimeout: 100 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("%v", err)
	}
	if _, err := grpcstore.Dial("x", &grpcstore.Options{DialTimeout: -1}); err == nil {
		t.Error("negative timeout")
	}
}

// A ticker is a storage that tells of every so many results.
type ticker struct {
	*storage.Memory
	every   int64
	results atomic.Int64
	tick    chan struct{}
}

func (k *ticker) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	done, err := k.Memory.SetState(ctx, trial, state, values)
	if k.results.Add(1)%k.every == 0 {
		select {
		case k.tick <- struct{}{}:
		default: // the server is on its way down already
		}
	}
	return done, err
}

// A server that is started anew after every so many results, and cuts off what is
// under way then, is no end: calls are made again, and the budget stays exact.
func TestServerRestarts(t *testing.T) {
	const budget = 600
	mem := &ticker{Memory: storage.NewMemory(), every: 40, tick: make(chan struct{}, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := l.Addr().String()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	starts := 0
	wg.Go(func() {
		for {
			starts++
			server := grpcstore.NewServer(mem, &grpcstore.ServerOptions{StopGrace: time.Nanosecond})
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				select {
				case <-mem.tick:
				case <-stop:
				}
				server.Stop()
			}()
			if err := server.Serve(l); err != nil {
				t.Error(err)
			}
			<-stopped
			select {
			case <-stop:
				return
			default:
			}
			for {
				if l, err = net.Listen("tcp", target); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
	})
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			st, err := grpcstore.Dial(target, &grpcstore.Options{DialTimeout: 5 * time.Minute, RetryFor: 5 * time.Minute})
			if err != nil {
				t.Error(err)
				return
			}
			defer st.Close()
			// A claim whose answer was cut off is found by its lease, so that
			// must not be long.
			s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, LoadIfExists: true, Sampler: new(sampler.Random),
				Lease: hone.LeaseOptions{Beat: 200 * time.Millisecond, Lost: 2 * time.Second}})
			if err == nil {
				err = s.OptimizeContext(context.Background(), sphere, &hone.OptimizeOptions{TotalTrials: budget, Workers: 2})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	close(stop)
	wg.Wait()
	s, err := hone.LoadStudy(context.Background(), mem, "s", nil)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	complete := 0
	for i, f := range trials {
		if f.Number != i {
			t.Errorf("place %d has number %d", i, f.Number)
		}
		switch f.State {
		case hone.Complete:
			complete++
		case hone.Failed:
			if f.SystemAttrs[storage.AttrLost] == nil {
				t.Errorf("trial %d failed: %v", i, f.SystemAttrs)
			}
		default:
			t.Errorf("trial %d is %s", i, f.State)
		}
	}
	if complete != budget {
		t.Errorf("%d complete trials, the budget is %d", complete, budget)
	}
	if starts < 8 {
		t.Errorf("the server was started %d times", starts)
	}
	t.Logf("%d trials, %d of them lost with an answer; %d starts", len(trials), len(trials)-complete, starts)
}

func TestMessageTooLarge(t *testing.T) {
	_, target := serve(t, storage.NewMemory(), &grpcstore.ServerOptions{MaxMessage: 1000})
	st := dial(t, target, nil)
	id, err := st.CreateStudy(context.Background(), "s", []storage.Direction{storage.Minimize})
	if err != nil {
		t.Fatal(err)
	}
	err = st.SetStudyAttr(context.Background(), id, storage.UserAttr, "k", fmt.Sprintf("%q", strings.Repeat("x", 5000)))
	if err == nil || !strings.Contains(err.Error(), "MaxMessage") {
		t.Errorf("%v", err)
	}
}
