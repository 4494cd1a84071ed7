// Package signaling is the edge: who comes in and how frames travel. It holds
// the HTTP server, sign-in, the connections of browsers over WebSocket and
// DataChannel, the hub that tells connections what has changed, and the bus
// between nodes. What frames mean is known to the features: the edge decodes,
// checks the rule that stands beside the kind in protocol, and calls them.
package signaling
