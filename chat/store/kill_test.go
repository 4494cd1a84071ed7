package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// childVariable makes this test program the process that is killed.
const childVariable = "PARLOUR_STORE_TEST_RECORD"

// child appends with 8 writers to the conversation it is told, and prints each
// text and seq only after Append has returned it.
func child() {
	var workspace, conv string
	if _, err := fmt.Scanln(&workspace, &conv); err != nil {
		panic(err)
	}
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: os.Getenv(childVariable)})
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				text := protocol.NewID[string]()
				e, _, err := s.Append(ctx, store.AppendIn{
					Workspace: protocol.WorkspaceID(workspace), Conversation: protocol.ConversationID(conv), Actor: "visitor:v", Op: protocol.Op(text),
					Kind: protocol.EntryMessage, Audience: protocol.AudienceAll, Body: protocol.EntryBody{Text: text},
				})
				if err != nil {
					panic(err)
				}
				mu.Lock()
				fmt.Println(text, e.Seq)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// TestKill kills a writing process 20 times; everything that it had been
// promised is there, once, and the log has no gap (D1, D3).
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kill.db")
	s := open(t, path)
	w := storetest.NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acked := map[string]int64{}
	for range 20 {
		maps.Copy(acked, runAndKill(t, path, w.ID, c.ID, 30+rand.IntN(200)))
	}
	s = open(t, path)
	defer s.Close()
	entries, last, err := s.Entries(t.Context(), w.ID, c.ID, 0, 1<<20, false)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	for i, e := range entries {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has seq %d", i, e.Seq)
		}
		if _, twice := found[e.Body.Text]; twice && e.Body.Text != "" {
			t.Fatalf("seq %d is there twice", e.Seq)
		}
		found[e.Body.Text] = e.Seq
	}
	lost := 0
	for text, seq := range acked {
		if found[text] != seq {
			lost++
		}
	}
	t.Logf("20 kills, %d acknowledged, %d written (%d in flight), %d lost", len(acked), last, int(last-c.Seq)-len(acked), lost)
	if lost > 0 {
		t.Errorf("%d of %d acknowledged entries are lost", lost, len(acked))
	}
}

// runAndKill runs a child until it has printed after lines, kills it, and
// returns every line it had printed.
func runAndKill(t *testing.T, path string, workspace protocol.WorkspaceID, conv protocol.ConversationID, after int) map[string]int64 {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(in, string(workspace)+" "+string(conv)+"\n")
	got := map[string]int64{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var text string
		var seq int64
		if n, _ := fmt.Sscanln(lines.Text(), &text, &seq); n == 2 {
			got[text] = seq
		}
		if len(got) == after {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if len(got) < after {
		t.Fatalf("the child printed %d lines, want %d", len(got), after)
	}
	return got
}
