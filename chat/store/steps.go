package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A kind is what differs between calls and co-browse sessions. What they have
// in common, a question and what runs by the consent, stands once, below.
type kind[S any, ID ~string] struct {
	table  string
	name   string // in the sentence "There is no such .."
	own    string // its columns besides stepColumns
	parts  func(*S) (*ID, *Step)
	fields func(*S) []any // where own is read to and written from

	asked, allowed, refused, ended protocol.EntryKind
	body                           func(*S) protocol.EntryBody // of each of these entries
	consent                        func(*S) string             // what the ledger says was allowed

	with func(ctx context.Context, x executor, workspace protocol.WorkspaceID, list []S) error // reads what stands in other tables; may be nil
	over func(ctx context.Context, t *tx, workspace protocol.WorkspaceID, id ID) error         // what else its end means; may be nil

	begins func(ctx context.Context, t *tx, workspace protocol.WorkspaceID, id ID, now int64) error // what else being allowed means; may be nil
}

const stepColumns = `id, conversation, state, asked, deadline, started, ended, cause`

// stepLive are the states in which a conversation can have one step of a kind.
const stepLive = `state IN ('asked', 'running')`

func (k *kind[S, ID]) columns() string { return stepColumns + ", " + k.own }

// pointers are the fields of columns, in their order.
func (k *kind[S, ID]) pointers(one *S) []any {
	id, s := k.parts(one)
	return append([]any{id, &s.Conversation, &s.State, &s.Asked, &s.Deadline, &s.Started, &s.Ended, &s.Cause}, k.fields(one)...)
}

func (k *kind[S, ID]) scan(row scanner) (one S, err error) {
	err = row.Scan(k.pointers(&one)...)
	return one, err
}

func (k *kind[S, ID]) list(ctx context.Context, x executor, workspace protocol.WorkspaceID, where string, args ...any) ([]S, error) {
	list, err := all(ctx, x, k.scan, `SELECT `+k.columns()+` FROM `+k.table+` WHERE workspace = $1 AND `+where, append([]any{workspace}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", k.table, err)
	}
	if k.with != nil {
		if err := k.with(ctx, x, workspace, list); err != nil {
			return nil, fmt.Errorf("list %s: %w", k.table, err)
		}
	}
	return list, nil
}

func (k *kind[S, ID]) read(ctx context.Context, x executor, workspace protocol.WorkspaceID, id ID) (one S, err error) {
	list, err := k.list(ctx, x, workspace, `id = $2`, id)
	if err != nil {
		return one, err
	}
	if len(list) == 0 {
		return one, protocol.NewError(protocol.CodeNotFound, "There is no such "+k.name+".")
	}
	return list[0], nil
}

func (k *kind[S, ID]) live(ctx context.Context, x executor, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]S, error) {
	return k.list(ctx, x, workspace, `conversation = $2 AND `+stepLive, conv)
}

// after is a step as it stands after a change, and whom the change concerns.
func (k *kind[S, ID]) after(ctx context.Context, s *Store, workspace protocol.WorkspaceID, id ID, touched []string) (S, error) {
	one, err := k.read(ctx, s.db.reader(), workspace, id)
	_, step := k.parts(&one)
	step.Touched = touched
	return one, err
}

// change runs fn once on a step whose conversation is locked.
func (k *kind[S, ID]) change(ctx context.Context, s *Store, cmd command, id ID, fn func(context.Context, *tx, *Conversation, *S) error) (S, error) {
	one, err := k.read(ctx, s.db.reader(), cmd.workspace, id)
	if err != nil {
		return one, err
	}
	_, step := k.parts(&one)
	c, err := s.change(ctx, cmd, step.Conversation, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		now, err := k.read(ctx, t, cmd.workspace, id)
		if err != nil {
			return nil, err
		}
		if err := fn(ctx, t, c, &now); err != nil {
			return nil, err
		}
		return audienceOf(ctx, t, c)
	})
	if err != nil {
		var none S
		return none, err
	}
	return k.after(ctx, s, cmd.workspace, id, c.Touched)
}

// A question is where a step is asked for, by whom, and for how long.
type question struct {
	conversation protocol.ConversationID
	by           protocol.Author
	stands       time.Duration
}

// ask puts the question: it makes the step in a running conversation that has
// no live one of the kind. When the command was carried out before, it gives
// the step that was made then.
func (k *kind[S, ID]) ask(ctx context.Context, s *Store, cmd command, q question, one S) (S, error) {
	id := protocol.NewID[ID]()
	var touched []string
	made, err := write(ctx, s, func(ctx context.Context, t *tx) (ID, error) {
		c, err := conversation(ctx, t, cmd.workspace, q.conversation, t.lock)
		if err != nil {
			return "", err
		}
		made, _, err := once(ctx, t, cmd, func() (ID, error) {
			touched, err = k.make(ctx, t, &c, q, cmd.actor, id, one)
			return id, err
		})
		return made, err
	})
	if err != nil {
		return one, err
	}
	return k.after(ctx, s, cmd.workspace, made, touched)
}

// make writes the row and the entry of a new step.
func (k *kind[S, ID]) make(ctx context.Context, t *tx, c *Conversation, q question, actor string, id ID, one S) ([]string, error) {
	if c.State != protocol.StateActive {
		return nil, protocol.NewError(protocol.CodeWrongState, "This needs a running conversation.")
	}
	live, err := k.live(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	if len(live) > 0 {
		return nil, protocol.NewError(protocol.CodeWrongState, "There is already a "+k.name+" in this conversation.")
	}
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	its, step := k.parts(&one)
	*its, step.Conversation, step.State, step.Asked, step.Deadline = id, c.ID, StepAsked, now, deadlineOf(now, q.stands)
	values := append(k.pointers(&one), c.Workspace)
	if _, err := t.exec(ctx, `INSERT INTO `+k.table+` (`+k.columns()+`, workspace) VALUES (`+places(len(values))+`)`, values...); err != nil {
		return nil, fmt.Errorf("write %s: %w", k.name, err)
	}
	if err := addEntries(ctx, t, c, k.entry(k.asked, q.by, actor, &one, "", 0)); err != nil {
		return nil, err
	}
	if err := saveConversation(ctx, t, *c); err != nil {
		return nil, err
	}
	actors, err := audienceOf(ctx, t, c)
	if err != nil {
		return nil, err
	}
	return t.touch(ctx, c.Workspace, actors...)
}

// places are the parameters $1 to $n.
func places(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", i+1)
	}
	return strings.Join(all, ", ")
}

func (k *kind[S, ID]) entry(what protocol.EntryKind, by protocol.Author, actor string, one *S, cause string, took int64) Entry {
	body := k.body(one)
	body.By, body.Cause, body.Seconds = by.Kind, cause, took
	return Entry{Kind: what, Audience: protocol.AudienceAll, Author: by, Actor: actor, Body: body}
}

// answer allows, with a consent in the ledger, or refuses. CodeExpired when the
// question no longer stands, by the record's clock.
func (k *kind[S, ID]) answer(ctx context.Context, s *Store, in AnswerIn[ID]) (S, error) {
	cmd := command{in.Workspace, in.Actor, in.Op, []any{"answer " + k.name, in.Step, in.Allow, in.Cause}}
	return k.change(ctx, s, cmd, in.Step, func(ctx context.Context, t *tx, c *Conversation, one *S) error {
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		to, what, started, ended := StepRefused, k.refused, int64(0), now
		if in.Allow {
			to, what, started, ended = StepRunning, k.allowed, now, 0
		}
		n, err := t.exec(ctx, `UPDATE `+k.table+` SET state = $3, started = $4, ended = $5, cause = $6
			WHERE workspace = $1 AND id = $2 AND state = 'asked' AND (deadline = 0 OR deadline > $7)`,
			in.Workspace, in.Step, to, started, ended, storable(in.Cause), now)
		if err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		if n == 0 {
			return errStepOver()
		}
		if in.Allow && k.begins != nil {
			if err := k.begins(ctx, t, in.Workspace, in.Step, now); err != nil {
				return err
			}
		}
		if in.Allow {
			c.ReplyDue = 0 // they speak, or look at one page: that is a reply
			if err := allow(ctx, t, c, string(in.Step), k.consent(one), in.Actor); err != nil {
				return err
			}
		}
		return addEntries(ctx, t, c, k.entry(what, in.Author, in.Actor, one, in.Cause, 0))
	})
}

// end ends a live step and revokes its consent. CodeExpired when it had ended before.
func (k *kind[S, ID]) end(ctx context.Context, t *tx, c *Conversation, one *S, by protocol.Author, actor, cause string) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	id, step := k.parts(one)
	n, err := t.exec(ctx, `UPDATE `+k.table+` SET state = 'ended', ended = $3, cause = $4 WHERE workspace = $1 AND id = $2 AND `+stepLive,
		c.Workspace, *id, now, storable(cause))
	if err != nil {
		return fmt.Errorf("write the end: %w", err)
	}
	if n == 0 {
		return errStepOver()
	}
	if k.over != nil {
		if err := k.over(ctx, t, c.Workspace, *id); err != nil {
			return err
		}
	}
	if err := revoke(ctx, t, c.Workspace, string(*id)); err != nil {
		return err
	}
	return addEntries(ctx, t, c, k.entry(k.ended, by, actor, one, cause, seconds(step.Started, now)))
}

// endLive ends what is live of a kind in a locked conversation.
func (k *kind[S, ID]) endLive(ctx context.Context, t *tx, c *Conversation, by protocol.Author, actor, cause string) error {
	live, err := k.live(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return err
	}
	for i := range live {
		if err := k.end(ctx, t, c, &live[i], by, actor, cause); err != nil {
			return err
		}
	}
	return nil
}

// endSteps ends what runs inside a locked conversation: its call and its
// co-browse session, with their entries and consents.
func endSteps(ctx context.Context, t *tx, c *Conversation, by protocol.Author, actor, cause string) error {
	if err := callKind.endLive(ctx, t, c, by, actor, cause); err != nil {
		return err
	}
	return cobrowseKind.endLive(ctx, t, c, by, actor, cause)
}

// audienceOf lists the actors who see what happens in a conversation: its
// visitor and the agents with a slot in it.
func audienceOf(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	return audience(c, slots), nil
}

func audience(c *Conversation, slots []Slot) []string {
	actors := []string{visitorActor(c.Visitor)}
	for _, l := range slots {
		actors = append(actors, agentActor(l.Agent))
	}
	return actors
}

func seconds(from, to int64) int64 {
	if from == 0 || to <= from {
		return 0
	}
	return (to - from) / 1000
}

func errStepOver() error {
	return protocol.NewError(protocol.CodeExpired, "This has already ended. Ask again.")
}
