package transport

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func message(channel int, size int, mark byte) outgoing {
	data := make([]byte, size-messageOverhead)
	data[0] = mark
	return outgoing{channel: channel, binary: true, data: data}
}

// drain takes all that waits and gives back its marks.
func drain(q *queue) string {
	var marks []byte
	for {
		o, ok := q.next()
		if !ok {
			return string(marks)
		}
		marks = append(marks, o.data[0])
	}
}

func TestAFullQueueDropsTheOldestPointerMessages(t *testing.T) { // D14
	var q queue
	starts := 0
	start := func() { starts++ }
	put := func(o outgoing, want putResult, wantDropped int) {
		t.Helper()
		got, dropped := q.put(o, start)
		if got != want || dropped != wantDropped {
			t.Errorf("put = %v with %d dropped, want %v with %d", got, dropped, want, wantDropped)
		}
	}
	const quarter = maxQueued / 4
	put(message(mainIndex, quarter, 'a'), putDone, 0)
	put(message(pointerIndex, quarter, 'b'), putDone, 0)
	put(message(pointerIndex, quarter, 'c'), putDone, 0)
	put(message(mainIndex, quarter, 'd'), putDone, 0)
	put(message(pointerIndex, quarter, 'e'), putDone, 1) // b goes
	put(message(mainIndex, 2*quarter, 'f'), putDone, 2)  // c and e go
	put(message(pointerIndex, quarter, 'g'), putDone, 1) // nothing else can go: g itself
	put(message(mainIndex, 1+messageOverhead, 'h'), putFull, 0)
	if got, want := q.size(), maxQueued; got != want {
		t.Errorf("size = %d, want %d", got, want)
	}
	if diff := cmp.Diff("adf", drain(&q)); diff != "" {
		t.Errorf("left in the queue (-want +got):\n%s", diff)
	}
	if starts != 1 {
		t.Errorf("writer started %d times, want once", starts)
	}
	put(message(mainIndex, 100, 'i'), putDone, 0)
	if starts != 2 {
		t.Errorf("writer started %d times, want again after the queue was empty", starts)
	}
	q.close()
	put(message(mainIndex, 100, 'j'), putClosed, 0)
	if got := drain(&q); got != "" {
		t.Errorf("%q left in a closed queue", got)
	}
}
