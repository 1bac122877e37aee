package grpcstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore/internal/honepb"
)

// leases is the second service. Beats go to the storage if it keeps such, so that
// workers that use it without the server see them; else the server keeps them.
type leases struct {
	honepb.UnimplementedLeaseServiceServer
	server *Server
	dec    *decoder

	mu    sync.Mutex
	beats map[int64]map[string]int64 // by study and worker
	// claims answers a call that is made again, because its answer was lost,
	// in the same way.
	claims map[string]*claimed
	recent []string // keys of claims, oldest first
}

// A claimed is the answer to a claim, once done is closed.
type claimed struct {
	done  chan struct{}
	reply *honepb.ClaimReply
	err   error
}

// keptClaims is how many answers are kept: more than calls are ever under way.
const keptClaims = 4096

func newLeases(s *Server) *leases {
	return &leases{server: s, dec: &s.dec, beats: make(map[int64]map[string]int64), claims: make(map[string]*claimed)}
}

func (l *leases) claimer() (storage.Claimer, error) {
	c, ok := storage.AsClaimer(l.server.st)
	if !ok {
		return nil, fmt.Errorf("the storage behind the server cannot claim: %w", errors.ErrUnsupported)
	}
	return c, nil
}

func (l *leases) Info(context.Context, *honepb.InfoRequest) (*honepb.InfoReply, error) {
	_, err := l.claimer()
	return &honepb.InfoReply{Claims: err == nil}, nil
}

func (l *leases) Claim(ctx context.Context, r *honepb.ClaimRequest) (*honepb.ClaimReply, error) {
	id := r.GetRequestId()
	if id == "" {
		return l.claim(ctx, r)
	}
	l.mu.Lock()
	c, again := l.claims[id]
	if !again {
		c = &claimed{done: make(chan struct{})}
		l.claims[id] = c
		if l.recent = append(l.recent, id); len(l.recent) > keptClaims {
			delete(l.claims, l.recent[0])
			l.recent = l.recent[1:]
		}
	}
	l.mu.Unlock()
	if again {
		select {
		case <-c.done:
			return c.reply, c.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	// Once begun it is brought to an end, for whoever asks again.
	c.reply, c.err = l.claim(context.WithoutCancel(ctx), r)
	close(c.done)
	if c.err != nil {
		l.mu.Lock()
		delete(l.claims, id) // a failure may be tried again
		l.mu.Unlock()
	}
	return c.reply, c.err
}

func (l *leases) claim(ctx context.Context, r *honepb.ClaimRequest) (*honepb.ClaimReply, error) {
	c, err := l.claimer()
	if err != nil {
		return nil, err
	}
	t, ok, err := c.Claim(ctx, r.GetStudyId(), storage.Claim{Budget: int(r.GetBudget()), Attrs: decodeAttrList(r.GetAttrs())})
	if err != nil || !ok {
		return &honepb.ClaimReply{}, err
	}
	p, err := encodeTrial(&t)
	return &honepb.ClaimReply{Claimed: true, Trial: p}, err
}

func (l *leases) Requeue(ctx context.Context, r *honepb.RequeueRequest) (*honepb.RequeueReply, error) {
	c, err := l.claimer()
	if err != nil {
		return nil, err
	}
	var retry *storage.Trial
	if r.GetRetry() != nil {
		t, err := l.dec.trial(r.GetRetry())
		if err != nil {
			return nil, fmt.Errorf("%w: retry: %w", errBadRequest, err)
		}
		retry = &t
	}
	done, err := c.Requeue(ctx, r.GetTrialId(), r.GetHolder(), decodeAttrList(r.GetAttrs()), retry)
	return &honepb.RequeueReply{Requeued: done}, err
}

func (l *leases) Beat(ctx context.Context, r *honepb.BeatRequest) (*honepb.BeatReply, error) {
	if k, ok := storage.AsLeaser(l.server.st); ok {
		return &honepb.BeatReply{}, k.Beat(ctx, r.GetStudyId(), r.GetWorker(), r.GetSeq(), r.GetTrialIds())
	}
	if _, err := l.server.st.Study(ctx, r.GetStudyId()); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.beats[r.GetStudyId()]
	if of == nil {
		of = make(map[string]int64)
		l.beats[r.GetStudyId()] = of
	}
	of[r.GetWorker()] = r.GetSeq()
	return &honepb.BeatReply{}, nil
}

func (l *leases) Beats(ctx context.Context, r *honepb.BeatsRequest) (*honepb.BeatsReply, error) {
	if k, ok := storage.AsLeaser(l.server.st); ok {
		beats, err := k.Beats(ctx, r.GetStudyId())
		return &honepb.BeatsReply{Beats: beats}, err
	}
	if _, err := l.server.st.Study(ctx, r.GetStudyId()); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return &honepb.BeatsReply{Beats: maps.Clone(l.beats[r.GetStudyId()])}, nil
}
