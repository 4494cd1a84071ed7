package signaling

// NewRedisBusEvery is NewRedisBus with another time between canaries.
var NewRedisBusEvery = newRedisBus
