package site

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	keyForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	colorForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	media     = []string{"chat", "audio", "video", "cobrowse"}
)

// A checker gathers what is wrong, each with what to do.
type checker struct{ errs []error }

func (c *checker) wrong(at, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (c *checker) key(at, key string, seen map[string]bool) {
	if !keyForm.MatchString(key) {
		c.wrong(at, "key %q must be 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit", key)
	}
	c.once(at, key, seen)
}

func (c *checker) once(at, name string, seen map[string]bool) {
	if strings.TrimSpace(name) == "" {
		c.wrong(at, "a name is missing; add one")
	}
	if seen[name] {
		c.wrong(at, "%q is declared twice; remove one", name)
	}
	seen[name] = true
}

func (c *checker) named(at, what, name string, known map[string]bool) {
	if !known[name] {
		c.wrong(at, "there is no %s %q; declare it under %ss or correct the name", what, name, what)
	}
}

// check finds everything that cannot be, and fills in defaults.
func (f *File) check() error {
	c := &checker{}
	if f.Workspace.Key == "" {
		f.Workspace.Key = "default"
	}
	c.key("workspace", f.Workspace.Key, map[string]bool{})
	if f.Workspace.Name == "" {
		f.Workspace.Name = f.Workspace.Key
	}
	queues, profiles, roles := map[string]bool{}, map[string]bool{}, map[string]bool{}
	f.checkSettings(c)
	calendars := f.checkCalendars(c)
	for i := range f.Queues {
		f.checkQueue(c, i, queues)
	}
	for i := range f.Queues {
		f.checkReferences(c, i, queues, calendars)
	}
	sites := map[string]bool{}
	for i := range f.Sites {
		f.checkSite(c, i, sites, queues)
	}
	for i, p := range f.Profiles {
		at := fmt.Sprintf("profiles[%d]", i)
		c.once(at, p.Name, profiles)
		for _, q := range p.Queues {
			c.named(at+".queues", "queue", q, queues)
		}
		for _, m := range p.Media {
			if !slices.Contains(media, m) {
				c.wrong(at+".media", "%q is not one of %s", m, strings.Join(media, ", "))
			}
		}
	}
	for i, r := range f.Roles {
		at := fmt.Sprintf("roles[%d]", i)
		c.once(at, r.Name, roles)
		for _, p := range r.Permissions {
			if !slices.Contains(protocol.Permissions(), protocol.Permission(p)) {
				c.wrong(at+".permissions", "%q is not a right; the rights are %v", p, protocol.Permissions())
			}
		}
	}
	emails := map[string]bool{}
	for i := range f.Agents {
		f.checkAgent(c, i, emails, roles, profiles)
	}
	return errors.Join(c.errs...)
}

func (f *File) checkSite(c *checker, i int, sites, queues map[string]bool) {
	s := &f.Sites[i]
	at := fmt.Sprintf("sites[%d]", i)
	c.key(at, s.Key, sites)
	if s.Name = protocol.Name(s.Name); s.Name == "" {
		s.Name = s.Key
	}
	if s.Color == "" {
		s.Color = "#0b57d0"
	}
	if !colorForm.MatchString(s.Color) {
		c.wrong(at+".color", "%q must be #rrggbb", s.Color)
	}
	for _, o := range s.Origins {
		if !isOrigin(o) {
			c.wrong(at+".origins", "%q must be scheme://host[:port] without a path, such as https://www.example.com", o)
		}
	}
	if len(s.Queues) == 0 {
		c.wrong(at+".queues", "a site needs a queue; name at least one")
	}
	for _, q := range s.Queues {
		c.named(at+".queues", "queue", q, queues)
	}
	c.within(at+".waiting_limit", int64(s.WaitingLimit), 0, 1_000_000)
	c.within(at+".running_limit", int64(s.RunningLimit), 0, 1_000_000)
	c.among(at+".when_nobody", s.WhenNobody, "wait", "message")
	kids := map[string]bool{}
	for j := range s.Identity {
		f.checkIdentity(c, fmt.Sprintf("%s.identity[%d]", at, j), &s.Identity[j], kids)
	}
}

func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && text == u.Scheme+"://"+u.Host && u.Hostname() != "" &&
		!strings.ContainsAny(u.Host, "*;, '\"")
}

func (f *File) checkIdentity(c *checker, at string, k *IdentityKey, kids map[string]bool) {
	c.once(at+".id", k.ID, kids)
	if k.SecretFile != "" {
		k.Secret = f.readBeside(c, at+".secret_file", k.SecretFile, k.Secret)
		k.SecretFile = ""
	}
	if _, err := people.ParseIdentityKey(store.IdentityKey{ID: k.ID, Algorithm: k.Algorithm, Secret: k.Secret}); err != nil {
		c.wrong(at, "%v", err)
	}
}

func (f *File) checkAgent(c *checker, i int, emails, roles, profiles map[string]bool) {
	a := &f.Agents[i]
	at := fmt.Sprintf("agents[%d]", i)
	a.Email = strings.ToLower(strings.TrimSpace(a.Email))
	if addr, err := mail.ParseAddress(a.Email); err != nil || addr.Address != a.Email {
		c.wrong(at+".email", "%q is not an e-mail address", a.Email)
	}
	c.once(at+".email", a.Email, emails)
	if a.Name = protocol.Name(a.Name); a.Name == "" {
		c.wrong(at+".name", "a name is missing; visitors read it")
	}
	c.named(at+".role", "role", a.Role, roles)
	c.named(at+".profile", "profile", a.Profile, profiles)
	if len(a.Profiles) > 50 {
		c.wrong(at+".profiles", "%d are more than people can choose of; keep 50 at most", len(a.Profiles))
	}
	seen := map[string]bool{}
	for _, p := range a.Profiles {
		c.named(at+".profiles", "profile", p, profiles)
		c.once(at+".profiles", p, seen)
	}
	c.levels(at+".skills", a.Skills, 1, f.Settings.Skills)
	if a.MaxChats == 0 {
		a.MaxChats = store.Units / store.Cost
	}
	c.within(at+".max_chats", int64(a.MaxChats), 1, mostAtOnce)
	c.within(at+".max_video", int64(a.MaxVideo), 0, mostAtOnce)
	c.within(at+".offer_seconds", a.OfferSeconds, 0, 600)
	if a.PasswordFile != "" {
		a.Password = f.readBeside(c, at+".password_file", a.PasswordFile, a.Password)
		a.PasswordFile = ""
	}
	if a.Password != "" && a.Password != random && (len(a.Password) < 8 || len(a.Password) > people.MaxPassword) {
		c.wrong(at+".password", "a password has 8 to %d bytes; or write random", people.MaxPassword)
	}
}

// readBeside reads a file that the workspace file names instead of a value.
func (f *File) readBeside(c *checker, at, path, given string) string {
	if given != "" {
		c.wrong(at, "both the value and its file are given; use one")
		return given
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.dir, path)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		c.wrong(at, "%v", err)
		return ""
	}
	return strings.TrimRight(string(data), "\r\n")
}
