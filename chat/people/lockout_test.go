package people

import (
	"fmt"
	"testing"
	"time"
)

func TestManyNetworksTogetherAreStopped(t *testing.T) { // S17
	l := newLockout(time.Now)
	for i := range triesPerAccount {
		if err := l.try("anna@shop.test", fmt.Sprintf("192.0.2.%d", i)); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if err := l.try("anna@shop.test", "198.51.100.7"); err == nil {
		t.Error("one more network may try")
	}
	if err := l.try("ben@shop.test", "198.51.100.7"); err != nil {
		t.Errorf("another account is locked: %v", err)
	}
}
