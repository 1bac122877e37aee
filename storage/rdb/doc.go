// Package rdb keeps studies in a relational database: SQLite, PostgreSQL, MySQL
// or MariaDB. Any number of processes on any number of machines work on them at
// the same time.
//
// The tables are Optuna's (its RDBStorage, revision v3.2.0.a), so that workers
// in Python take part in the same studies and optuna-dashboard shows them.
//
// The package imports no driver. The program does, and hands over a *sql.DB:
//
//	db, err := sql.Open("pgx", "postgresql://user@host/studies")
//	if err != nil { … }
//	st, err := rdb.Open(ctx, db, rdb.PostgreSQL, nil)
//
// Programs that would rather write a URL use package storage/open, a module of
// its own that links the drivers.
//
// # What is durable, and when
//
// What finishes a trial, creates a study, enqueues or re-queues a trial or sets
// an attribute of a study is durable when the call returns. Parameters, reports
// and trials' attributes are seen by everybody when the call returns, and are
// durable with the next of the former.
//
//   - On PostgreSQL parameters are committed without waiting for the disk. When
//     a trial is finished, the same statement looks whether they are all there;
//     should a crash of the server have lost one, it is written again first.
//   - On SQLite with a write-ahead log, commits do not wait for the disk either;
//     calls that must be durable then sync the log, all those of a moment
//     together, while others go on writing.
//
// # Faults
//
// Deadlocks, serialisation failures, locked databases and lost connections are
// tried again for as long as Options.Patience allows. When a connection is lost
// during a commit, nobody knows whether it took place, and it may still be about
// to: the storage waits until the server's end of the connection is gone, reads
// back what it wrote and goes on from there.
//
// # Databases
//
// SQLite wants a local file, which is put into write-ahead mode; on a network
// file system it is left in the mode it has. Tables that this package makes never
// reuse an id; those that Python made reuse the ids of the newest study or trial
// after it was deleted. Beside Python workers, which do not lock the database
// before they choose a waiting trial, a waiting trial may on SQLite be run twice,
// once by Python; among Go workers it never is.
//
// PostgreSQL plans a statement when it first sees it, maybe while the tables are
// empty, and may then read them whole for as long as the connection lives or until
// it has analysed them. Package storage/open sets enable_seqscan and jit to off and
// plan_cache_mode to force_generic_plan on its connections, which also spares
// planning; a program that connects itself does well to do the same.
//
// MySQL and MariaDB keep times to the second and texts of up to 65,535 bytes.
// Tables that this package makes compare names byte by byte. In those that
// Python made, the database's collation may hold names for equal that differ in
// case or in trailing blanks; the second of two such names is refused. With the
// driver go-sql-driver/mysql, interpolateParams=true saves a round trip a call.
//
// # Times
//
// Times are written in UTC, as Optuna 5 does. Optuna 4 and older write and read
// local time without saying so: beside such workers set Options.LocalTime.
package rdb
