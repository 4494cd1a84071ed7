package protocol

import (
	"errors"
	"net/http"
)

// A Code tells a program what went wrong. Codes are never renamed.
type Code string

const (
	CodeBadFrame         Code = "bad_frame"         // not a frame, or its body does not fit its kind
	CodeUnknownKind      Code = "unknown_kind"      // this version does not know the kind
	CodeTooLarge         Code = "too_large"         // over a limit of size
	CodeInvalid          Code = "invalid"           // understood, but a value cannot be
	CodeUnauthenticated  Code = "unauthenticated"   // no token, or one that is not valid
	CodeForbidden        Code = "forbidden"         // known, but not allowed to
	CodeNotFound         Code = "not_found"         // no such thing, or not yours
	CodeConflict         Code = "conflict"          // the same op was used with another body
	CodeTaken            Code = "taken"             // another agent was first
	CodeExpired          Code = "expired"           // the offer, prompt or ticket has ended
	CodeFull             Code = "full"              // no capacity left
	CodeWrongState       Code = "wrong_state"       // cannot be done in the state it is in
	CodeNoDesk           Code = "no_desk"           // Ready needs a live desktop
	CodeUnknownSite      Code = "unknown_site"      // the site key is not known here
	CodeOriginRefused    Code = "origin_refused"    // the page may not embed this site's panel
	CodeUnsupportedMedia Code = "unsupported_media" // the offer asks for what the server does not do
	CodeBadMethod        Code = "bad_method"        // the address takes other methods: Allow names them
	CodeClosed           Code = "closed"            // outside the hours of the queue
	CodeNotAble          Code = "not_able"          // who is asked cannot take it
	CodeSwitchedOff      Code = "switched_off"      // the site or the right does not allow it
	CodeRateLimited      Code = "rate_limited"      // too many, try later
	CodeSlow             Code = "slow"              // the reader fell behind and was cut; it resumes by seq
	CodeUnavailable      Code = "unavailable"       // a part of the server is away; try again
	CodeInternal         Code = "internal"          // our fault, logged with an id
)

var statuses = map[Code]int{
	CodeBadFrame: http.StatusBadRequest, CodeUnknownKind: http.StatusBadRequest, CodeInvalid: http.StatusUnprocessableEntity,
	CodeTooLarge: http.StatusRequestEntityTooLarge, CodeUnauthenticated: http.StatusUnauthorized, CodeForbidden: http.StatusForbidden,
	CodeNotFound: http.StatusNotFound, CodeConflict: http.StatusConflict, CodeTaken: http.StatusConflict, CodeExpired: http.StatusConflict,
	CodeFull: http.StatusConflict, CodeWrongState: http.StatusConflict, CodeNoDesk: http.StatusConflict, CodeUnknownSite: http.StatusNotFound,
	CodeOriginRefused: http.StatusForbidden, CodeClosed: http.StatusConflict, CodeNotAble: http.StatusConflict, CodeUnsupportedMedia: http.StatusUnsupportedMediaType, CodeSwitchedOff: http.StatusForbidden,
	CodeBadMethod: http.StatusMethodNotAllowed, CodeRateLimited: http.StatusTooManyRequests, CodeSlow: http.StatusServiceUnavailable, CodeUnavailable: http.StatusServiceUnavailable,
	CodeInternal: http.StatusInternalServerError,
}

// Codes lists every code, for the generator and for tests.
func Codes() []Code {
	return []Code{
		CodeBadFrame, CodeUnknownKind, CodeTooLarge, CodeInvalid, CodeUnauthenticated, CodeForbidden, CodeNotFound, CodeConflict,
		CodeTaken, CodeExpired, CodeFull, CodeWrongState, CodeNoDesk, CodeUnknownSite, CodeOriginRefused, CodeUnsupportedMedia, CodeBadMethod,
		CodeClosed, CodeNotAble, CodeSwitchedOff, CodeRateLimited, CodeSlow, CodeUnavailable, CodeInternal,
	}
}

// Status is the HTTP status that carries the code.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Retry says whether the same command may succeed later without a change.
func (c Code) Retry() bool {
	return c == CodeRateLimited || c == CodeSlow || c == CodeUnavailable || c == CodeInternal
}

// An Error is what a person or a program outside may read: a code for
// programs, a sentence that says what to do for people. Any other error
// becomes CodeInternal at the edge and is logged there once.
type Error struct {
	Code    Code
	Message string
}

// NewError makes an Error; message is a whole sentence for people.
func NewError(code Code, message string) *Error {
	return &Error{Code: code, Message: message}
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// AsError finds the Error in a chain. What has none is an internal error,
// and known is false: the caller logs it.
func AsError(err error) (e *Error, known bool) {
	if errors.As(err, &e) {
		return e, true
	}
	return &Error{Code: CodeInternal, Message: "Something went wrong on our side. Please try again."}, false
}
