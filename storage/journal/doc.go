// Package journal keeps studies in one file, which any number of processes, of
// this library and of Python Optuna, work on at the same time.
//
//	st, err := journal.Open("study.log", nil)
//	if err != nil { … }
//	defer st.Close()
//	study, err := hone.NewStudy(&hone.Options{Name: "cache", Storage: st, LoadIfExists: true})
//
// The file is Optuna's journal (optuna.storages.journal.JournalFileBackend), to
// the byte: one JSON record a line, appended, never changed. Python opens it
// with
//
//	JournalStorage(JournalFileBackend("study.log"))
//
// and takes part, as does optuna-dashboard.
//
// # What is durable, and when
//
// What finishes a trial, creates a study, sets an attribute of a study, enqueues
// or re-queues a trial is on disk when the call returns. Trials that begin,
// parameters, reports and trials' attributes are in the file when the call
// returns, so that every process sees them and a kill -9 loses none, and reach
// the disk with the next of the former. Calls of several goroutines share a
// sync.
//
// # Crashes
//
// A process may die at any moment. What it wrote of a record it did not finish
// is cut off by the next writer and kept beside the journal, in a file named
// after it with ".torn-" and the time. A lock it left behind is broken at once
// by a process of this library on the same machine, and after 30 seconds by
// others. When the disk is full, the call that finds it so fails and leaves
// nothing of its record; work goes on when there is space. After a sync that
// failed the storage refuses to write any more, for nobody knows what the disk
// then holds: open it anew.
//
// A line that cannot be read stops every reader, in Python as here, with a
// [CorruptError] that says where it is; [Repair] takes it out.
// One that Python can read and this program cannot is an [UnsupportedError].
//
// # Files
//
// Beside study.log there are study.log.lock, Optuna's lock, for as long as
// somebody writes, and the folder study.log.hone, in which processes of this
// library queue for the lock and leave signs of life. The folder may be removed
// when nobody works on the study. All processes must reach the journal under the
// same path, for the lock is named after it.
//
// # Network file systems
//
// Writers see what others wrote before them also on NFS. A call that only reads
// may there lag by as long as the client keeps a file's attributes, a few
// seconds by default.
//
// # Cost
//
// A storage holds what it read in memory, and reads only what is new. Opening
// reads the whole file, some hundreds of megabytes a second; there is no
// snapshot that could go stale.
package journal
