package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Apply makes the workspace what w declares, in one transaction. It is
// idempotent: what is the same is left alone and not reported. Rows are found
// by key, name or e-mail and keep the id they have; references in w follow.
// Sites, queues and agents that w no longer has are disabled, never deleted;
// profiles and roles stay. An agent's lower limit takes nothing away. The
// sessions of an agent who is disabled or gets another password end with it,
// for good: who is enabled again signs in again.
func (s *Store) Apply(ctx context.Context, w Workspace) (Changes, error) {
	changes, err := write(ctx, s, func(ctx context.Context, t *tx) (Changes, error) {
		a := &applying{tx: t, workspace: w.ID, ids: map[string]string{}}
		err := a.everything(ctx, w)
		return a.changes, err
	})
	if err != nil {
		return Changes{}, fmt.Errorf("apply workspace: %w", err)
	}
	return changes, nil
}

// applying is one Apply under way.
type applying struct {
	*tx
	workspace protocol.WorkspaceID
	ids       map[string]string // declared id: the id that the record has
	changes   Changes
}

// A declaration is one row that the file declares.
type declaration struct {
	table, keyColumn string
	id, key          string
	columns          []string
	values           []any // of columns
	fresh            []any // further columns and values, in pairs, of a new row only
}

func (a *applying) everything(ctx context.Context, w Workspace) error {
	_, err := a.exec(ctx, `INSERT INTO workspaces (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name`, w.ID, w.Name)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, Workspace) error{a.settings, a.calendars, a.queues, a.sites, a.profiles, a.roles, a.agents, a.version} {
		if err := step(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) queues(ctx context.Context, w Workspace) error {
	var keys []string
	for _, q := range w.Queues { // rules name queues that stand further down
		if err := a.find(ctx, "queues", "key", string(q.ID), q.Key); err != nil {
			return err
		}
	}
	for i, q := range w.Queues {
		keys = append(keys, q.Key)
		rules, err := toJSON(a.rules(q.Rules))
		if err != nil {
			return err
		}
		err = a.declare(ctx, declaration{
			table: "queues", keyColumn: "key", id: string(q.ID), key: q.Key,
			columns: []string{"name", "weight", "offer_ms", "wrap_ms", "position", "disabled", "rules"},
			values:  []any{q.Name, int64(q.Weight), q.OfferMs, q.WrapUpMs, int64(i), int64(0), rules},
		})
		if err != nil {
			return err
		}
	}
	return a.disable(ctx, "queues", "key", keys)
}

func (a *applying) sites(ctx context.Context, w Workspace) error {
	var keys []string
	for _, site := range w.Sites {
		keys = append(keys, site.Key)
		var lists [5]string
		for i, v := range []any{site.Origins, mapped(a, site.Queues), site.Identity, site.Mask, site.Rules} {
			var err error
			if lists[i], err = toJSON(v); err != nil {
				return err
			}
		}
		err := a.declare(ctx, declaration{
			table: "sites", keyColumn: "key", id: string(site.ID), key: site.Key,
			columns: []string{"name", "origins", "queues", "audio", "video", "cobrowse", "host_storage", "identity", "mask", "color", "rules", "disabled"},
			values: []any{
				site.Name, lists[0], lists[1], number(site.Audio), number(site.Video), number(site.Cobrowse), number(site.HostStorage),
				lists[2], lists[3], site.Color, lists[4], int64(0),
			},
		})
		if err != nil {
			return err
		}
	}
	return a.disable(ctx, "sites", "key", keys)
}

func (a *applying) profiles(ctx context.Context, w Workspace) error {
	for _, p := range w.Profiles {
		queues, err := toJSON(mapped(a, p.Queues))
		if err != nil {
			return err
		}
		media, err := toJSON(p.Media)
		if err != nil {
			return err
		}
		err = a.declare(ctx, declaration{
			table: "profiles", keyColumn: "name", id: string(p.ID), key: p.Name,
			columns: []string{"queues", "media"}, values: []any{queues, media},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) roles(ctx context.Context, w Workspace) error {
	for _, r := range w.Roles {
		permissions, err := toJSON(r.Permissions)
		if err != nil {
			return err
		}
		err = a.declare(ctx, declaration{
			table: "roles", keyColumn: "name", id: string(r.ID), key: r.Name,
			columns: []string{"permissions"}, values: []any{permissions},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) agents(ctx context.Context, w Workspace) error {
	now, err := a.time(ctx)
	if err != nil {
		return err
	}
	var emails []string
	for _, g := range w.Agents {
		email := foldEmail(g.Email)
		emails = append(emails, email)
		profile, profiles, err := a.chosen(ctx, g, email)
		if err != nil {
			return err
		}
		var texts [3]string
		for i, v := range []any{profiles, levels(g.Skills), g.Rules} {
			if texts[i], err = toJSON(v); err != nil {
				return err
			}
		}
		d := declaration{
			table: "agents", keyColumn: "email", id: string(g.ID), key: email,
			columns: []string{"name", "role", "profile", "max_chats", "disabled", "profiles", "skills", "rules"},
			values: []any{
				g.Name, a.known(string(g.Role)), profile, int64(g.MaxChats), number(g.Disabled), texts[0], texts[1], texts[2],
			},
			fresh: []any{"declared", string(protocol.DeclaredOffline), "reason", "", "declared_at", now},
		}
		if g.PasswordHash != "" {
			d.columns, d.values = append(d.columns, "password_hash"), append(d.values, g.PasswordHash)
		} else {
			d.fresh = append(d.fresh, "password_hash", "")
		}
		if err := a.endSessions(ctx, email, g); err != nil {
			return err
		}
		if err := a.declare(ctx, d); err != nil {
			return err
		}
		if _, err := a.touch(ctx, a.workspace, "agent:"+a.known(string(g.ID))); err != nil {
			return err
		}
	}
	return a.disable(ctx, "agents", "email", emails)
}

// endSessions ends those of an agent who is to be disabled or gets another
// password. It stands before the row is changed.
func (a *applying) endSessions(ctx context.Context, email string, g Agent) error {
	if !g.Disabled && g.PasswordHash == "" {
		return nil
	}
	hash, found, err := one(ctx, a.tx, scanString, `SELECT password_hash FROM agents WHERE workspace = $1 AND email = $2`+a.lock, a.workspace, email)
	if err == nil && (!found || !g.Disabled && hash == g.PasswordHash) {
		return nil
	}
	var id string
	if err == nil { // the row is locked: a session that is being opened comes before or not at all
		id, _, err = one(ctx, a.tx, scanString, `SELECT id FROM agents WHERE workspace = $1 AND email = $2`, a.workspace, email)
	}
	if err == nil {
		_, err = a.exec(ctx, `DELETE FROM sessions WHERE workspace = $1 AND agent = $2`, a.workspace, id)
	}
	if err == nil {
		reason := CausePasswordChanged
		if g.Disabled {
			reason = CauseAgentDisabled
		}
		err = turnAway(ctx, a.tx, a.workspace, protocol.AgentID(id), reason)
	}
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", email, err)
	}
	return nil
}

// known is the id that the record has for a declared one.
func (a *applying) known(id string) string {
	if kept, ok := a.ids[id]; ok {
		return kept
	}
	return id
}

func mapped[ID ~string](a *applying, ids []ID) []ID {
	list := make([]ID, len(ids))
	for i, id := range ids {
		list[i] = ID(a.known(string(id)))
	}
	return list
}

// declare inserts a row, or updates it where it differs.
func (a *applying) declare(ctx context.Context, d declaration) error {
	id, found, err := one(ctx, a.tx, scanString, `SELECT id FROM `+d.table+` WHERE workspace = $1 AND `+d.keyColumn+` = $2`, a.workspace, d.key)
	if err != nil {
		return fmt.Errorf("%s %s: %w", d.table, d.key, err)
	}
	if !found {
		a.changes.Created = append(a.changes.Created, d.table+" "+d.key)
		return a.insert(ctx, d)
	}
	a.ids[d.id] = id
	var set, differs []string
	args := []any{a.workspace, id}
	for i, column := range d.columns {
		args = append(args, d.values[i])
		set = append(set, fmt.Sprintf("%s = $%d", column, i+3))
		differs = append(differs, fmt.Sprintf("%s <> $%d", column, i+3))
	}
	n, err := a.exec(ctx, `UPDATE `+d.table+` SET `+strings.Join(set, ", ")+` WHERE workspace = $1 AND id = $2 AND (`+strings.Join(differs, " OR ")+`)`, args...)
	if err != nil {
		return fmt.Errorf("%s %s: %w", d.table, d.key, err)
	}
	if n > 0 {
		a.changes.Updated = append(a.changes.Updated, d.table+" "+d.key)
	}
	return nil
}

func (a *applying) insert(ctx context.Context, d declaration) error {
	columns, args := []string{"id", "workspace", d.keyColumn}, []any{d.id, a.workspace, d.key}
	columns, args = append(columns, d.columns...), append(args, d.values...)
	for i := 0; i < len(d.fresh); i += 2 {
		columns, args = append(columns, d.fresh[i].(string)), append(args, d.fresh[i+1])
	}
	places := make([]string, len(args))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	_, err := a.exec(ctx, `INSERT INTO `+d.table+` (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`, args...)
	if err != nil {
		return fmt.Errorf("%s %s: %w", d.table, d.key, err)
	}
	return nil
}

// disable takes out of use what the file no longer declares.
func (a *applying) disable(ctx context.Context, table, keyColumn string, declared []string) error {
	have, err := all(ctx, a.tx, scanString, `SELECT `+keyColumn+` FROM `+table+` WHERE workspace = $1 AND disabled = 0 ORDER BY `+keyColumn, a.workspace)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, key := range declared {
		wanted[key] = true
	}
	for _, key := range have {
		if wanted[key] {
			continue
		}
		_, err := a.exec(ctx, `UPDATE `+table+` SET disabled = 1 WHERE workspace = $1 AND `+keyColumn+` = $2`, a.workspace, key)
		if err != nil {
			return err
		}
		a.changes.Disabled = append(a.changes.Disabled, table+" "+key)
		if table != "agents" {
			continue
		}
		if err := a.endSessions(ctx, key, Agent{Disabled: true}); err != nil {
			return err
		}
	}
	return nil
}
