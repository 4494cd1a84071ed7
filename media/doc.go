// Package media is the SFU: it carries the legs of calls and forwards each
// party's sound and picture to the others. It knows no conversation, no record
// and no Redis; it is asked by protocol.MediaRequest and tells by
// protocol.MediaEvent, so that it can run in this process, in a child or on
// another node.
//
// The way of an RTP packet: leg (pion) -> uptrack (reads, one goroutine) ->
// downtrack (bounded queue, rewrites, one goroutine) -> leg of the viewer.
package media
