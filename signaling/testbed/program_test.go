package testbed

import (
	"strings"
	"testing"
)

func TestMissingProgramNamesItsPackage(t *testing.T) {
	_, err := program("no-such-server", "server-package", "/no/such/*/folder")
	if err == nil || !strings.Contains(err.Error(), "apt-get install server-package") {
		t.Errorf("error = %v, want one that says what to install", err)
	}
	if path, err := program("sh", "dash"); err != nil || path == "" {
		t.Errorf("sh = %q, %v", path, err)
	}
}
