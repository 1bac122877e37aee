package journal

import "os"

// What tests replace: to let calls of the system fail, and to stop or kill the
// process at a named point of a change.
var (
	writeFile = (*os.File).Write
	syncFile  = (*os.File).Sync
	hook      = func(point string) {}
)
