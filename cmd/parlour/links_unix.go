//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// linksTo is how many names a file has.
func linksTo(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink) //nolint:unconvert // its size is the system's
	}
	return 1
}
