package main

import (
	"testing"

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
