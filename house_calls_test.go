package parlour_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// CALL-4: a browser tries twice before its call is given up.
func TestACallHasTheTimeOfTwoTries(t *testing.T) {
	try := regexp.MustCompile(`const connectWait = ([\d_]+);`).FindStringSubmatch(readText(t, "web/shared/src/browser/call-leg.ts"))
	limit := regexp.MustCompile(`setup_timeout: "(\w+)"`).FindStringSubmatch(readText(t, "configs/parlour.yaml"))
	if try == nil || limit == nil {
		t.Fatal("the browser's try or the server's limit was not found")
	}
	ms, err := strconv.Atoi(strings.ReplaceAll(try[1], "_", ""))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := time.ParseDuration(limit[1])
	if err != nil {
		t.Fatal(err)
	}
	if one := time.Duration(ms) * time.Millisecond; whole <= 2*one {
		t.Errorf("call.setup_timeout is %v, and two tries of a browser take %v", whole, 2*one)
	}
}
