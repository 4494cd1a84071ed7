package routing

import (
	"bufio"
	"bytes"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2/server"
)

// ranks keeps the sorted sets of the embedded Redis in order beside it. That
// server keeps them as maps and sorts the whole of one for every question about
// a range, so that a match would slow down with all who wait. What is written
// still goes to the server, which stays the truth: here is answered what asks
// for ranges, from a copy that is made anew whenever it does not have as many
// members as the truth. What is not understood here is left to the server.
type ranks struct {
	server *server.Server

	mu   sync.Mutex // guards what follows; nothing else is done under it
	sets map[string]*ordered
}

func newRanks(s *server.Server) *ranks { return &ranks{server: s, sets: map[string]*ordered{}} }

// hook sees each command, those of scripts too, before the server does. It says
// whether it has answered.
func (x *ranks) hook(c *server.Peer, cmd string, args ...string) bool {
	if len(args) == 0 {
		if cmd == "FLUSHALL" || cmd == "FLUSHDB" {
			x.forget()
		}
		return false
	}
	switch cmd {
	case "ZADD":
		x.add(args[0], args[1:])
	case "ZREM":
		x.remove(args[0], args[1:])
	case "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZLEXCOUNT", "ZCOUNT":
		return x.answer(c, cmd, args)
	case "ZCARD", "ZSCORE", "ZMSCORE", "ZRANK", "ZREVRANK", "ZREVRANGE", "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE", "ZRANDMEMBER", "ZSCAN":
	case "DEL", "UNLINK":
		x.forget(args...)
	case "FLUSHALL", "FLUSHDB", "SWAPDB", "RENAME", "RENAMENX", "MOVE", "COPY", "RESTORE":
		x.forget()
	default:
		if strings.HasPrefix(cmd, "Z") {
			x.forget()
		}
	}
	return false
}

// forget drops the copies of some keys, or of all.
func (x *ranks) forget(keys ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(keys) == 0 {
		clear(x.sets)
	}
	for _, key := range keys {
		delete(x.sets, key)
	}
}

func (x *ranks) add(key string, pairs []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	set := x.sets[key]
	if set == nil {
		return
	}
	for i := 0; i < len(pairs); i += 2 {
		score, err := strconv.ParseFloat(pairs[i], 64)
		if err != nil || i+1 == len(pairs) { // with options
			delete(x.sets, key)
			return
		}
		set.set(score, pairs[i+1])
	}
}

func (x *ranks) remove(key string, members []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if set := x.sets[key]; set != nil {
		for _, m := range members {
			set.remove(m)
		}
	}
}

// answer answers what asks for a range, or leaves it to the server.
func (x *ranks) answer(c *server.Peer, cmd string, args []string) bool {
	q, ok := readRange(cmd, args)
	if !ok || q.scores && c.Resp3 {
		return false
	}
	size, ok := x.ask(c, "ZCARD", q.key).(int)
	if !ok {
		return false
	}
	x.mu.Lock()
	set := x.sets[q.key]
	x.mu.Unlock()
	if set == nil || set.len() != size {
		if set = x.copied(c, q.key); set == nil {
			return false
		}
	}
	n, members, scores, ok := x.find(set, q)
	switch {
	case !ok:
		return false
	case q.count:
		c.WriteInt(n)
		return true
	case !q.scores:
		c.WriteStrings(members)
		return true
	}
	c.WriteLen(2 * len(members))
	for i, m := range members {
		c.WriteBulk(m)
		c.WriteFloat(scores[i])
	}
	return true
}

// find is what a range has. Names are in order only where all scores are equal.
func (x *ranks) find(set *ordered, q span) (n int, members []string, scores []float64, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if q.byName && !set.level() {
		return 0, nil, nil, false
	}
	from, to := q.ranksIn(set)
	if q.count {
		return to - from, nil, nil, true
	}
	set.each(from, to, func(score float64, member string) {
		members, scores = append(members, member), append(scores, score)
	})
	return to - from, members, scores, true
}

// copied makes the copy of a set; nil: the server has something else there.
func (x *ranks) copied(c *server.Peer, key string) *ordered {
	list, ok := x.ask(c, "ZREVRANGE", key, "0", "-1", "WITHSCORES").([]any)
	if !ok {
		return nil
	}
	set := newOrdered()
	for i := 0; i+1 < len(list); i += 2 {
		member, _ := list[i].(string)
		text, _ := list[i+1].(string)
		score, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil
		}
		set.set(score, member)
	}
	x.mu.Lock()
	x.sets[key] = set
	x.mu.Unlock()
	return set
}

// ask asks the server, inside of what c does just now.
func (x *ranks) ask(c *server.Peer, command ...string) any {
	var out bytes.Buffer
	w := bufio.NewWriterSize(&out, 64)
	peer := server.NewPeer(w)
	peer.Ctx = c.Ctx
	x.server.Dispatch(peer, command)
	if w.Flush() != nil {
		return nil
	}
	reply, err := server.ParseReply(bufio.NewReaderSize(&out, 64))
	if err != nil {
		return nil
	}
	return reply
}

// A span is a question about a range. below and within say of a member whether
// it lies before the range's begin, and whether before its end.
type span struct {
	key           string
	count, scores bool
	byRank        bool
	byName        bool
	first, last   int // by rank
	below, within func(score float64, member string) bool
	skip, most    int // most < 0: all
}

func readRange(cmd string, args []string) (q span, ok bool) {
	if len(args) < 3 {
		return q, false
	}
	q.key, q.most = args[0], -1
	rest := args[3:]
	switch cmd {
	case "ZRANGE":
		q.byRank = true
		var err, err2 error
		q.first, err = strconv.Atoi(args[1])
		q.last, err2 = strconv.Atoi(args[2])
		ok = err == nil && err2 == nil
	case "ZLEXCOUNT", "ZRANGEBYLEX":
		q.byName = true
		q.below, q.within, ok = lexBounds(args[1], args[2])
	default:
		q.below, q.within, ok = scoreBounds(args[1], args[2])
	}
	if q.count = cmd == "ZLEXCOUNT" || cmd == "ZCOUNT"; q.count {
		return q, ok && len(rest) == 0
	}
	for ok && len(rest) > 0 {
		switch option := strings.ToUpper(rest[0]); {
		case option == "WITHSCORES" && cmd != "ZRANGEBYLEX":
			q.scores, rest = true, rest[1:]
		case option == "LIMIT" && !q.byRank && len(rest) >= 3:
			var err, err2 error
			q.skip, err = strconv.Atoi(rest[1])
			q.most, err2 = strconv.Atoi(rest[2])
			ok, rest = err == nil && err2 == nil && q.skip >= 0, rest[3:]
		default:
			ok = false
		}
	}
	return q, ok
}

func lexBounds(low, high string) (below, within func(float64, string) bool, ok bool) {
	begin, opens, ok := lexBound(low)
	end, closes, ok2 := lexBound(high)
	below = func(_ float64, m string) bool { return m < begin || opens == '(' && m == begin || opens == '+' }
	within = func(_ float64, m string) bool { return closes == '+' || m < end || closes == '[' && m == end }
	return below, within, ok && ok2
}

func lexBound(text string) (value string, kind byte, ok bool) {
	switch {
	case text == "-" || text == "+":
		return "", text[0], true
	case text != "" && (text[0] == '[' || text[0] == '('):
		return text[1:], text[0], true
	}
	return "", 0, false
}

func scoreBounds(low, high string) (below, within func(float64, string) bool, ok bool) {
	begin, beyond, ok := scoreBound(low)
	end, until, ok2 := scoreBound(high)
	below = func(s float64, _ string) bool { return s < begin || beyond && s == begin }
	within = func(s float64, _ string) bool { return s < end || !until && s == end }
	return below, within, ok && ok2
}

func scoreBound(text string) (value float64, excluded, ok bool) {
	text, excluded = strings.CutPrefix(text, "(")
	value, err := strconv.ParseFloat(text, 64)
	return value, excluded, err == nil && !math.IsNaN(value)
}

// ranksIn are the ranks of what is asked for: from the first to before the last.
func (q span) ranksIn(set *ordered) (from, to int) {
	if q.byRank {
		from, to = q.first, q.last
		if from < 0 {
			from = max(0, from+set.len())
		}
		if to < 0 {
			to += set.len()
		}
		return from, max(from, min(to+1, set.len()))
	}
	from, to = set.before(q.below), set.before(q.within)
	if from += q.skip; q.most >= 0 {
		to = min(to, from+q.most)
	}
	return from, max(from, to)
}
