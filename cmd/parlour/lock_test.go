package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

// firstWord ends what writes to it as soon as it does.
type firstWord struct{ end func() }

func (w firstWord) Write(p []byte) (int, error) {
	w.end()
	return len(p), nil
}

// secondServer starts a server on ports of its own, and gives why it refused:
// nil when it served, and so said where.
func secondServer(t *testing.T, settings ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	arguments := append([]string{
		"serve", "--http.address=" + testbed.FreeAddress(t), "--ops.address=" + testbed.FreeAddress(t), "--webrtc.udp_address=", "--webrtc.tcp_address=", "--shutdown.drain=0s",
	}, settings...)
	return run(ctx, arguments, nil, firstWord{cancel}, &bytes.Buffer{})
}

// refused wants a second server to say which process has what, and what to do.
func refused(t *testing.T, pid, setting string, settings ...string) {
	t.Helper()
	err := secondServer(t, settings...)
	if err == nil {
		t.Fatal("a second server serves")
	}
	for _, want := range []string{pid, "stop that one", "its own " + setting} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said: %v", want, err)
		}
	}
}

// D13: it is the file that counts, not how it is called.
func TestARecordByAnotherNameIsTheSame(t *testing.T) {
	s := startServer(t) // with the record of its data folder
	folder := s.folder()
	pid := fmt.Sprintf("(process %d)", s.cmd.Process.Pid)
	link, linked := filepath.Join(t.TempDir(), "link.db"), filepath.Join(t.TempDir(), "linked")
	if err := errors.Join(os.Symlink(filepath.Join(folder, "parlour.db"), link), os.Symlink(folder, linked)); err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string]string{
		"the default of another": filepath.Join(folder, "parlour.db"),
		"a link to the file":     link,
		"a link to its folder":   filepath.Join(linked, "parlour.db"),
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, pid, "database.url", "--data.directory="+t.TempDir(), "--database.url="+record)
		})
	}
}

// D13: a file with two names would be locked by one and written by both.
func TestARecordWithTwoNamesIsRefused(t *testing.T) {
	s := startServer(t)
	record := filepath.Join(s.folder(), "parlour.db")
	other := filepath.Join(s.folder(), "other.db")
	if err := os.Link(record, other); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{record, other} {
		if err := secondServer(t, "--data.directory="+t.TempDir(), "--database.url="+name); err == nil || !strings.Contains(err.Error(), "2 names") {
			t.Errorf("by %s: %v", filepath.Base(name), err)
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	refused(t, fmt.Sprintf("(process %d)", s.cmd.Process.Pid), "database.url", "--data.directory="+t.TempDir(), "--database.url="+record)
}

// D13: a record that is still to be made has its place already.
func TestARecordThatIsNotThereYetIsClaimedWhereItWillBe(t *testing.T) {
	folder := t.TempDir()
	here, err := filepath.EvalSymlinks(folder)
	if err != nil {
		t.Fatal(err)
	}
	made, want := filepath.Join(folder, "made.db"), filepath.Join(here, "made.db")
	link, second := filepath.Join(t.TempDir(), "link.db"), filepath.Join(folder, "second.db")
	if err := errors.Join(os.Symlink(made, link), os.Symlink("made.db", second)); err != nil {
		t.Fatal(err)
	}
	names := []string{made, link, second, filepath.Join(folder, ".", "made.db")}
	for _, there := range []bool{false, true} {
		for _, name := range names {
			if got, err := realPath(name); err != nil || got != want {
				t.Errorf("there: %v: %s is %s, %v", there, name, got, err)
			}
		}
		if err := os.WriteFile(made, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("b.db", filepath.Join(folder, "a.db")), os.Symlink("a.db", filepath.Join(folder, "b.db"))); err != nil {
		t.Fatal(err)
	}
	if got, err := realPath(filepath.Join(folder, "a.db")); err == nil {
		t.Errorf("links in a circle are %s", got)
	}
}

// folder is the server's data folder.
func (s *server) folder() string {
	for _, argument := range s.args {
		if at, ok := strings.CutPrefix(argument, "--data.directory="); ok {
			return at
		}
	}
	return ""
}

// D13: two servers on one data folder, or on one SQLite file, would each take
// the other's calls for its own that died.
func TestTwoServersDoNotShareARecord(t *testing.T) {
	record := filepath.Join(t.TempDir(), "elsewhere.db")
	s := startServer(t, "--database.url="+record)
	folder := s.folder()
	inFolder := "--data.directory=" + folder
	pid := fmt.Sprintf("(process %d)", s.cmd.Process.Pid)
	for _, tt := range []struct {
		name, setting string
		settings      []string
	}{
		{"one folder", "data.directory", []string{inFolder, "--database.url=" + filepath.Join(t.TempDir(), "other.db")}},
		{"one file", "database.url", []string{"--data.directory=" + t.TempDir(), "--database.url=" + record}},
		{"one folder, the demo", "data.directory", []string{inFolder, "--demo", "--demo-address=" + testbed.FreeAddress(t)}},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, pid, tt.setting, tt.settings...) })
	}
	doctorSays := func(want string) {
		t.Helper()
		var out bytes.Buffer
		_ = doctor(t.Context(), []string{inFolder, "--database.url=" + record, "--http.address=" + testbed.FreeAddress(t), "--webrtc.udp_address=", "--webrtc.tcp_address="}, nil, &out, &out)
		if !strings.Contains(out.String(), want) {
			t.Errorf("the doctor does not say %q:\n%s", want, &out)
		}
	}
	doctorSays("FAIL data     claim the data folder " + folder + ": another server " + pid)
	var out bytes.Buffer
	if err := run(t.Context(), []string{"admin", "apply", filepath.Join(folder, "workspace.yaml"), inFolder, "--database.url=" + record}, nil, &out, &out); err != nil {
		t.Errorf("apply while it runs: %v", err)
	}
	s.kill()
	doctorSays("ok   data ") // and leaves no lock behind
	s.start()                // nor did the kill
}
