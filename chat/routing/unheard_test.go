package routing

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
)

func TestWhatNeverRangIsNothingToRestFrom(t *testing.T) { // R4, ROUTE-14
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.staff(agentSpec{"id": "a"})
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "leaves", Asked: ago(2)})
		_, made := b.match(4)
		if len(made) != 1 {
			t.Fatalf("%v reserved, want one", made)
		}
		rests := func() (ms int64) {
			if err := json.Unmarshal([]byte(b.state()["ramp/a"]), &ms); err != nil {
				t.Fatal(err)
			}
			return ms
		}
		b.do(removeStep, newOp(), `{"conv":"leaves","ramp":5000}`) // the visitor has left before the record had the offer
		before := rests()
		b.do(settleStep, newOp(), fmt.Sprintf(`{"offer":%q,"outcome":"undone","agent":"a","ramp":1000,"exclude":0,"rest":1000,"backoff":[5000]}`, made[0].Offer))
		if after := rests(); before-after < 3000 || before-after > 4000 {
			t.Errorf("the rest ends %d ms sooner, want 4 s sooner or a moment less", before-after)
		}
	})
}
