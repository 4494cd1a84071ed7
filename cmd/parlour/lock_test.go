package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
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
		"serve", "--http.address=" + freeAddress(t), "--ops.address=" + freeAddress(t), "--webrtc.udp_address=", "--webrtc.tcp_address=", "--shutdown.drain=0s",
	}, settings...)
	return run(ctx, arguments, nil, firstWord{cancel}, &bytes.Buffer{})
}

// D13: two servers on one data folder, or on one SQLite file, would each take
// the other's calls for its own that died.
func TestTwoServersDoNotShareARecord(t *testing.T) {
	record := filepath.Join(t.TempDir(), "elsewhere.db")
	s := startServer(t, "--database.url="+record)
	folder := ""
	for _, argument := range s.args {
		if at, ok := strings.CutPrefix(argument, "--data.directory="); ok {
			folder = at
		}
	}
	inFolder := "--data.directory=" + folder
	pid := fmt.Sprintf("(process %d)", s.cmd.Process.Pid)
	for _, tt := range []struct {
		name, setting string
		settings      []string
	}{
		{"one folder", "data.directory", []string{inFolder, "--database.url=" + filepath.Join(t.TempDir(), "other.db")}},
		{"one file", "database.url", []string{"--data.directory=" + t.TempDir(), "--database.url=" + record}},
		{"one folder, the demo", "data.directory", []string{inFolder, "--demo", "--demo-address=" + freeAddress(t)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := secondServer(t, tt.settings...)
			if err == nil {
				t.Fatal("a second server serves")
			}
			for _, want := range []string{pid, "stop that one", "its own " + tt.setting} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not said: %v", want, err)
				}
			}
		})
	}
	doctorSays := func(want string) {
		t.Helper()
		var out bytes.Buffer
		_ = doctor(t.Context(), []string{inFolder, "--database.url=" + record, "--http.address=" + freeAddress(t), "--webrtc.udp_address=", "--webrtc.tcp_address="}, nil, &out, &out)
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
