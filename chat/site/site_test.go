package site_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func demo(t *testing.T, origins ...string) *site.File {
	t.Helper()
	f, err := site.Demo(origins...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDemoIsAppliedOnce(t *testing.T) {
	s := open(t)
	first, err := site.Apply(t.Context(), s, demo(t, "http://127.0.0.1:8090"))
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Passwords) != 3 || len(first.Changes.Created) != 12 {
		t.Errorf("first: %d passwords, %v", len(first.Passwords), first.Changes)
	}
	second, err := site.Apply(t.Context(), s, demo(t, "http://127.0.0.1:8090"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(site.Report{Workspace: first.Workspace, Passwords: map[string]string{}}, second); d != "" {
		t.Errorf("the same file again: %s", d)
	}
	p := people.New(s, people.Options{})
	for email, password := range first.Passwords {
		who, _, _, err := p.SignIn(t.Context(), email, password, "127.0.0.1")
		if err != nil {
			t.Errorf("%s: %v", email, err)
		}
		if admin := email == "sam@demo.test"; who.Can(protocol.PermAdmin) != admin {
			t.Errorf("%s may administrate: %v", email, !admin)
		}
	}
	found, err := s.SiteByKey(t.Context(), "demo")
	if err != nil || len(found.Queues) != 4 || found.Origins[0] != "http://127.0.0.1:8090" || !found.Cobrowse {
		t.Errorf("site %+v, %v", found, err)
	}
	a, err := s.AgentByEmail(t.Context(), "anna@demo.test")
	if err != nil || a.MaxChats != 4 || len(a.Profile.Queues) != 4 || a.Profile.Queues[0] != found.Queues[0] || len(a.Profile.Media) != 4 {
		t.Errorf("agent %+v, %v", a, err)
	}
}

func TestWhatIsWrongIsTold(t *testing.T) {
	const good = "queues: [{key: q}]\nsites: [{key: s, queues: [q]}]\nprofiles: [{name: p, queues: [q], media: [chat]}]\n" +
		"roles: [{name: r, permissions: [desk]}]\nagents: [{email: a@b.c, name: A, role: r, profile: p}]\n"
	if _, err := site.Parse([]byte(good), ""); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, from, to, want string }{
		{"unknown key", "name: A", "title: A", "unknown key `title` in line 5: there are `email`"},
		{"unknown queue", "s, queues: [q]", "s, queues: [z]", `there is no queue "z"; declare it`},
		{"no queue", "s, queues: [q]", "s", "name at least one"},
		{"bad origin", "key: s", "key: s, origins: ['https://x.test/path']", "without a path"},
		{"any origin", "key: s", "key: s, origins: ['https://*.x.test']", "without a path"},
		{"unknown right", "[desk]", "[fly]", `"fly" is not a right`},
		{"unknown role", "role: r", "role: x", `there is no role "x"`},
		{"weak key", "key: s", "key: s, identity: [{id: k, algorithm: HS256, secret: short}]", "at least 32 bytes"},
		{"unknown algorithm", "key: s", "key: s, identity: [{id: k, algorithm: none, secret: x}]", "use HS256 or ES256"},
		{"short password", "name: A", "name: A, password: abc", "8 to 1024 bytes"},
		{"too many chats", "name: A", "name: A, max_chats: 11", "must be 1 to 10"},
		{"no e-mail", "a@b.c", "anna", "not an e-mail address"},
		{"a name of which nothing can be seen", "name: A", `name: "\u202E\u200B"`, "a name is missing"},
		{"twice", "{key: q}", "{key: q}, {key: q}", "declared twice"},
		{"empty", good, "", "the file is empty"},
		{"missing file", "name: A", "name: A, password_file: none", "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(good, tt.from, tt.to, 1)
			if text == good {
				t.Fatal("the test changes nothing")
			}
			if _, err := site.Parse([]byte(text), t.TempDir()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestPasswordsFromFilesAreIdempotent(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pw", "first password\n")
	write("w.yaml", "profiles: [{name: p}]\nroles: [{name: r}]\nagents: [{email: A@b.c, name: A, role: r, profile: p, password_file: pw}]\n")
	s := open(t)
	apply := func() site.Report {
		f, err := site.ReadFile(filepath.Join(dir, "w.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := site.Apply(t.Context(), s, f)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	apply()
	if r := apply(); len(r.Changes.Updated) != 0 {
		t.Errorf("the same password changed %v", r.Changes.Updated)
	}
	write("pw", "second password\n")
	if r := apply(); len(r.Changes.Updated) != 1 {
		t.Errorf("a new password changed %v", r.Changes.Updated)
	}
	if _, _, _, err := people.New(s, people.Options{}).SignIn(t.Context(), "a@b.c", "second password", "::1"); err != nil {
		t.Error(err)
	}
}

func TestChangesAreSeenInTime(t *testing.T) { // SITE-2
	s := open(t)
	if _, err := site.Apply(t.Context(), s, demo(t, "http://a.test")); err != nil {
		t.Fatal(err)
	}
	c := site.NewCache(s)
	now := time.Now()
	c.SetClock(func() time.Time { return now })
	before, err := c.Site(t.Context(), "demo")
	if err != nil || before.Origins[0] != "http://a.test" {
		t.Fatalf("%+v, %v", before, err)
	}
	if _, err := site.Apply(t.Context(), s, demo(t, "http://b.test")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(5 * time.Second)
	after, err := c.SiteByID(t.Context(), before.Workspace, before.ID)
	if err != nil || after.Origins[0] != "http://b.test" {
		t.Errorf("%+v, %v", after, err)
	}
	if _, err := c.Site(t.Context(), "nowhere"); err == nil {
		t.Error("an unknown site was found")
	}
	for key, want := range map[string]string{"": "Sales", "support": "Support", "none": ""} {
		if q, err := c.QueueOf(t.Context(), after, key); q.Name != want || (err != nil) != (want == "") {
			t.Errorf("queue %q is %q, %v", key, q.Name, err)
		}
	}
	queues, err := c.Queues(t.Context(), before.Workspace)
	if err != nil || len(queues) != 4 || queues[0].WrapUpMs != 60000 {
		t.Errorf("queues %+v, %v", queues, err)
	}
}
