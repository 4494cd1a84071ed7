package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A login is somebody who can sign in at the demo's desk.
type login struct{ Email, Password string }

// A demoPlace is a record and the data folder beside it, where the demo keeps
// its passwords and which version of the workspace is its own.
type demoPlace struct {
	record *store.Store
	ws     protocol.WorkspaceID
	folder string
}

// apply makes the record's workspace the demo's, and gives the logins. The
// passwords are made at the first start. A workspace that was applied since is
// left as it is, applied is then false and the logins are those that still hold.
func (d demoPlace) apply(ctx context.Context, shop string) (logins []login, applied bool, err error) {
	passwords, own := map[string]string{}, int64(0)
	if err := d.read("demo-logins.json", &passwords); err != nil {
		return nil, false, err
	}
	if err := d.read("demo-version.json", &own); err != nil {
		return nil, false, err
	}
	ours, err := d.ours(ctx, own, len(passwords) > 0)
	if err != nil {
		return nil, false, err
	}
	if ours {
		if err := d.declare(ctx, shop, passwords); err != nil {
			return nil, false, err
		}
	}
	logins, err = d.holding(ctx, passwords)
	return logins, ours, err
}

// ours tells whether the workspace is what the demo made it, or nothing yet. With
// logins that are kept and no version it is: a start has ended while it applied
// the demo, or was of a build that kept no version.
func (d demoPlace) ours(ctx context.Context, own int64, begun bool) (bool, error) {
	if own == 0 && begun {
		return true, nil
	}
	version, err := d.record.Version(ctx, d.ws)
	if err != nil {
		return false, err
	}
	if own != 0 {
		return own == version, nil
	}
	agents, err := d.record.Agents(ctx, d.ws)
	return len(agents) == 0, err
}

// declare applies the demo's file, and adds to the passwords those that it made.
func (d demoPlace) declare(ctx context.Context, shop string, passwords map[string]string) error {
	file, err := site.Demo(shop)
	if err != nil {
		return err
	}
	made := false
	for i, agent := range file.Agents {
		if passwords[agent.Email] == "" {
			passwords[agent.Email], made = people.NewToken()[:16], true
		}
		file.Agents[i].Password = passwords[agent.Email]
	}
	// Kept before they are applied: whenever this ends, the next start goes on.
	if made {
		err = d.keep("demo-logins.json", passwords)
	}
	if err == nil {
		err = d.keep("demo-version.json", 0)
	}
	if err != nil {
		return err
	}
	report, err := site.Apply(ctx, d.record, file)
	if err != nil {
		return err
	}
	version, err := d.record.Version(ctx, report.Workspace)
	if err != nil {
		return err
	}
	return d.keep("demo-version.json", version)
}

// holding are the logins by which somebody can sign in now, in the demo's order.
func (d demoPlace) holding(ctx context.Context, passwords map[string]string) ([]login, error) {
	file, err := site.Demo()
	if err != nil {
		return nil, err
	}
	var logins []login
	for _, agent := range file.Agents {
		password := passwords[agent.Email]
		known, err := d.record.AgentByEmail(ctx, agent.Email)
		if e, said := protocol.AsError(err); err != nil && said && e.Code == protocol.CodeNotFound || err == nil && (known.Disabled || password == "") {
			continue
		}
		if err != nil {
			return nil, err
		}
		right, _, err := people.CheckPassword(ctx, known.PasswordHash, password)
		if err != nil {
			return nil, fmt.Errorf("check a password of the demo: %w", err)
		}
		if right {
			logins = append(logins, login{agent.Email, password})
		}
	}
	return logins, nil
}

// read reads what the demo keeps; what is not there leaves into as it is.
func (d demoPlace) read(name string, into any) error {
	data, err := os.ReadFile(filepath.Join(d.folder, name)) //nolint:gosec // the administrator's data folder, and names of ours
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("read what the demo keeps in %s: %w", name, err)
	}
	return nil
}

func (d demoPlace) keep(name string, what any) error {
	data, err := json.MarshalIndent(what, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(d.folder, name), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep what the demo needs in %s: %w", name, err)
	}
	return nil
}
