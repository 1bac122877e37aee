// Package redisstore keeps studies in Redis, in the journal of Python Optuna's
// JournalRedisBackend: Go and Python workers on many machines share one live
// study.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis.example.org:6379"})
//	defer client.Close()
//	st, err := redisstore.New(client, nil)
//	if err != nil {
//		return err
//	}
//	defer st.Close()
//	study, err := hone.NewStudy(&hone.Options{Name: "lr", Storage: st, LoadIfExists: true})
//
// In Python the same study is
//
//	backend = JournalRedisBackend("redis://redis.example.org:6379")
//	optuna.load_study(study_name="lr", storage=JournalStorage(backend))
//
// # How it is kept
//
// The journal is a list of records, one a key, and a counter that holds the
// number of the last. Every process folds the records into the same state,
// which it keeps in memory; a read costs one round trip and what is new.
//
// An operation appends its records with one script that the server runs as one
// step. The script first looks what came since the caller last read. Where an
// operation rests on what it read (a claim within a budget, the giving up of a
// lost worker's trial), and something that matters has come between, nothing is
// written, and the operation is planned anew; so budgets are exact, and each
// trial is claimed once, among any number of Go workers. Python's workers
// append without looking: beside them a budget may be passed by as many trials
// as there are Python workers. A worker that loses this race again and again is
// given a turn of its own.
//
// When the connection is lost, nobody knows whether an operation took place.
// The script numbers the operations of each storage and does none of them
// twice, so the same one is sent again until there is an answer.
//
// # What the server must promise
//
// A result that was acknowledged is as durable as the server makes it. With
// "appendonly yes" and "appendfsync always" it is on disk; with Redis' default
// "everysec" a power cut loses a second; without a file, or after a failover to
// a replica that was behind, more is lost. A storage that finds the journal
// shorter than, or different from, what it has read fails with [ErrLogLost]
// rather than write over what others may have seen. The server must not evict
// keys: set "maxmemory-policy noeviction", which is Redis' default.
//
// On a cluster all keys have to be in one slot: Options.Prefix must then hold a
// hash tag, such as "{hone}". Python must be given the same prefix.
//
// Optuna keeps a snapshot of its own state, a Python pickle, beside the journal.
// This package neither reads nor writes it.
package redisstore
