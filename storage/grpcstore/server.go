package grpcstore

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore/internal/honepb"
	"github.com/gohone/hone/storage/grpcstore/internal/optunapb"
)

// ServerOptions are the settings of a server. The zero value serves the machine
// itself, without TLS and token.
type ServerOptions struct {
	// TLS turns transport security on. For client certificates set ClientAuth
	// and ClientCAs in it.
	TLS *tls.Config
	// Token is what clients have to send. "" asks for none. Python's client
	// cannot send one.
	Token string
	// Insecure allows listening beyond the machine without TLS, or without a
	// token or client certificates: whoever reaches the address can then read
	// and change every study.
	Insecure bool
	// MaxMessage is the size up to which a message is received, in bytes. 0
	// means 16 MiB.
	MaxMessage int
	// StopGrace is how long Stop lets calls finish. 0 means 5 seconds.
	StopGrace time.Duration
	// Logger is told of failures inside the server. nil means nobody is.
	Logger *slog.Logger
}

// A Server serves one storage. The storage stays the caller's to close, after
// Stop.
type Server struct {
	optunapb.UnimplementedStorageServiceServer
	o    ServerOptions
	st   storage.Storage
	grpc *grpc.Server
	dec  decoder
}

// NewServer returns a server of st. nil options are fine.
func NewServer(st storage.Storage, o *ServerOptions) *Server {
	s := &Server{st: st}
	if o != nil {
		s.o = *o
	}
	if s.o.MaxMessage == 0 {
		s.o.MaxMessage = 16 << 20
	}
	if s.o.StopGrace == 0 {
		s.o.StopGrace = 5 * time.Second
	}
	opts := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(s.o.MaxMessage),
		grpc.MaxSendMsgSize(1<<31 - 1), // a study is as large as it is
		grpc.UnaryInterceptor(s.gate),
	}
	if s.o.TLS != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(s.o.TLS)))
	}
	s.grpc = grpc.NewServer(opts...)
	optunapb.RegisterStorageServiceServer(s.grpc, s)
	honepb.RegisterLeaseServiceServer(s.grpc, newLeases(s))
	return s
}

// Serve serves l until Stop. It refuses an address beyond the machine unless the
// server has TLS and a token (or client certificates), or ServerOptions.Insecure
// says otherwise. It returns nil after Stop.
func (s *Server) Serve(l net.Listener) error {
	if s.o.MaxMessage < 0 || s.o.StopGrace < 0 {
		return fmt.Errorf("grpcstore: ServerOptions.MaxMessage is %d, StopGrace %v; neither may be negative", s.o.MaxMessage, s.o.StopGrace)
	}
	if !s.o.Insecure && !local(l.Addr()) {
		known := s.o.Token != "" || s.o.TLS != nil && s.o.TLS.ClientAuth == tls.RequireAndVerifyClientCert
		if s.o.TLS == nil || !known {
			return fmt.Errorf("grpcstore: %s can be reached from other machines; set ServerOptions.TLS and Token (or client certificates), listen on 127.0.0.1, or set Insecure", l.Addr())
		}
	}
	if err := s.grpc.Serve(l); err != nil && err != grpc.ErrServerStopped {
		return fmt.Errorf("grpcstore: serve %s: %w", l.Addr(), err)
	}
	return nil
}

// local reports whether only this machine can reach an address.
func local(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return a.Network() == "bufconn" || a.Network() == "pipe"
}

// Stop lets calls under way finish, for at most ServerOptions.StopGrace, and ends
// Serve.
func (s *Server) Stop() {
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(s.o.StopGrace):
		s.grpc.Stop()
		<-done
	}
}

// gate is passed by every call: it checks the token and the request, and keeps a panic from
// ending the server.
func (s *Server) gate(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (reply any, err error) {
	if s.o.Token != "" {
		md, _ := metadata.FromIncomingContext(ctx)
		sent := md.Get(tokenHeader)
		if len(sent) != 1 || subtle.ConstantTimeCompare([]byte(sent[0]), []byte(bearer+s.o.Token)) != 1 {
			return nil, status.Error(codes.Unauthenticated, "token missing or wrong")
		}
	}
	defer func() {
		if p := recover(); p != nil {
			if s.o.Logger != nil {
				s.o.Logger.Error("grpcstore: call panicked", "method", info.FullMethod, "panic", p, "stack", string(debug.Stack()))
			}
			reply, err = nil, status.Error(codes.Internal, "internal error")
		}
	}()
	if err = checkRequest(req); err == nil {
		reply, err = handle(ctx, req)
	}
	if err != nil {
		err = toStatus(err)
		if status.Code(err) == codes.Unknown && s.o.Logger != nil {
			s.o.Logger.Error("grpcstore: call failed", "method", info.FullMethod, "error", err)
		}
	}
	return reply, err
}

const (
	tokenHeader = "authorization"
	bearer      = "Bearer "
)

// The methods below are Optuna's StorageService.

func (s *Server) CreateNewStudy(ctx context.Context, r *optunapb.CreateNewStudyRequest) (*optunapb.CreateNewStudyReply, error) {
	id, err := s.st.CreateStudy(ctx, r.GetStudyName(), decodeDirections(r.GetDirections()))
	return &optunapb.CreateNewStudyReply{StudyId: id}, err
}

func (s *Server) DeleteStudy(ctx context.Context, r *optunapb.DeleteStudyRequest) (*optunapb.DeleteStudyReply, error) {
	return &optunapb.DeleteStudyReply{}, s.st.DeleteStudy(ctx, r.GetStudyId())
}

func (s *Server) SetStudyUserAttribute(ctx context.Context, r *optunapb.SetStudyUserAttributeRequest) (*optunapb.SetStudyUserAttributeReply, error) {
	return &optunapb.SetStudyUserAttributeReply{}, s.st.SetStudyAttr(ctx, r.GetStudyId(), storage.UserAttr, r.GetKey(), r.GetValue())
}

func (s *Server) SetStudySystemAttribute(ctx context.Context, r *optunapb.SetStudySystemAttributeRequest) (*optunapb.SetStudySystemAttributeReply, error) {
	return &optunapb.SetStudySystemAttributeReply{}, s.st.SetStudyAttr(ctx, r.GetStudyId(), storage.SystemAttr, r.GetKey(), r.GetValue())
}

func (s *Server) GetStudyIdFromName(ctx context.Context, r *optunapb.GetStudyIdFromNameRequest) (*optunapb.GetStudyIdFromNameReply, error) {
	id, err := s.st.FindStudy(ctx, r.GetStudyName())
	return &optunapb.GetStudyIdFromNameReply{StudyId: id}, err
}

func (s *Server) GetStudyNameFromId(ctx context.Context, r *optunapb.GetStudyNameFromIdRequest) (*optunapb.GetStudyNameFromIdReply, error) {
	st, err := s.st.Study(ctx, r.GetStudyId())
	return &optunapb.GetStudyNameFromIdReply{StudyName: st.Name}, err
}

func (s *Server) GetStudyDirections(ctx context.Context, r *optunapb.GetStudyDirectionsRequest) (*optunapb.GetStudyDirectionsReply, error) {
	st, err := s.st.Study(ctx, r.GetStudyId())
	return &optunapb.GetStudyDirectionsReply{Directions: encodeDirections(st.Directions)}, err
}

func (s *Server) GetStudyUserAttributes(ctx context.Context, r *optunapb.GetStudyUserAttributesRequest) (*optunapb.GetStudyUserAttributesReply, error) {
	st, err := s.st.Study(ctx, r.GetStudyId())
	return &optunapb.GetStudyUserAttributesReply{UserAttributes: encodeAttrs(st.UserAttrs)}, err
}

func (s *Server) GetStudySystemAttributes(ctx context.Context, r *optunapb.GetStudySystemAttributesRequest) (*optunapb.GetStudySystemAttributesReply, error) {
	st, err := s.st.Study(ctx, r.GetStudyId())
	return &optunapb.GetStudySystemAttributesReply{SystemAttributes: encodeAttrs(st.SystemAttrs)}, err
}

func (s *Server) GetAllStudies(ctx context.Context, _ *optunapb.GetAllStudiesRequest) (*optunapb.GetAllStudiesReply, error) {
	all, err := s.st.Studies(ctx)
	reply := new(optunapb.GetAllStudiesReply)
	for _, st := range all {
		reply.Studies = append(reply.Studies, encodeStudy(st))
	}
	return reply, err
}

func (s *Server) CreateNewTrial(ctx context.Context, r *optunapb.CreateNewTrialRequest) (*optunapb.CreateNewTrialReply, error) {
	var template *storage.Trial
	if !r.GetTemplateTrialIsNone() {
		t, err := s.dec.trial(r.GetTemplateTrial())
		if err != nil {
			return nil, fmt.Errorf("%w: template: %w", errBadRequest, err)
		}
		template = &t
	}
	t, err := s.st.CreateTrial(ctx, r.GetStudyId(), template)
	return &optunapb.CreateNewTrialReply{TrialId: t.ID}, err
}

func (s *Server) SetTrialParameter(ctx context.Context, r *optunapb.SetTrialParameterRequest) (*optunapb.SetTrialParameterReply, error) {
	dist, err := s.dec.dists.parse(r.GetDistribution())
	if err != nil {
		return nil, fmt.Errorf("%w: distribution of %q: %w", errBadRequest, r.GetParamName(), err)
	}
	p := storage.Param{Name: r.GetParamName(), Value: r.GetParamValueInternal(), Dist: dist}
	return &optunapb.SetTrialParameterReply{}, s.st.SetParam(ctx, r.GetTrialId(), p)
}

func (s *Server) GetTrialIdFromStudyIdTrialNumber(ctx context.Context, r *optunapb.GetTrialIdFromStudyIdTrialNumberRequest) (*optunapb.GetTrialIdFromStudyIdTrialNumberReply, error) {
	trials, err := s.st.Trials(ctx, r.GetStudyId(), -1, nil)
	if err != nil {
		return nil, err
	}
	// Numbers are given in the order of ids, without a gap.
	if n := r.GetTrialNumber(); n >= 0 && n < int64(len(trials)) && int64(trials[n].Number) == n {
		return &optunapb.GetTrialIdFromStudyIdTrialNumberReply{TrialId: trials[n].ID}, nil
	}
	return nil, fmt.Errorf("%w: number %d of study %d", storage.ErrTrialNotFound, r.GetTrialNumber(), r.GetStudyId())
}

func (s *Server) SetTrialStateValues(ctx context.Context, r *optunapb.SetTrialStateValuesRequest) (*optunapb.SetTrialStateValuesReply, error) {
	state, err := decodeState(r.GetState())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	var values []float64
	if len(r.GetValues()) > 0 {
		values = r.GetValues()
	}
	done, err := s.st.SetState(ctx, r.GetTrialId(), state, values)
	return &optunapb.SetTrialStateValuesReply{TrialUpdated: done}, err
}

func (s *Server) SetTrialIntermediateValue(ctx context.Context, r *optunapb.SetTrialIntermediateValueRequest) (*optunapb.SetTrialIntermediateValueReply, error) {
	step := r.GetStep()
	if int64(int(step)) != step {
		return nil, fmt.Errorf("%w: step %d is too large", errBadRequest, step)
	}
	return &optunapb.SetTrialIntermediateValueReply{}, s.st.SetReport(ctx, r.GetTrialId(), int(step), r.GetIntermediateValue())
}

func (s *Server) SetTrialUserAttribute(ctx context.Context, r *optunapb.SetTrialUserAttributeRequest) (*optunapb.SetTrialUserAttributeReply, error) {
	return &optunapb.SetTrialUserAttributeReply{}, s.st.SetTrialAttr(ctx, r.GetTrialId(), storage.UserAttr, r.GetKey(), r.GetValue())
}

func (s *Server) SetTrialSystemAttribute(ctx context.Context, r *optunapb.SetTrialSystemAttributeRequest) (*optunapb.SetTrialSystemAttributeReply, error) {
	return &optunapb.SetTrialSystemAttributeReply{}, s.st.SetTrialAttr(ctx, r.GetTrialId(), storage.SystemAttr, r.GetKey(), r.GetValue())
}

func (s *Server) GetTrial(ctx context.Context, r *optunapb.GetTrialRequest) (*optunapb.GetTrialReply, error) {
	t, err := s.st.Trial(ctx, r.GetTrialId())
	if err != nil {
		return nil, err
	}
	p, err := encodeTrial(&t)
	return &optunapb.GetTrialReply{Trial: p}, err
}

func (s *Server) GetTrials(ctx context.Context, r *optunapb.GetTrialsRequest) (*optunapb.GetTrialsReply, error) {
	trials, err := s.st.Trials(ctx, r.GetStudyId(), r.GetTrialIdGreaterThan(), r.GetIncludedTrialIds())
	if err != nil {
		return nil, err
	}
	reply := &optunapb.GetTrialsReply{Trials: make([]*optunapb.Trial, len(trials))}
	for i := range trials {
		if reply.Trials[i], err = encodeTrial(&trials[i]); err != nil {
			return nil, err
		}
	}
	return reply, nil
}
