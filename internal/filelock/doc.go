// Package filelock keeps the writers of one file apart: goroutines, processes
// of this library, and processes of Python Optuna, which know nothing of each
// other but the name of a lock file.
//
// A [Lock] takes three locks, always in this order:
//
//  1. a slot of its own, for the goroutines that share the Lock;
//  2. a kernel lock (flock, LockFileEx) on a side file, which processes of this
//     library take. The kernel queues those who wait, and lets go of the lock
//     of a process that dies, so nobody polls and nobody waits for the dead;
//  3. the lock file of Optuna's journal, "<file>.lock", which exists while
//     somebody holds it. It appears by link(2) from a file that holds who we
//     are, so that it is never seen without its contents; where a file system
//     has no links it is created with O_EXCL. Of the processes of this library
//     on one machine at most one waits for it at any time.
//
// Where there is no kernel lock, the lock file alone does the work.
//
// # Locks that were left behind
//
// A lock file says "hone HOST PID" and what it takes to tell that process from
// a later one of the same number. When the process is dead and was one of this
// machine, the lock is broken at once. Any other lock (of Python, of another
// host) is broken when it has not changed for the grace period, which is what
// Optuna's own waiters do. They do not look at whose lock they remove, though,
// and can remove the fresh lock of a waiter that was faster. Here a lock is
// removed by identity: it is renamed, looked at again, and put back if it is not
// the one that was judged. And a holder looks once more whether the lock is
// still its own before it writes: see [Lock.Held].
package filelock
