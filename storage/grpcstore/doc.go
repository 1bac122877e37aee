// Package grpcstore puts a storage behind a gRPC server, so that thousands of
// workers share it over one address. It speaks the protocol of Optuna's storage
// proxy (4.2 and later), so workers in Go and in Python can use one server, and
// hone's workers can use a server of Optuna's.
//
//	server := grpcstore.NewServer(st, nil)
//	go server.Serve(listener)
//	…
//	st, err := grpcstore.Dial("localhost:13000", nil)
//	study, err := hone.NewStudy(&hone.Options{Name: "mine", Storage: st, LoadIfExists: true})
//
// Between hone's client and hone's server there is a second service for what the
// protocol lacks: leases, and budgets that are exact. A server of Optuna's has
// none of it; budgets may then be over-run by the number of workers.
//
// The protocol has some limits of its own: the order of parameters and attributes
// is lost, times are in the server's local zone without saying so (run both sides
// in UTC, or in one zone), and it knows neither users nor passwords. Options add
// TLS and a token; a server that listens beyond the machine refuses to run without
// them unless it is told to.
package grpcstore
