package grpcstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore/internal/honepb"
	"github.com/gohone/hone/storage/grpcstore/internal/optunapb"
)

// Options are the settings of a client. The zero value is for a server on this
// machine.
type Options struct {
	// TLS turns transport security on.
	TLS *tls.Config
	// Token is what the server asks for. It goes over TLS only, or to this
	// machine.
	Token string
	// RetryFor is how long a call is tried again while the server cannot be
	// reached. 0 means 60 seconds; below zero means not at all.
	RetryFor time.Duration
	// DialTimeout is how long Dial waits for the server. 0 means 10 seconds.
	DialTimeout time.Duration
}

// Storage is a client of a storage server. It implements storage.Leaser; Claims
// tells whether the server has what that needs.
type Storage struct {
	o      Options
	conn   *grpc.ClientConn
	rpc    optunapb.StorageServiceClient
	lease  honepb.LeaseServiceClient
	claims bool
	dec    decoder
}

var (
	_ storage.Leaser  = (*Storage)(nil)
	_ storage.Partial = (*Storage)(nil)
)

// Dial connects to a server at target (host:port, or another of gRPC's forms).
// nil options are fine. It fails when the server cannot be reached in time.
func Dial(target string, o *Options) (*Storage, error) {
	s := new(Storage)
	if o != nil {
		s.o = *o
	}
	if s.o.DialTimeout < 0 {
		return nil, fmt.Errorf("grpcstore: Options.DialTimeout is %v; it must not be negative", s.o.DialTimeout)
	}
	if s.o.DialTimeout == 0 {
		s.o.DialTimeout = 10 * time.Second
	}
	if s.o.RetryFor == 0 {
		s.o.RetryFor = time.Minute
	}
	creds := insecure.NewCredentials()
	if s.o.TLS != nil {
		creds = credentials.NewTLS(s.o.TLS)
	}
	conn, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(creds),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32), grpc.MaxCallSendMsgSize(math.MaxInt32)),
		grpc.WithUnaryInterceptor(s.send))
	if err != nil {
		return nil, fmt.Errorf("grpcstore: dial %q: %w; the form is host:port", target, err)
	}
	s.conn, s.rpc, s.lease = conn, optunapb.NewStorageServiceClient(conn), honepb.NewLeaseServiceClient(conn)
	ctx, cancel := context.WithTimeout(context.Background(), s.o.DialTimeout)
	defer cancel()
	info, err := s.lease.Info(ctx, &honepb.InfoRequest{}, grpc.WaitForReady(true))
	switch status.Code(err) {
	case codes.OK:
		s.claims = info.GetClaims()
	case codes.Unimplemented: // a server of Optuna's
	default:
		conn.Close()
		return nil, fmt.Errorf("grpcstore: dial %q: %w", target, fromStatus("connect", err, nil))
	}
	return s, nil
}

// Claims reports whether the server has leases and budgets.
func (s *Storage) Claims() bool { return s.claims }

// Close closes the connection.
func (s *Storage) Close() error {
	if err := s.conn.Close(); err != nil {
		return fmt.Errorf("grpcstore: close: %w", err)
	}
	return nil
}

// send adds the token to a call, and makes the call again while the server cannot
// be reached. Every call can be made again: see the methods for those whose first
// attempt may have taken effect.
func (s *Storage) send(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if s.o.Token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, tokenHeader, bearer+s.o.Token)
	}
	deadline := time.Now().Add(s.o.RetryFor)
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := invoke(ctx, method, req, reply, conn, opts...)
		if status.Code(err) != codes.Unavailable || time.Now().Add(pause).After(deadline) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
	}
}

// CreateStudy implements [storage.Storage].
func (s *Storage) CreateStudy(ctx context.Context, name string, directions []storage.Direction) (int64, error) {
	if name == "" {
		name = storage.NewStudyName()
	}
	if err := storage.CheckDirections(directions); err != nil {
		return 0, err
	}
	r, err := s.rpc.CreateNewStudy(ctx, &optunapb.CreateNewStudyRequest{Directions: encodeDirections(directions), StudyName: name})
	return r.GetStudyId(), fromStatus("CreateNewStudy", err, nil)
}

// DeleteStudy implements [storage.Storage].
func (s *Storage) DeleteStudy(ctx context.Context, study int64) error {
	_, err := s.rpc.DeleteStudy(ctx, &optunapb.DeleteStudyRequest{StudyId: study})
	return fromStatus("DeleteStudy", err, storage.ErrStudyNotFound)
}

// FindStudy implements [storage.Storage].
func (s *Storage) FindStudy(ctx context.Context, name string) (int64, error) {
	r, err := s.rpc.GetStudyIdFromName(ctx, &optunapb.GetStudyIdFromNameRequest{StudyName: name})
	return r.GetStudyId(), fromStatus("GetStudyIdFromName", err, storage.ErrStudyNotFound)
}

// Study implements [storage.Storage]. The protocol has it in four parts, which
// may be of different moments.
func (s *Storage) Study(ctx context.Context, study int64) (storage.Study, error) {
	out := storage.Study{ID: study}
	name, err := s.rpc.GetStudyNameFromId(ctx, &optunapb.GetStudyNameFromIdRequest{StudyId: study})
	if err != nil {
		return out, fromStatus("GetStudyNameFromId", err, storage.ErrStudyNotFound)
	}
	directions, err := s.rpc.GetStudyDirections(ctx, &optunapb.GetStudyDirectionsRequest{StudyId: study})
	if err != nil {
		return out, fromStatus("GetStudyDirections", err, storage.ErrStudyNotFound)
	}
	user, err := s.rpc.GetStudyUserAttributes(ctx, &optunapb.GetStudyUserAttributesRequest{StudyId: study})
	if err != nil {
		return out, fromStatus("GetStudyUserAttributes", err, storage.ErrStudyNotFound)
	}
	system, err := s.rpc.GetStudySystemAttributes(ctx, &optunapb.GetStudySystemAttributesRequest{StudyId: study})
	if err != nil {
		return out, fromStatus("GetStudySystemAttributes", err, storage.ErrStudyNotFound)
	}
	out.Name, out.Directions = name.GetStudyName(), decodeDirections(directions.GetDirections())
	out.UserAttrs, out.SystemAttrs = decodeAttrs(user.GetUserAttributes()), decodeAttrs(system.GetSystemAttributes())
	return out, nil
}

// Studies implements [storage.Storage].
func (s *Storage) Studies(ctx context.Context) ([]storage.Study, error) {
	r, err := s.rpc.GetAllStudies(ctx, &optunapb.GetAllStudiesRequest{})
	if err != nil {
		return nil, fromStatus("GetAllStudies", err, nil)
	}
	var out []storage.Study
	for _, p := range r.GetStudies() {
		out = append(out, storage.Study{
			ID: p.GetStudyId(), Name: p.GetStudyName(), Directions: decodeDirections(p.GetDirections()),
			UserAttrs: decodeAttrs(p.GetUserAttributes()), SystemAttrs: decodeAttrs(p.GetSystemAttributes()),
		})
	}
	slices.SortFunc(out, func(a, b storage.Study) int { return int(a.ID - b.ID) })
	return out, nil
}

// SetStudyAttr implements [storage.Storage].
func (s *Storage) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	var err error
	if kind == storage.UserAttr {
		_, err = s.rpc.SetStudyUserAttribute(ctx, &optunapb.SetStudyUserAttributeRequest{StudyId: study, Key: key, Value: value})
	} else {
		_, err = s.rpc.SetStudySystemAttribute(ctx, &optunapb.SetStudySystemAttributeRequest{StudyId: study, Key: key, Value: value})
	}
	return fromStatus("SetStudyAttribute", err, storage.ErrStudyNotFound)
}

// CreateTrial implements [storage.Storage]. When the connection breaks before the
// answer, and the call is made again, there may be one trial more than asked for;
// Claim has no such gap.
func (s *Storage) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	req := &optunapb.CreateNewTrialRequest{StudyId: study, TemplateTrialIsNone: template == nil}
	if template != nil {
		t := *template
		t.FillTimes(time.Now())
		p, err := encodeTrial(&t)
		if err != nil {
			return storage.Trial{}, fmt.Errorf("grpcstore: CreateNewTrial: %w", err)
		}
		p.TrialId, p.Number = -1, -1
		req.TemplateTrial = p
	}
	r, err := s.rpc.CreateNewTrial(ctx, req)
	if err != nil {
		return storage.Trial{}, fromStatus("CreateNewTrial", err, storage.ErrStudyNotFound)
	}
	t, err := s.Trial(ctx, r.GetTrialId())
	if errors.Is(err, storage.ErrTrialNotFound) {
		return t, fmt.Errorf("grpcstore: CreateNewTrial: %w: it was deleted meanwhile", storage.ErrStudyNotFound)
	}
	return t, err
}

// SetParam implements [storage.Storage].
func (s *Storage) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	text, err := distributions.Marshal(p.Dist)
	if err != nil {
		return fmt.Errorf("grpcstore: SetTrialParameter %q: %w", p.Name, err)
	}
	req := &optunapb.SetTrialParameterRequest{TrialId: trial, ParamName: p.Name, ParamValueInternal: p.Value, Distribution: text}
	_, err = s.rpc.SetTrialParameter(ctx, req)
	if status.Code(err) == codes.NotFound {
		// A server of Optuna's that was started anew does not know trials that
		// it has not been asked for yet.
		if known, lookErr := s.Trial(ctx, trial); lookErr == nil && !known.State.Finished() {
			if s.warm(ctx, trial) == nil {
				_, err = s.rpc.SetTrialParameter(ctx, req)
			}
		}
	}
	return fromStatus("SetTrialParameter", err, storage.ErrTrialNotFound)
}

// warm has a server of Optuna's read the trials of all studies, which fills its
// cache.
func (s *Storage) warm(ctx context.Context, trial int64) error {
	all, err := s.Studies(ctx)
	for _, st := range all {
		if err == nil {
			_, err = s.rpc.GetTrials(ctx, &optunapb.GetTrialsRequest{StudyId: st.ID, TrialIdGreaterThan: math.MaxInt64, IncludedTrialIds: []int64{trial}})
		}
	}
	return err
}

// SetReport implements [storage.Storage].
func (s *Storage) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	if step < 0 {
		return fmt.Errorf("grpcstore: report at step %d: steps are not negative", step)
	}
	_, err := s.rpc.SetTrialIntermediateValue(ctx, &optunapb.SetTrialIntermediateValueRequest{TrialId: trial, Step: int64(step), IntermediateValue: value})
	return fromStatus("SetTrialIntermediateValue", err, storage.ErrTrialNotFound)
}

// SetTrialAttr implements [storage.Storage].
func (s *Storage) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	var err error
	if kind == storage.UserAttr {
		_, err = s.rpc.SetTrialUserAttribute(ctx, &optunapb.SetTrialUserAttributeRequest{TrialId: trial, Key: key, Value: value})
	} else {
		_, err = s.rpc.SetTrialSystemAttribute(ctx, &optunapb.SetTrialSystemAttributeRequest{TrialId: trial, Key: key, Value: value})
	}
	return fromStatus("SetTrialAttribute", err, storage.ErrTrialNotFound)
}

// SetState implements [storage.Storage].
func (s *Storage) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	if err := storage.CheckValues(values); err != nil {
		return false, err
	}
	lost := false // whether an answer was
	r, err := s.rpc.SetTrialStateValues(ctx, &optunapb.SetTrialStateValuesRequest{TrialId: trial, State: optunapb.TrialState(state), Values: values},
		grpc.OnFinish(func(err error) { lost = lost || status.Code(err) == codes.Unavailable }))
	if lost && status.Code(err) == codes.FailedPrecondition {
		// The call was made more than once: it may be its own first attempt
		// that has finished the trial.
		if t, readErr := s.Trial(ctx, trial); readErr == nil && t.State == state && slices.Equal(t.Values, values) {
			return true, nil
		}
	}
	return r.GetTrialUpdated(), fromStatus("SetTrialStateValues", err, storage.ErrTrialNotFound)
}

// Trial implements [storage.Storage].
func (s *Storage) Trial(ctx context.Context, trial int64) (storage.Trial, error) {
	r, err := s.rpc.GetTrial(ctx, &optunapb.GetTrialRequest{TrialId: trial})
	if err != nil {
		return storage.Trial{}, fromStatus("GetTrial", err, storage.ErrTrialNotFound)
	}
	return s.dec.trial(r.GetTrial())
}

// Trials implements [storage.Storage].
func (s *Storage) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	r, err := s.rpc.GetTrials(ctx, &optunapb.GetTrialsRequest{StudyId: study, IncludedTrialIds: include, TrialIdGreaterThan: after})
	if err != nil {
		return nil, fromStatus("GetTrials", err, storage.ErrStudyNotFound)
	}
	out := make([]storage.Trial, len(r.GetTrials()))
	for i, p := range r.GetTrials() {
		if out[i], err = s.dec.trial(p); err != nil {
			return nil, fmt.Errorf("grpcstore: GetTrials: %w", err)
		}
	}
	slices.SortFunc(out, func(a, b storage.Trial) int { return int(a.ID - b.ID) })
	return out, nil
}

// Claim implements [storage.Claimer]. Made again after a lost answer, it gets the
// same trial.
func (s *Storage) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	r, err := s.lease.Claim(ctx, &honepb.ClaimRequest{StudyId: study, Budget: int64(c.Budget), Attrs: encodeAttrList(c.Attrs), RequestId: storage.NewUUID()})
	if err != nil || !r.GetClaimed() {
		return storage.Trial{}, false, fromStatus("Claim", err, storage.ErrStudyNotFound)
	}
	t, err := s.dec.trial(r.GetTrial())
	return t, err == nil, err
}

// Requeue implements [storage.Claimer].
func (s *Storage) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	req := &honepb.RequeueRequest{TrialId: trial, Holder: holder, Attrs: encodeAttrList(attrs)}
	if retry != nil {
		p, err := encodeTrial(retry)
		if err != nil {
			return false, fmt.Errorf("grpcstore: Requeue: %w", err)
		}
		req.Retry = p
	}
	r, err := s.lease.Requeue(ctx, req)
	return r.GetRequeued(), fromStatus("Requeue", err, storage.ErrTrialNotFound)
}

// Beat implements [storage.Leaser].
func (s *Storage) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	_, err := s.lease.Beat(ctx, &honepb.BeatRequest{StudyId: study, Worker: worker, Seq: seq, TrialIds: trials})
	return fromStatus("Beat", err, storage.ErrStudyNotFound)
}

// Beats implements [storage.Leaser].
func (s *Storage) Beats(ctx context.Context, study int64) (map[string]int64, error) {
	r, err := s.lease.Beats(ctx, &honepb.BeatsRequest{StudyId: study})
	if err != nil {
		return nil, fromStatus("Beats", err, storage.ErrStudyNotFound)
	}
	if r.GetBeats() == nil {
		return map[string]int64{}, nil
	}
	return r.GetBeats(), nil
}
