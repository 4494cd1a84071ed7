// Package protocol is the dictionary: every id, frame, error code and view
// item that travels between a browser and the server, and beside each kind who
// may send it. It is the one source of the wire: the TypeScript side and the
// authorization matrix are generated from it, and a golden file per kind binds
// both sides. It imports nothing of ours.
//
// A frame is one JSON object: {"kind", "op", "body"}. Unknown fields are
// ignored, so that two versions can run side by side; an unknown kind is
// answered with an error frame. Times are milliseconds since 1970 UTC.
package protocol

//go:generate go run ./tsgen -out ../../web/shared/src/protocol.gen.ts -matrix ../../docs/authorization.gen.md
