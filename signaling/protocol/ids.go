package protocol

import "github.com/google/uuid"

// Ids are UUIDv7: they sort by the time of their making and carry no
// authority. What gives access is a token of 128 random bits and more.
type (
	WorkspaceID    string
	SiteID         string
	QueueID        string
	ProfileID      string
	RoleID         string
	VisitorID      string
	AgentID        string
	ConversationID string
	EntryID        string
	OfferID        string
	RequestID      string
	CallID         string
	CobrowseID     string
	ConnectionID   string
	NodeID         string
	// Op names one command. The client makes it and keeps it until the command
	// is acknowledged: the same op asked any number of times, over any mix of
	// transports and nodes, is carried out once.
	Op string
)

// NewID makes an id of any of the kinds above.
func NewID[T ~string]() T {
	return T(uuid.Must(uuid.NewV7()).String())
}

// ValidID says whether s has the form of an id. A string that has not is
// refused before it reaches a query.
func ValidID[T ~string](s T) bool {
	if len(s) != 36 {
		return false
	}
	_, err := uuid.Parse(string(s))
	return err == nil
}

func parseUUID(s string) (uuid.UUID, error) { return uuid.Parse(s) }

func formatUUID(b []byte) string { return uuid.UUID(b).String() }
