package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
)

// Exercise runs every test of the record. open gives a fresh, empty one, which
// the test closes.
func Exercise(t *testing.T, open func(testing.TB) *store.Store) {
	t.Helper()
	exercise(t, open, []test{
		{"an op happens once", onceOnly},                                   // D2
		{"seqs are dense under many writers", denseSeqs},                   // D3
		{"the visitor's seqs are dense and hold nothing private", visitor}, // D3
		{"one sender's order is kept", senderOrder},                        // D13
		{"what is said at once is kept in order", together},                // D2, D3, D13
		{"whose turn it is", turns},                                        // DESK-2
		{"who may speak", speaking},                                        // S1
		{"seqs of both sides are translated", translated},
		{"marks only go up and stay within the log", marks}, // D9
		{"asking makes one conversation", asking},           // D2
		{"ended conversations take no messages", endedRefuses},
		{"one of many accepts wins", acceptRace},                       // R2
		{"a settled offer can never assign", staleOffer},               // R3
		{"an acceptance tells how its agent stands", acceptedTold},     // R1, R3, D2
		{"capacity is never exceeded", capacity},                       // R1
		{"an accept that does not fit is refused", acceptFull},         // R1
		{"one open offer per conversation", oneOffer},                  // R2
		{"accept and timeout exclude each other", acceptAgainstSettle}, // R3
		{"ringing out makes not ready", ringOut},                       // STATE-4
		{"end, wrap-up, clear", wrapUp},
		{"park and back", parking},
		{"requeue keeps the first time", requeue},
		{"loads are audited", audit},
		{"who comes back has the greatest boost, once", favoured}, // ROUTE-1
		{"units go by medium and agent", units},                   // R1, ROUTE-2
		{"a call weighs while it runs", weights},                  // ROUTE-2
		{"what is over the capacity is marked", overCapacity},     // R1
		{"not ready after these conversations", pending},          // STATE-3
		{"calls", calls},
		{"co-browse sessions", cobrowses},
		{"calls and co-browsing go with their conversation", stepsGo},       // DESK-6
		{"a question that nobody answers ends at its deadline", unanswered}, // CALL-1, COB-1
		{"calls of a node that is away are found", stranded},                // CALL-6
		{"what has ended is to be freed, once", released},                   // CALL-6
		{"applying a workspace twice changes nothing", applying},
		{"sessions and visitors", sessions},
		{"views' versions go up", versions},
		{"a random history fits the model", model},
		{"whatever agents do, the record is sound", sound}, // R1, R2, R3
	})
	exercise(t, open, []test{
		{"of those asked at once the first has it", ringAll},         // ROUTE-5, R2
		{"who rings with others is not blamed", ringAllOut},          // STATE-4
		{"a transfer is taken over", transfer},                       // TEAM-1
		{"a transfer that is refused leaves all as it was", refusal}, // TEAM-1
		{"a transfer to a queue, now", transferNow},                  // TEAM-1
		{"one of two takers has the request", takers},                // TEAM-1, R2
		{"invited and gone again", inviting},                         // TEAM-2
		{"an enquiry is a conversation of its own", enquiry},         // TEAM-3
		{"a lost agent's conversation goes on", losing},              // L1, ROUTE-1
		{"what agents asked ends with the conversation", endOfRequests},
		{"who may ask whom", requestRights},                               // S1
		{"one of many picks wins", picking},                               // ROUTE-6
		{"a pick over the capacity is by right, and marked", pickingOver}, // ROUTE-2, ROUTE-6
		{"a parked conversation wakes", waking},                           // DESK-3
		{"limits hold for those who ask at once", limits},                 // ROUTE-10
		{"what the server adds is no part of the command", askedAgain},    // D2
		{"a message is left", leftMessage},                                // SITE-5
		{"an overdue first reply goes by stages, once", replies},          // ROUTE-13
		{"an allowed call or co-browse is a first reply", repliedByCall},  // ROUTE-13
		{"the owner's first message stops its timer", repliedByWords},     // ROUTE-13
		{"figures of a queue, and the last agent", figures},               // VIS-1, ROUTE-9
	})
	exercise(t, open, declaring)
	exercise(t, open, remembering)
	exercise(t, open, givingUp)
}

// givingUp are the tests of what did not come to pass.
var givingUp = []test{
	{"leaving withdraws the offer", leaving},
	{"who has no room at the end is not blamed", noRoomAtTheEnd},   // STATE-4, ROUTE-2
	{"who makes room accepts after all", roomWasMade},              // ROUTE-2, D2
	{"a request to who has no room comes back", noRoomForARequest}, // TEAM-1..3, STATE-4
	{"how a conversation was abandoned is kept", abandoned},        // ROUTE-11, REP-1
	{"a call that does not come about", failedSetup},               // CALL-4, REP-1
	{"a co-browse session goes from page to page", pages},          // COB-6
	{"a co-browse session without a page ends", deserted},          // COB-6
}

// remembering are the tests of what "Why?" tells.
var remembering = []test{
	{"decisions are kept as they were made", decisions},
	{"past offers are told by pages", pastOffers}, // ROUTE-12
	{"a long decision is cut, and says so", longDecision},
	{"old decisions are forgotten", forgetting},
}

// declaring are the tests of what a workspace file declares.
var declaring = []test{
	{"rules, settings and calendars are kept", settings}, // ROUTE-12
	{"rules follow the ids that the record has", renamed},
	{"sessions end with the password and with the agent", sessionsEnd}, // S5
	{"a profile is chosen", profiles},                                  // STATE-1
}

type test struct {
	name string
	run  func(*testing.T, *store.Store)
}

func exercise(t *testing.T, open func(testing.TB) *store.Store, tests []test) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { must(t, s.Close()) })
			tt.run(t, s)
		})
	}
}
