package routing

import (
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
)

// How long a lease lasts at most after its owner's last sign of life, the look
// at it included: where nothing goes wrong, and else.
const (
	leaseOver = 24 * time.Second
	leaseLate = 40 * time.Second
)

// blame: only who was there can let an offer ring out, and only who was not
// loses it for that (STATE-4, R10). Nothing of both is in an amnesty (STATE-6),
// and what nobody rejected does not end as rejected (R6).
func (c *checker) blame(now time.Time, settled []store.Offer) (broken []string) {
	for _, o := range settled {
		actor := agentActor(o.Agent)
		most, least := leaseLate, leaseLate
		if time.UnixMilli(o.Offered).After(c.from) {
			most, least = leaseOver, promised+time.Second
		}
		if away := c.w.awayFor(actor); o.Outcome == store.OutcomeTimedOut && away > most {
			broken = append(broken, fmt.Sprintf("STATE-4: %s is blamed, who was away for %v", o.Agent, away))
		}
		if there := c.w.presentFor(actor); o.Cause == "agent_stale" && there > least && now.After(c.from) {
			broken = append(broken, fmt.Sprintf("R10: %s lost an offer as not reached, and was there for %v", o.Agent, there))
		}
		since := time.UnixMilli(o.Settled).Sub(c.flush)
		if (o.Outcome == store.OutcomeTimedOut || o.Cause == "agent_stale") && since > time.Second && since < 30*time.Second {
			broken = append(broken, fmt.Sprintf("STATE-6: %s %s an offer %v after Redis lost everything", o.Agent, o.Outcome, since))
		}
		if o.Outcome == store.OutcomeRejected && o.Cause != "busy" {
			broken = append(broken, fmt.Sprintf("R6: nobody rejected what rang at %s, which is %s (%s)", o.Agent, o.Outcome, o.Cause))
		}
	}
	return broken
}

// unheard: nothing rings on at who has closed the last tab (STATE-6). Holds the
// record's lock.
func (c *checker) unheard(now time.Time) (broken []string) {
	for id := range c.open {
		o := c.w.mem.offers[id]
		closed := c.w.closedFor(agentActor(o.Agent))
		if closed > 8*time.Second && now.After(c.mercy) && now.Add(-closed).After(c.from) {
			broken = append(broken, fmt.Sprintf("STATE-6: %s rings at %s, who closed %v ago", placeOf(*o), o.Agent, closed))
		}
	}
	return broken
}
