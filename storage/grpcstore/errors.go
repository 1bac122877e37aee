package grpcstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gohone/hone/storage"
)

// errBadRequest marks what a client sent and no storage could keep.
var errBadRequest = errors.New("bad request")

// toStatus turns a storage's error into the status that Optuna's client expects.
func toStatus(err error) error {
	code := codes.Unknown
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrDuplicateStudy):
		code = codes.AlreadyExists
	case errors.Is(err, storage.ErrStudyNotFound), errors.Is(err, storage.ErrTrialNotFound):
		code = codes.NotFound
	case errors.Is(err, storage.ErrTrialFinished):
		code = codes.FailedPrecondition
	case errors.Is(err, storage.ErrIncompatible), errors.Is(err, storage.ErrInvalidName), errors.Is(err, errBadRequest):
		code = codes.InvalidArgument
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	case errors.Is(err, errors.ErrUnsupported):
		code = codes.Unimplemented
	}
	return status.Error(code, err.Error())
}

// fromStatus turns a status into a storage's error. notFound is what NOT_FOUND
// means for the call.
func fromStatus(call string, err, notFound error) error {
	if err == nil {
		return nil
	}
	st, ok := status.FromError(err)
	if !ok {
		return fmt.Errorf("grpcstore: %s: %w", call, err)
	}
	var sentinel error
	switch st.Code() {
	case codes.AlreadyExists:
		sentinel = storage.ErrDuplicateStudy
	case codes.NotFound:
		sentinel = notFound
	case codes.FailedPrecondition:
		sentinel = storage.ErrTrialFinished
	case codes.InvalidArgument:
		switch {
		case strings.Contains(st.Message(), storage.ErrInvalidName.Error()):
			sentinel = storage.ErrInvalidName
		case call == "SetTrialParameter", strings.Contains(st.Message(), storage.ErrIncompatible.Error()):
			sentinel = storage.ErrIncompatible
		}
	case codes.Canceled:
		sentinel = context.Canceled
	case codes.DeadlineExceeded:
		sentinel = context.DeadlineExceeded
	case codes.Unimplemented:
		sentinel = errors.ErrUnsupported
	case codes.Unauthenticated:
		return fmt.Errorf("grpcstore: %s: the server asks for another token (Options.Token): %w", call, err)
	case codes.ResourceExhausted:
		return fmt.Errorf("grpcstore: %s: a message is larger than the server takes (ServerOptions.MaxMessage; 4 MiB for Optuna's): %w", call, err)
	}
	if sentinel == nil {
		return fmt.Errorf("grpcstore: %s: %w", call, err)
	}
	if sentinel == context.Canceled || sentinel == context.DeadlineExceeded {
		return fmt.Errorf("grpcstore: %s: %w", call, sentinel)
	}
	return fmt.Errorf("grpcstore: %s: %w: %s", call, sentinel, st.Message())
}
