package site

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// random as a password asks for one to be made.
const random = "random"

// A Report tells what applying a file did. Passwords holds the ones that were
// made, by e-mail: they are told this once and kept nowhere.
type Report struct {
	Workspace protocol.WorkspaceID
	Changes   store.Changes
	Passwords map[string]string
}

// Apply makes the record's workspace what the file declares. Applying the same
// file again changes nothing and makes no passwords.
func Apply(ctx context.Context, record *store.Store, f *File) (Report, error) {
	report := Report{Workspace: f.id(), Passwords: map[string]string{}}
	w := f.declared()
	for i, a := range f.Agents {
		hash, made, err := passwordHash(ctx, record, a)
		if err != nil {
			return Report{}, fmt.Errorf("apply workspace: agent %s: %w", a.Email, err)
		}
		w.Agents[i].PasswordHash = hash
		if made != "" {
			report.Passwords[a.Email] = made
		}
	}
	var err error
	if report.Changes, err = record.Apply(ctx, w); err != nil {
		return Report{}, err
	}
	return report, nil
}

// passwordHash is the agent's new hash, empty where the old one stays, and the
// password that was made, if one was.
func passwordHash(ctx context.Context, record *store.Store, a Agent) (hash, made string, err error) {
	old, err := record.AgentByEmail(ctx, a.Email)
	var known *protocol.Error
	if err != nil && (!errors.As(err, &known) || known.Code != protocol.CodeNotFound) {
		return "", "", err
	}
	password := a.Password
	switch {
	case password == random && old.PasswordHash == "":
		made = people.NewToken()[:16]
		password = made
	case password == random || password == "":
		return "", "", nil
	case old.PasswordHash != "":
		if right, _, err := people.CheckPassword(ctx, old.PasswordHash, password); err == nil && right {
			return "", "", nil
		}
	}
	hash, err = people.HashPassword(ctx, password)
	return hash, made, err
}

// names of derived ids: the same key gives the same id in every installation.
var names = uuid.MustParse("6d3f5a0e-5f5b-4c1e-9a55-0f8b1f0e7c11")

func (f *File) id() protocol.WorkspaceID {
	return protocol.WorkspaceID(uuid.NewSHA1(names, []byte("workspace/"+f.Workspace.Key)).String())
}

func derived[ID ~string](f *File, kind, key string) ID {
	return ID(uuid.NewSHA1(names, []byte(string(f.id())+"/"+kind+"/"+key)).String())
}

func (f *File) queueIDs(keys []string) []protocol.QueueID {
	ids := make([]protocol.QueueID, len(keys))
	for i, key := range keys {
		ids[i] = derived[protocol.QueueID](f, "queue", key)
	}
	return ids
}
