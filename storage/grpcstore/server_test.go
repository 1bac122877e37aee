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
		select {
		case err := <-served:
			if !c.refused || err == nil || !strings.Contains(err.Error(), "other machines") {
				t.Errorf("%s: %v", c.name, err)
			}
			l.Close()
		case <-time.After(200 * time.Millisecond):
			if c.refused {
				t.Errorf("%s: served", c.name)
			}
			server.Stop()
			if err := <-served; err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
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

// A server that is started anew is no end: calls under way are made again, and
// the budget stays exact.
func TestServerRestarts(t *testing.T) {
	mem := storage.NewMemory()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := l.Addr().String()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			server := grpcstore.NewServer(mem, &grpcstore.ServerOptions{StopGrace: time.Nanosecond})
			go func() {
				select {
				case <-time.After(150 * time.Millisecond):
				case <-stop:
				}
				server.Stop()
			}()
			if err := server.Serve(l); err != nil {
				t.Error(err)
			}
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
			st, err := grpcstore.Dial(target, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer st.Close()
			s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, LoadIfExists: true, Sampler: new(sampler.Random),
				Lease: hone.LeaseOptions{Beat: 50 * time.Millisecond, Lost: time.Second}})
			if err == nil {
				err = s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
					time.Sleep(5 * time.Millisecond)
					return sphere(tr)
				}, &hone.OptimizeOptions{TotalTrials: 600, Workers: 2})
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
	if complete != 600 {
		t.Errorf("%d complete trials, the budget is 600", complete)
	}
	t.Logf("%d trials, %d of them lost with an answer", len(trials), len(trials)-complete)
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
