package people

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// sessionFor is how long an agent's session lives at the most where Options say
// nothing; unused it ends earlier, as the store says.
const sessionFor = 7 * 24 * time.Hour

// Options of New. All have defaults.
type Options struct {
	SessionFor time.Duration // how long an agent's session lives at the most; 0 is 7 days
	Logger     *slog.Logger
	Now        func() time.Time // of lockouts and of the sites' signatures
}

// People proves identities. Its methods may be called concurrently.
type People struct {
	record  *store.Store
	log     *slog.Logger
	now     func() time.Time
	lockout *lockout

	sessionFor time.Duration
}

// New makes a People over a record.
func New(record *store.Store, o Options) *People {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SessionFor == 0 {
		o.SessionFor = sessionFor
	}
	return &People{record: record, log: o.Logger, now: o.Now, lockout: newLockout(o.Now), sessionFor: o.SessionFor}
}

// nobody is a hash that no password fits; an unknown address costs the same work.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func errSignIn() error {
	return protocol.NewError(protocol.CodeUnauthenticated, "The e-mail address or the password is wrong.")
}

// SignIn proves an agent by e-mail and password and opens a session. The token
// is given out once and kept only as its SHA-256. An unknown address, a wrong
// password and a disabled agent give the same error after the same work (S17);
// CodeRateLimited says that there were too many wrong ones.
func (p *People) SignIn(ctx context.Context, email, password, ip string) (protocol.Principal, string, time.Time, error) {
	none := protocol.Principal{}
	email = strings.ToLower(strings.TrimSpace(email))
	if err := p.lockout.try(email, ip); err != nil {
		return none, "", time.Time{}, err
	}
	agent, err := p.check(ctx, email, password)
	if err != nil {
		return none, "", time.Time{}, err
	}
	p.lockout.right(email, ip)
	now, err := p.record.Now(ctx)
	if err != nil {
		return none, "", time.Time{}, fmt.Errorf("sign in: %w", err)
	}
	token, expires := NewToken(), now+p.sessionFor.Milliseconds()
	if err := p.record.CreateSession(ctx, TokenHash(token), agent, expires, ip); err != nil {
		return none, "", time.Time{}, fmt.Errorf("sign in: %w", err)
	}
	return principal(agent, TokenHash(token)), token, time.UnixMilli(expires), nil
}

func (p *People) check(ctx context.Context, email, password string) (store.Agent, error) {
	agent, err := p.record.AgentByEmail(ctx, email)
	var known *protocol.Error
	if err != nil && (!errors.As(err, &known) || known.Code != protocol.CodeNotFound) {
		return agent, fmt.Errorf("sign in: %w", err)
	}
	hash := agent.PasswordHash
	if err != nil || hash == "" {
		hash = nobody
	}
	right, outdated, err := CheckPassword(ctx, hash, password)
	if err != nil {
		return agent, fmt.Errorf("sign in: %w", err)
	}
	if !right || agent.Disabled || agent.ID == "" {
		return agent, errSignIn()
	}
	if outdated {
		agent.PasswordHash = p.renew(ctx, agent, password)
	}
	return agent, nil
}

// renew replaces a hash of old parameters and gives the one that is kept then.
// That it fails keeps nobody out.
func (p *People) renew(ctx context.Context, agent store.Agent, password string) string {
	hash, err := HashPassword(ctx, password)
	if err == nil {
		err = p.record.SetPasswordHash(ctx, agent.Workspace, agent.ID, hash)
	}
	if err != nil {
		p.log.Warn("renew password hash", "agent", agent.ID, "err", err)
		return agent.PasswordHash
	}
	return hash
}

func principal(a store.Agent, session string) protocol.Principal {
	return protocol.Principal{
		Kind: protocol.KindAgent, Workspace: a.Workspace, Agent: a.ID, Name: a.Name, Permissions: a.Permissions, Session: session,
	}
}

// Session proves an agent by a session's token. CodeUnauthenticated when it
// has ended, was idle for 12 hours, or the agent is disabled.
func (p *People) Session(ctx context.Context, token string) (protocol.Principal, error) {
	if token == "" || len(token) > maxToken {
		return protocol.Principal{}, protocol.NewError(protocol.CodeUnauthenticated, "Please sign in.")
	}
	agent, _, err := p.record.Session(ctx, TokenHash(token))
	if err != nil {
		return protocol.Principal{}, fmt.Errorf("prove session: %w", err)
	}
	return principal(agent, TokenHash(token)), nil
}

// Sessions tells which of many sessions still hold, by Principal.Session, and
// for whom. Those that Session would refuse are left out.
func (p *People) Sessions(ctx context.Context, sessions []string) (map[string]protocol.Principal, error) {
	agents, err := p.record.Sessions(ctx, sessions)
	if err != nil {
		return nil, fmt.Errorf("prove sessions: %w", err)
	}
	held := make(map[string]protocol.Principal, len(agents))
	for session, agent := range agents {
		held[session] = principal(agent, session)
	}
	return held, nil
}

// EndedVisitors tells which of many visitors have had their token ended. One that
// is not known here counts as not ended.
func (p *People) EndedVisitors(ctx context.Context, visitors []protocol.VisitorID) (map[protocol.VisitorID]bool, error) {
	ended, err := p.record.EndedVisitors(ctx, visitors)
	if err != nil {
		return nil, fmt.Errorf("prove visitors: %w", err)
	}
	return ended, nil
}

// SignOut ends an agent's session, or a visitor's token for good. One that has
// ended before is no error.
func (p *People) SignOut(ctx context.Context, who protocol.Principal) error {
	var err error
	if who.Kind == protocol.KindVisitor {
		err = p.record.EndVisitor(ctx, who.Workspace, who.Visitor)
	} else {
		err = p.record.DeleteSession(ctx, who.Session)
	}
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}

// maxEmail is how many characters of an address are kept.
const maxEmail = 254

// NewVisitor makes a visitor of a site and the token that proves it. identity
// is a JWT of the site's backend, or empty; what it says of name and e-mail
// goes before name. A JWT that does not hold is refused, never ignored (S6).
func (p *People) NewVisitor(ctx context.Context, site store.Site, identity, name string) (protocol.Principal, string, error) {
	v := store.Visitor{
		ID: protocol.NewID[protocol.VisitorID](), Workspace: site.Workspace, Site: site.ID, Name: protocol.Name(name),
	}
	if identity != "" {
		signed, err := readIdentity(site, identity, p.now)
		if err != nil {
			return protocol.Principal{}, "", err
		}
		v.Subject, v.Email = signed.Subject, protocol.OneLine(signed.Email, maxEmail)
		if signed.Name != "" {
			v.Name = protocol.Name(signed.Name)
		}
	}
	token := NewToken()
	if err := p.record.CreateVisitor(ctx, v, TokenHash(token)); err != nil {
		return protocol.Principal{}, "", fmt.Errorf("new visitor: %w", err)
	}
	return visitor(v, TokenHash(token)), token, nil
}

func visitor(v store.Visitor, session string) protocol.Principal {
	return protocol.Principal{
		Kind: protocol.KindVisitor, Workspace: v.Workspace, Visitor: v.ID, Site: v.Site, Name: v.Name, Session: session,
	}
}

// Visitor proves a visitor by token, and notes that it was seen.
func (p *People) Visitor(ctx context.Context, token string) (protocol.Principal, error) {
	if token == "" || len(token) > maxToken {
		return protocol.Principal{}, protocol.NewError(protocol.CodeUnauthenticated, "This visit is not known here any more. Begin a new one.")
	}
	v, err := p.record.VisitorByToken(ctx, TokenHash(token))
	if err != nil {
		return protocol.Principal{}, fmt.Errorf("prove visitor: %w", err)
	}
	if err := p.record.TouchVisitor(ctx, v.Workspace, v.ID); err != nil {
		p.log.Warn("touch visitor", "visitor", v.ID, "err", err)
	}
	return visitor(v, TokenHash(token)), nil
}
