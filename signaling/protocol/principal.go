package protocol

import "slices"

// A PrincipalKind says which side of a conversation somebody stands on.
type PrincipalKind string

const (
	KindVisitor PrincipalKind = "visitor"
	KindAgent   PrincipalKind = "agent"
	KindSystem  PrincipalKind = "system" // authors entries only; nobody signs in as it
)

// A Permission is one single right. Roles are rows that hold a set of them.
type Permission string

const (
	PermDesk     Permission = "desk"             // use the agent desktop, take conversations
	PermCall     Permission = "call.start"       // execute audio and video
	PermCobrowse Permission = "cobrowse.start"   // execute co-browsing
	PermWatch    Permission = "conversation.all" // read every conversation of the workspace
	PermPickAny  Permission = "pick.any"         // take from a waiting list out of order
	PermExceed   Permission = "capacity.exceed"  // take more than the own capacity
	PermAdmin    Permission = "admin"            // change the workspace
)

// Permissions lists every right.
func Permissions() []Permission {
	return []Permission{PermDesk, PermCall, PermCobrowse, PermWatch, PermPickAny, PermExceed, PermAdmin}
}

// A Principal is somebody whose identity has been proved. The zero value may do
// nothing. It is passed by value and never changed.
type Principal struct {
	Kind        PrincipalKind
	Workspace   WorkspaceID
	Visitor     VisitorID // set for visitors
	Site        SiteID    // set for visitors
	Agent       AgentID   // set for agents
	Name        string    // shown to the other side
	Permissions []Permission
	Session     string // hash of what proved the identity, so that it can be revoked; never logged
}

// Actor is the principal's name in the record: unique in a workspace.
func (p Principal) Actor() string {
	if p.Kind == KindAgent {
		return "agent:" + string(p.Agent)
	}
	return "visitor:" + string(p.Visitor)
}

// Can says whether the principal holds a right. Visitors hold none.
func (p Principal) Can(right Permission) bool {
	return right == "" || slices.Contains(p.Permissions, right)
}

// A Caller is a principal speaking over one connection.
type Caller struct {
	Principal
	Connection ConnectionID
}
