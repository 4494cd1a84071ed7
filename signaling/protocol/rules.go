package protocol

import "reflect"

// An Object names what a command touches; the feature that carries it out
// checks that the principal has to do with it.
type Object string

const (
	ObjectNone         Object = ""             // the connection itself or the principal's own state
	ObjectConversation Object = "conversation" // its visitor, or an agent who holds a slot in it
	ObjectOwned        Object = "owned"        // its visitor, or the agent who owns it
	ObjectOffer        Object = "offer"        // the agent who was asked
	ObjectCall         Object = "call"         // a party of the call's conversation
	ObjectWaiting      Object = "waiting"      // an agent whose profile has its queue
	ObjectRequest      Object = "request"      // the agent who asked
	ObjectCobrowse     Object = "cobrowse"     // the visitor, or the agent who asked
)

// A Rule declares beside a kind what its body is and who may send it. A kind
// without a rule cannot be sent, and fails a test.
type Rule struct {
	Kind       string
	Body       reflect.Type
	Who        []PrincipalKind
	Permission Permission // needed by agents; visitors hold none and need none
	Object     Object
	Op         bool // a command: carries an op and is answered under it
}

var both, visitors, agents = []PrincipalKind{KindVisitor, KindAgent}, []PrincipalKind{KindVisitor}, []PrincipalKind{KindAgent}

func body[T any]() reflect.Type { return reflect.TypeFor[T]() }

// Rules lists every kind that a client may send.
func Rules() []Rule { return rules }

var rules = []Rule{
	{UpHello, body[Hello](), both, "", ObjectNone, true},
	{UpResume, body[Resume](), both, "", ObjectNone, true},
	{UpPong, body[Pong](), both, "", ObjectNone, false},
	{UpAsk, body[Ask](), visitors, "", ObjectNone, true},
	{UpPost, body[Post](), both, PermDesk, ObjectConversation, true},
	{UpSince, body[Since](), both, PermDesk, ObjectConversation, true},
	{UpTyping, body[Typing](), both, PermDesk, ObjectConversation, false},
	{UpMark, body[Mark](), both, PermDesk, ObjectConversation, false},
	{UpLeave, body[OfConversation](), visitors, "", ObjectConversation, true},
	{UpLeaveMessage, body[LeaveMessage](), visitors, "", ObjectConversation, true},
	{UpStay, body[OfConversation](), visitors, "", ObjectConversation, true},
	{UpEnd, body[OfConversation](), both, PermDesk, ObjectOwned, true},
	{UpPark, body[OfConversation](), agents, PermDesk, ObjectOwned, true},
	{UpUnpark, body[OfConversation](), agents, PermDesk, ObjectOwned, true},
	{UpClear, body[OfConversation](), agents, PermDesk, ObjectConversation, true},
	{UpDeclare, body[Declare](), agents, PermDesk, ObjectNone, true},
	{UpProfile, body[ChooseProfile](), agents, PermDesk, ObjectNone, true},
	{UpAutoAccept, body[Switch](), agents, PermDesk, ObjectNone, true},
	{UpUsed, body[Used](), agents, PermDesk, ObjectNone, false},
	{UpAccept, body[OfOffer](), agents, PermDesk, ObjectOffer, true},
	{UpReject, body[OfOffer](), agents, PermDesk, ObjectOffer, true},
	{UpPick, body[OfConversation](), agents, PermDesk, ObjectWaiting, true},
	{UpNext, body[OfQueue](), agents, PermDesk, ObjectWaiting, true},
	{UpTransfer, body[TeamAsk](), agents, PermDesk, ObjectOwned, true},
	{UpInvite, body[TeamAsk](), agents, PermDesk, ObjectConversation, true},
	{UpEnquire, body[TeamAsk](), agents, PermDesk, ObjectConversation, true},
	{UpCancel, body[OfRequest](), agents, PermDesk, ObjectRequest, true},
	{UpDepart, body[Depart](), agents, PermDesk, ObjectConversation, true},
	{UpCallAsk, body[CallAsk](), both, PermCall, ObjectOwned, true},
	{UpCallAnswer, body[CallAnswer](), both, PermDesk, ObjectCall, true},
	{UpCallJoin, body[CallJoin](), both, PermDesk, ObjectCall, true},
	{UpCallTrickle, body[CallTrickle](), both, PermDesk, ObjectCall, false},
	{UpCallMute, body[CallMute](), both, PermDesk, ObjectCall, true},
	{UpCallHangUp, body[OfCall](), both, PermDesk, ObjectCall, true},
	{UpCobrowseAsk, body[OfConversation](), agents, PermCobrowse, ObjectOwned, true},
	{UpCobrowseAnswer, body[CobrowseAnswer](), visitors, "", ObjectCobrowse, true},
	{UpCobrowseStop, body[OfCobrowse](), both, PermDesk, ObjectCobrowse, true},
	{UpCobrowseWatch, body[OfCobrowse](), agents, PermCobrowse, ObjectCobrowse, true},
}

var byKind = func() map[string]Rule {
	m := make(map[string]Rule, len(rules))
	for _, r := range rules {
		m[r.Kind] = r
	}
	return m
}()

// RuleOf finds a kind's rule.
func RuleOf(kind string) (Rule, bool) {
	r, ok := byKind[kind]
	return r, ok
}

// Allows says whether a principal may send the kind at all; the object check
// comes after it, in the feature. The error says why not.
func (r Rule) Allows(p Principal) error {
	for _, who := range r.Who {
		if who != p.Kind {
			continue
		}
		if p.Kind == KindAgent && !p.Can(r.Permission) {
			return NewError(CodeForbidden, "Your role does not have the right to do this. Ask your administrator.")
		}
		return nil
	}
	return NewError(CodeForbidden, "This is not for your side of the conversation.")
}

// A Down is a kind that the server sends, with the type of its body.
type Down struct {
	Kind string
	Body reflect.Type
}

// Downs lists every kind that the server sends.
func Downs() []Down { return downs }

var downs = []Down{
	{DownWelcome, body[Welcome]()}, {DownPing, body[Ping]()}, {DownMove, body[Move]()}, {DownAck, body[Ack]()}, {DownError, body[Failed]()},
	{DownEntries, body[Entries]()}, {DownTyping, body[TypingNow]()}, {DownMarks, body[Marks]()}, {DownSnapshot, body[Snapshot]()},
	{DownPatch, body[Patch]()}, {DownCallJoined, body[CallJoined]()}, {DownCobrowseSnapshot, body[CobrowseSnapshot]()},
}

// A Route is one line of the REST surface, with who may call it. Anonymous
// routes have no Who.
type Route struct {
	Method, Path string
	Who          []PrincipalKind
	Permission   Permission
	Object       Object
}

// Routes lists every REST route; a handler without one here fails a test.
func Routes() []Route { return routes }

var routes = []Route{
	{"GET", "/", nil, "", ObjectNone},
	{"GET", "/livez", nil, "", ObjectNone},
	{"GET", "/readyz", nil, "", ObjectNone},
	{"GET", "/parlour.js", nil, "", ObjectNone},
	{"GET", "/cobrowse.js", nil, "", ObjectNone},
	{"GET", "/w/:site/panel", nil, "", ObjectNone},
	{"GET", "/w/:site/status", nil, "", ObjectNone},
	{"GET", "/assets/*", nil, "", ObjectNone},
	{"GET", "/desk", nil, "", ObjectNone},
	{"GET", "/desk/*", nil, "", ObjectNone},
	{"GET", "/cobrowse/viewer", nil, "", ObjectNone},
	{"GET", "/cobrowse/*", nil, "", ObjectNone}, // the viewer's script
	{"POST", "/v1/visitors", nil, "", ObjectNone},
	{"POST", "/v1/sign-in", nil, "", ObjectNone},
	{"POST", "/v1/sign-out", both, "", ObjectNone},
	{"GET", "/v1/me", agents, "", ObjectNone},
	{"GET", "/v1/connect", nil, "", ObjectNone}, // a WebSocket: who it is, its first frame says
	{"POST", "/v1/connections/:connection/transports", both, "", ObjectNone},
	{"PATCH", "/v1/connections/:connection/transports/:transport", both, "", ObjectNone},
	{"DELETE", "/v1/connections/:connection/transports/:transport", both, "", ObjectNone},
	{"GET", "/v1/conversations/:conversation/entries", both, PermDesk, ObjectConversation},
	{"POST", "/v1/conversations/:conversation/messages", both, PermDesk, ObjectConversation},
	as(UpTransfer, "POST", "/v1/conversations/:conversation/transfer"),
	as(UpInvite, "POST", "/v1/conversations/:conversation/invite"),
	as(UpEnquire, "POST", "/v1/conversations/:conversation/enquire"),
	as(UpDepart, "POST", "/v1/conversations/:conversation/leave"),
	as(UpPick, "POST", "/v1/conversations/:conversation/pick"),
	as(UpCancel, "DELETE", "/v1/requests/:request"),
	{"GET", "/v1/conversations/:conversation/targets", agents, PermDesk, ObjectConversation},
	{"GET", "/v1/conversations/:conversation/why", agents, PermDesk, ObjectConversation},
	{"GET", "/v1/agents/:agent/why", agents, PermDesk, ObjectNone},
	{"POST", "/v1/routing/dry-run", agents, PermWatch, ObjectNone},
	{"POST", "/v1/routing/dry-run/file", agents, PermWatch, ObjectNone},
}

// as is the route of a kind: who may send the one may call the other.
func as(kind, method, path string) Route {
	r := byKind[kind]
	return Route{method, path, r.Who, r.Permission, r.Object}
}
