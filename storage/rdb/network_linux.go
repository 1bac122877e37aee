package rdb

import (
	"path/filepath"
	"syscall"
)

// onNetwork reports whether a file lies on a file system that other machines
// write to as well, where a write-ahead log, which is shared through memory,
// would destroy the database.
func onNetwork(path string) bool {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &st); err != nil {
		return false
	}
	switch uint32(st.Type) { // statfs(2)
	case 0x6969, // NFS
		0x517b, 0xff534d42, 0xfe534d42, // SMB, CIFS, SMB2
		0x5346414f, 0x73757245, // AFS, Coda
		0x01021997, // 9P
		0x0bd00bd0, // Lustre
		0x00c36400, // Ceph
		0x19830326, // BeeGFS
		0x47504653: // GPFS
		return true
	}
	return false
}
