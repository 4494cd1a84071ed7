package site_test

import (
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/chat/site"
)

// A wrong key is told in the words of the file.
func TestUnknownKeysAreToldWithTheNearest(t *testing.T) {
	for file, want := range map[string]string{
		"workspace: {key: default, name: A}\n\nqueus:\n  - {key: sales, name: Sales}\n":               "unknown key `queus` in line 3: did you mean `queues`?",
		"workspace:\n  key: default\n  nam: A\n":                                                      "unknown key `nam` in line 3: did you mean `name`?",
		"workspace: {key: default, name: A}\nsites:\n  - key: www\n    name: W\n    Orgins: []\n":     "unknown key `Orgins` in line 5: did you mean `origins`?",
		"workspace: {key: default, name: A}\nagents:\n  - {email: a@b.c, name: A, pasword: random}\n": "unknown key `pasword` in line 3: did you mean `password`?",
	} {
		_, err := site.Parse([]byte(file), "")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "site.") || strings.Contains(err.Error(), "struct") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
