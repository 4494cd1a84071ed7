package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/parlour-chat/parlour/configs"
)

// A claim is what one server alone may use: two on one record would each take
// the other's calls and connections for its own that have died.
type claim struct {
	what    string // as people read it
	setting string // that gives a server another one
	file    string // whose lock is held, and which has the holder's process id
}

// claims are the data folder, and the file of the record, which another server
// may call by another name. A record in PostgreSQL may be shared.
func claims(c configs.Config) ([]claim, error) {
	all := []claim{{"the data folder " + c.Data.Directory, "data.directory", filepath.Join(c.Data.Directory, "serve.lock")}}
	path, ok := c.SQLitePath()
	if !ok {
		return all, nil
	}
	at, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("find the record %s: look at database.url: %w", path, err)
	}
	// SQLite keeps its log beside the name: by two names the same file is lost.
	if info, err := os.Stat(at); err == nil && linksTo(info) > 1 { //nolint:gosec // the operator names it
		return nil, fmt.Errorf("the record %s has %d names (hard links), by each of which another server could write to it: copy the file instead, and remove the other names", path, linksTo(info))
	}
	return append(all, claim{"the record " + path, "database.url", at + ".lock"}), nil
}

// realPath is where a file is, or will be when it is made: without symbolic
// links, which may point to what is not there yet.
func realPath(path string) (string, error) {
	for range 40 { // links to links: more is a circle
		at, err := filepath.EvalSymlinks(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return at, err
		}
		folder, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", err
		}
		path = filepath.Join(folder, filepath.Base(path))
		to, err := os.Readlink(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if path = to; !filepath.IsAbs(to) {
			path = filepath.Join(folder, to)
		}
	}
	return "", errors.New("too many links")
}

// take locks the claim for as long as the process lives, or until the lock is
// closed: it is the operating system's, so a kill leaves none behind. A lock
// that another process has is waited for a second, as long as the doctor and a
// server that is just ending may hold it.
func (c claim) take(ctx context.Context) (*flock.Flock, error) {
	lock := flock.New(c.file, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	brief, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := lock.TryLockContext(brief, 20*time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) {
		err = c.used()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("claim %s: %w", c.what, err), lock.Close())
	}
	return lock, nil
}

// used says who has the claim and what to do.
func (c claim) used() error {
	who := "another server"
	if kept, err := os.ReadFile(c.file); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(kept))); err == nil {
			who = fmt.Sprintf("another server (process %d)", pid)
		}
	}
	return fmt.Errorf("%s uses it: stop that one, or give this one its own %s", who, c.setting)
}

// openClaims makes sure that no other server uses what this one does.
func (a *app) openClaims(ctx context.Context) error {
	if err := makeFolder(a.config); err != nil {
		return err
	}
	all, err := claims(a.config)
	if err != nil {
		return err
	}
	for _, c := range all {
		lock, err := c.take(ctx)
		if err != nil {
			return err
		}
		a.closeLater(lock.Close)
		if err := os.WriteFile(c.file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
			a.log.Debug("the process id is not written beside the lock", "file", c.file, "error", err) // where locked files are shut
		}
	}
	return nil
}

func makeFolder(c configs.Config) error {
	if err := os.MkdirAll(c.Data.Directory, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}
