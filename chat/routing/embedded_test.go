package routing

import (
	"sync"
	"testing"
)

func TestTheEmbeddedServerEndsWhileItIsDialled(t *testing.T) { // L2
	for range 50 {
		client, stop := Embedded(t.Context())
		var dialling sync.WaitGroup
		for range 4 {
			dialling.Go(func() { _ = client.Ping(t.Context()).Err() }) // it may have ended
		}
		stop()
		dialling.Wait()
		if client.Ping(t.Context()).Err() == nil {
			t.Fatal("a server that has ended answers")
		}
	}
}
