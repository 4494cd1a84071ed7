package store

import (
	"context"
	"fmt"
	"slices"
)

func (a *applying) settings(ctx context.Context, w Workspace) error {
	settings, err := toJSON(w.Settings)
	if err != nil {
		return err
	}
	n, err := a.exec(ctx, `UPDATE workspaces SET settings = $2 WHERE id = $1 AND settings <> $2`, a.workspace, settings)
	if err == nil && n > 0 {
		a.changes.Updated = append(a.changes.Updated, "workspaces settings")
	}
	return err
}

func (a *applying) calendars(ctx context.Context, w Workspace) error {
	have, err := all(ctx, a.tx, scanString, `SELECT key FROM calendars WHERE workspace = $1 ORDER BY key`, a.workspace)
	if err != nil {
		return err
	}
	for _, c := range w.Calendars {
		body, err := toJSON(c)
		if err != nil {
			return err
		}
		err = a.declare(ctx, declaration{
			table: "calendars", keyColumn: "key", id: c.ID, key: c.Key, columns: []string{"zone", "body"}, values: []any{c.Zone, body},
		})
		if err != nil {
			return err
		}
		have = slices.DeleteFunc(have, func(key string) bool { return key == c.Key })
	}
	for _, key := range have {
		if _, err := a.exec(ctx, `DELETE FROM calendars WHERE workspace = $1 AND key = $2`, a.workspace, key); err != nil {
			return err
		}
		a.changes.Disabled = append(a.changes.Disabled, "calendars "+key)
	}
	return nil
}

// version tells whoever keeps what the workspace declares that it has changed.
func (a *applying) version(ctx context.Context, _ Workspace) error {
	if len(a.changes.Created)+len(a.changes.Updated)+len(a.changes.Disabled) == 0 {
		return nil
	}
	_, err := a.exec(ctx, `UPDATE workspaces SET version = version + 1 WHERE id = $1`, a.workspace)
	return err
}

// find notes the id that the record has for a declared row, if it has it.
func (a *applying) find(ctx context.Context, table, keyColumn, id, key string) error {
	kept, found, err := one(ctx, a.tx, scanString, `SELECT id FROM `+table+` WHERE workspace = $1 AND `+keyColumn+` = $2`, a.workspace, key)
	if err != nil {
		return fmt.Errorf("%s %s: %w", table, key, err)
	}
	if found {
		a.ids[id] = kept
	}
	return nil
}

// rules are a queue's with the queues that they name.
func (a *applying) rules(r QueueRules) QueueRules {
	r.Overflow = slices.Clone(r.Overflow)
	for i := range r.Overflow {
		if queues := r.Overflow[i].Queues; len(queues) > 0 {
			r.Overflow[i].Queues = mapped(a, queues)
		}
	}
	return r
}

// chosen is the profile that an agent has after this, and those there are to
// choose of: the agent's own choice stays while it may.
func (a *applying) chosen(ctx context.Context, g Agent, email string) (profile string, profiles []string, err error) {
	profile = a.known(string(g.Profile.ID))
	profiles = []string{profile}
	for _, p := range g.Profiles {
		if id := a.known(string(p.ID)); !slices.Contains(profiles, id) {
			profiles = append(profiles, id)
		}
	}
	now, found, err := one(ctx, a.tx, scanString, `SELECT profile FROM agents WHERE workspace = $1 AND email = $2`, a.workspace, email)
	if err == nil && found && slices.Contains(profiles, now) {
		profile = now
	}
	return profile, profiles, err
}

// levels are an agent's skills as they are written down.
func levels(skills map[string]int) map[string]int {
	if skills == nil {
		return map[string]int{}
	}
	return skills
}
