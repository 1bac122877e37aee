package grpcstore_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
	"github.com/gohone/hone/storage/grpcstore/internal/honepb"
	"github.com/gohone/hone/storage/grpcstore/internal/optunapb"
)

// What no client of ours would send gets a code and a text, and changes nothing.
func TestBadCalls(t *testing.T) {
	mem := storage.NewMemory()
	_, target := serve(t, mem, nil)
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c, l := optunapb.NewStorageServiceClient(conn), honepb.NewLeaseServiceClient(conn)
	ctx := context.Background()
	study, err := mem.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := mem.CreateTrial(ctx, study, nil)
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat("[", 100_000)
	low, bad := int64(-1), codes.InvalidArgument
	for name, r := range map[string]struct {
		call func() error
		want codes.Code
	}{
		"study −1": {func() error { _, err := c.DeleteStudy(ctx, &optunapb.DeleteStudyRequest{StudyId: low}); return err }, codes.NotFound},
		"study 2⁶³−1": {func() error {
			_, err := c.GetTrials(ctx, &optunapb.GetTrialsRequest{StudyId: math.MaxInt64})
			return err
		}, codes.NotFound},
		"trial −1":   {func() error { _, err := c.GetTrial(ctx, &optunapb.GetTrialRequest{TrialId: low}); return err }, codes.NotFound},
		"trial −2⁶³": {func() error { _, err := c.GetTrial(ctx, &optunapb.GetTrialRequest{TrialId: math.MinInt64}); return err }, codes.NotFound},
		"no direction": {func() error {
			_, err := c.CreateNewStudy(ctx, &optunapb.CreateNewStudyRequest{StudyName: "x"})
			return err
		}, bad},
		"name with a NUL": {func() error {
			_, err := c.CreateNewStudy(ctx, &optunapb.CreateNewStudyRequest{StudyName: "a\x00b", Directions: make([]optunapb.StudyDirection, 1)})
			return err
		}, bad},
		"long name": {func() error {
			_, err := c.CreateNewStudy(ctx, &optunapb.CreateNewStudyRequest{StudyName: strings.Repeat("x", 600), Directions: make([]optunapb.StudyDirection, 1)})
			return err
		}, bad},
		"unknown state": {func() error {
			_, err := c.SetTrialStateValues(ctx, &optunapb.SetTrialStateValuesRequest{TrialId: tr.ID, State: 9})
			return err
		}, bad},
		"NaN": {func() error {
			_, err := c.SetTrialStateValues(ctx, &optunapb.SetTrialStateValuesRequest{TrialId: tr.ID, State: 1, Values: []float64{math.NaN()}})
			return err
		}, bad},
		"step −1": {func() error {
			_, err := c.SetTrialIntermediateValue(ctx, &optunapb.SetTrialIntermediateValueRequest{TrialId: tr.ID, Step: low})
			return err
		}, bad},
		"distribution": {func() error {
			_, err := c.SetTrialParameter(ctx, &optunapb.SetTrialParameterRequest{TrialId: tr.ID, ParamName: "x", Distribution: `{"name": "X"}`})
			return err
		}, bad},
		"deep": {func() error {
			_, err := c.SetTrialParameter(ctx, &optunapb.SetTrialParameterRequest{TrialId: tr.ID, ParamName: "x", Distribution: deep})
			return err
		}, bad},
		"attribute": {func() error {
			_, err := c.SetTrialUserAttribute(ctx, &optunapb.SetTrialUserAttributeRequest{TrialId: tr.ID, Key: "k", Value: "{"})
			return err
		}, bad},
		"deep attribute": {func() error {
			_, err := c.SetStudyUserAttribute(ctx, &optunapb.SetStudyUserAttributeRequest{StudyId: study, Key: "k", Value: deep})
			return err
		}, bad},
		"template": {func() error {
			_, err := c.CreateNewTrial(ctx, &optunapb.CreateNewTrialRequest{StudyId: study, TemplateTrial: &optunapb.Trial{State: 7}})
			return err
		}, bad},
		"template's time": {func() error {
			_, err := c.CreateNewTrial(ctx, &optunapb.CreateNewTrialRequest{StudyId: study, TemplateTrial: &optunapb.Trial{DatetimeStart: "yesterday"}})
			return err
		}, bad},
		"claim's study":   {func() error { _, err := l.Claim(ctx, &honepb.ClaimRequest{StudyId: low}); return err }, codes.NotFound},
		"requeue's trial": {func() error { _, err := l.Requeue(ctx, &honepb.RequeueRequest{TrialId: low}); return err }, codes.NotFound},
		"requeue's retry": {func() error {
			_, err := l.Requeue(ctx, &honepb.RequeueRequest{TrialId: tr.ID, Retry: &optunapb.Trial{State: 7}})
			return err
		}, bad},
		"beat's study":     {func() error { _, err := l.Beat(ctx, &honepb.BeatRequest{StudyId: low}); return err }, codes.NotFound},
		"beats of nothing": {func() error { _, err := l.Beats(ctx, &honepb.BeatsRequest{StudyId: low}); return err }, codes.NotFound},
	} {
		err := r.call()
		if status.Code(err) != r.want || strings.Contains(err.Error(), "goroutine ") || len(err.Error()) > 2000 {
			t.Errorf("%s: %.300v, want %v", name, err, r.want)
		}
	}
	all, err := mem.Trials(ctx, study, -1, nil)
	if err != nil || len(all) != 1 || all[0].State != storage.Running || len(all[0].Params)+len(all[0].UserAttrs)+len(all[0].Reports) > 0 {
		t.Errorf("afterwards: %d trials, %v", len(all), err)
	}
	if studies, err := mem.Studies(ctx); err != nil || len(studies) != 1 || len(studies[0].UserAttrs) > 0 {
		t.Errorf("afterwards: %d studies, %v", len(studies), err)
	}
}

// A held storage lets a call through when it is told to.
type held struct {
	*storage.Memory
	begun, goOn chan struct{}
}

func (h *held) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	h.begun <- struct{}{}
	<-h.goOn
	return h.Memory.SetStudyAttr(ctx, study, kind, key, value)
}

// Stop lets calls under way finish, and takes no more.
func TestStopIsGraceful(t *testing.T) {
	h := &held{storage.NewMemory(), make(chan struct{}), make(chan struct{})}
	server, target := serve(t, h, &grpcstore.ServerOptions{StopGrace: time.Hour})
	st := dial(t, target, &grpcstore.Options{RetryFor: -1})
	ctx := context.Background()
	id, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	if err != nil {
		t.Fatal(err)
	}
	var under error
	var wg sync.WaitGroup
	wg.Go(func() { under = st.SetStudyAttr(ctx, id, storage.UserAttr, "k", "1") })
	<-h.begun
	var stopped sync.WaitGroup
	stopped.Go(server.Stop)
	for { // until it takes no more
		if _, err := st.Study(ctx, id); err != nil {
			break
		}
	}
	close(h.goOn)
	wg.Wait()
	stopped.Wait()
	if under != nil {
		t.Errorf("the call under way: %v", under)
	}
	if s, err := h.Study(ctx, id); err != nil || len(s.UserAttrs) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Client certificates stand in for a token.
func TestClientCertificates(t *testing.T) {
	cert, pool := certificate(t)
	stranger, _ := certificate(t)
	_, target := serve(t, storage.NewMemory(), &grpcstore.ServerOptions{TLS: &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	}})
	if st, err := grpcstore.Dial(target, &grpcstore.Options{TLS: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}}}); err != nil {
		t.Error(err)
	} else if err := st.Close(); err != nil {
		t.Error(err)
	}
	for name, certs := range map[string][]tls.Certificate{"none": nil, "a stranger's": {stranger}} {
		st, err := grpcstore.Dial(target, &grpcstore.Options{TLS: &tls.Config{RootCAs: pool, Certificates: certs}, DialTimeout: 300 * time.Millisecond})
		if err == nil {
			st.Close()
			t.Errorf("%s: let in", name)
		} else if !strings.Contains(err.Error(), "dial") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A broken storage panics when it is asked for all studies, and fails when it is
// asked for one.
type broken struct{ *storage.Memory }

func (broken) Studies(context.Context) ([]storage.Study, error) { panic("out of order") }

func (broken) Study(context.Context, int64) (storage.Study, error) {
	return storage.Study{}, errors.New("out of order")
}

// The token is in no error and no log, whatever goes wrong.
func TestTokenIsNotShown(t *testing.T) {
	const canary = "s3cr3t-CANARY"
	var log bytes.Buffer
	var mu sync.Mutex
	logger := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	server, target := serve(t, broken{storage.NewMemory()}, &grpcstore.ServerOptions{Token: canary, Logger: logger})
	right := dial(t, target, &grpcstore.Options{Token: canary, RetryFor: -1})
	ctx := context.Background()
	var texts []string
	note := func(err error) {
		if err == nil {
			t.Error("no error")
			return
		}
		texts = append(texts, err.Error(), fmt.Sprintf("%+v %#v", err, err))
	}
	_, err := right.Studies(ctx)
	note(err)
	_, err = right.Study(ctx, 0)
	note(err)
	for _, token := range []string{canary + "x", "x" + canary, ""} {
		_, err := grpcstore.Dial(target, &grpcstore.Options{Token: token, RetryFor: -1})
		note(err)
	}
	server.Stop()
	_, err = right.Studies(ctx)
	note(err)
	_, err = grpcstore.Dial(target, &grpcstore.Options{Token: canary, RetryFor: -1, DialTimeout: 50 * time.Millisecond})
	note(err)
	_, err = grpcstore.Dial("dns:///%%", &grpcstore.Options{Token: canary, RetryFor: -1, DialTimeout: 50 * time.Millisecond})
	note(err)
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(log.String(), "out of order") {
		t.Errorf("the log says %q", &log)
	}
	for _, text := range append(texts, log.String()) {
		if strings.Contains(text, canary) {
			t.Errorf("the token is shown: %s", text)
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
