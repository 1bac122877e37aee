package grpcstore

// The generated code is committed; it is made anew with protoc and
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//	go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2

//go:generate protoc -Iinternal/optunapb --go_out=internal/optunapb --go_opt=paths=source_relative --go-grpc_out=internal/optunapb --go-grpc_opt=paths=source_relative optuna.proto
//go:generate protoc -Iinternal/optunapb -Iinternal/honepb --go_out=internal/honepb --go_opt=paths=source_relative,Moptuna.proto=github.com/gohone/hone/storage/grpcstore/internal/optunapb --go-grpc_out=internal/honepb --go-grpc_opt=paths=source_relative,Moptuna.proto=github.com/gohone/hone/storage/grpcstore/internal/optunapb hone.proto
