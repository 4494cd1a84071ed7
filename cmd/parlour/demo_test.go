package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/configs"
)

func TestDemoListensOnLoopbackOnly(t *testing.T) {
	open := configs.Default()
	open.HTTP.Address = "0.0.0.0:8080"
	if _, err := demoSettings(open, "127.0.0.1:8090"); err == nil {
		t.Error("the demo's logins are open to the network")
	}
	if _, err := demoSettings(configs.Default(), "0.0.0.0:8090"); err == nil {
		t.Error("the demo's shop is open to the network")
	}
}

func TestDemoIsAnotherSiteWithARecordOfItsOwn(t *testing.T) {
	c, err := demoSettings(configs.Default(), "127.0.0.1:8090")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.PublicURL(), "http://localhost:8080"; got != want {
		t.Errorf("Parlour is at %s, want %s", got, want)
	}
	if usual := configs.Default().Data.Directory; c.Data.Directory == usual {
		t.Errorf("the demo shares the record in %s", usual)
	}
	own := configs.Default()
	own.Data.Directory = "elsewhere"
	if c, err = demoSettings(own, "127.0.0.1:8090"); err != nil || c.Data.Directory != "elsewhere" {
		t.Errorf("a folder that was set is not kept: %s, %v", c.Data.Directory, err)
	}
}

// The demo is applied at the first start, and again as long as nobody has
// applied a workspace of his own: that one is kept (ADM-3).
func TestDemoLeavesAWorkspaceThatWasAppliedSince(t *testing.T) {
	ctx := t.Context()
	d := demoPlace{folder: t.TempDir()}
	var err error
	if d.record, err = store.Open(ctx, store.Options{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.record.Close() }()
	if d.ws, err = ensureWorkspace(ctx, d.record); err != nil {
		t.Fatal(err)
	}
	start := func(shop string, want bool) []login {
		t.Helper()
		logins, applied, err := d.apply(ctx, shop)
		if err != nil || applied != want {
			t.Fatalf("applied %v, %v; want %v", applied, err, want)
		}
		return logins
	}
	origin := func() string {
		t.Helper()
		s, err := d.record.SiteByKey(ctx, "demo")
		if err != nil || len(s.Origins) != 1 {
			t.Fatalf("the site is %+v, %v", s, err)
		}
		return s.Origins[0]
	}
	first := start("http://127.0.0.1:1", true)
	if len(first) != 3 {
		t.Errorf("logins %v", first)
	}
	if again := start("http://127.0.0.1:2", true); cmp.Diff(first, again) != "" || origin() != "http://127.0.0.1:2" {
		t.Errorf("at the next start, from %s: %v", origin(), again)
	}

	file, err := site.Demo("http://shop.test")
	if err != nil {
		t.Fatal(err)
	}
	file.Agents[0].Password = "a password of my own"
	file.Agents = file.Agents[:2]
	if _, err := site.Apply(ctx, d.record, file); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		left := start("http://127.0.0.1:2", false)
		if cmp.Diff(first[1:2], left) != "" || origin() != "http://shop.test" {
			t.Errorf("after a workspace of one's own, from %s: %v; want %v", origin(), left, first[1:2])
		}
	}
}

// A record that had a workspace before the demo's first start keeps it.
func TestDemoLeavesAWorkspaceThatWasThereBefore(t *testing.T) {
	ctx := t.Context()
	record, err := store.Open(ctx, store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = record.Close() }()
	file, err := site.Demo("http://shop.test")
	if err != nil {
		t.Fatal(err)
	}
	report, err := site.Apply(ctx, record, file)
	if err != nil {
		t.Fatal(err)
	}
	logins, applied, err := demoPlace{record, report.Workspace, t.TempDir()}.apply(ctx, "http://127.0.0.1:1")
	if err != nil || applied || len(logins) != 0 {
		t.Errorf("applied %v, logins %v, %v", applied, logins, err)
	}
}

// A demo of an earlier build, or one that ended while it was applied, goes on as
// the demo with the logins that it kept (ADM-3).
func TestDemoGoesOnWhereItWasInterrupted(t *testing.T) {
	for name, broken := range map[string]func(d demoPlace) error{
		"no version was kept":     func(d demoPlace) error { return os.Remove(filepath.Join(d.folder, "demo-version.json")) },
		"it ended while applying": func(d demoPlace) error { return d.keep("demo-version.json", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			d := demoPlace{folder: t.TempDir()}
			var err error
			if d.record, err = store.Open(ctx, store.Options{Dir: t.TempDir()}); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = d.record.Close() }()
			if d.ws, err = ensureWorkspace(ctx, d.record); err != nil {
				t.Fatal(err)
			}
			first, applied, err := d.apply(ctx, "http://127.0.0.1:1")
			if err != nil || !applied || len(first) != 3 {
				t.Fatalf("applied %v, logins %v, %v", applied, first, err)
			}
			if err := broken(d); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				again, applied, err := d.apply(ctx, "http://127.0.0.1:2")
				if err != nil || !applied || cmp.Diff(first, again) != "" {
					t.Errorf("applied %v, logins %v, %v; want %v", applied, again, err, first)
				}
			}
		})
	}
}

// A demo that ends before anything is applied has kept the logins that will hold.
func TestDemoKeepsItsLoginsBeforeItAppliesThem(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := demoPlace{folder: t.TempDir()}
	var err error
	if d.record, err = store.Open(ctx, store.Options{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.record.Close() }()
	if d.ws, err = ensureWorkspace(ctx, d.record); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := d.declare(ctx, "http://127.0.0.1:1", map[string]string{}); err == nil {
		t.Fatal("it was applied")
	}
	kept := map[string]string{}
	if err := d.read("demo-logins.json", &kept); err != nil || len(kept) != 3 {
		t.Errorf("kept %v, %v", kept, err)
	}
}
