package routing

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	gocmp "github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// A command does what the embedded server's of that name does, on its data, for
// scripts: without the way by a reply's text, and without sorting what nobody
// asked for. nil: it is to go that way.
type command func(s *scripter, l *lua.LState, key string, args []string) lua.LValue

var commands = map[string]command{
	"HGET": hget, "HSET": hset, "HDEL": hdel, "HEXISTS": hexists, "HKEYS": hkeys, "HVALS": hvals, "HGETALL": hgetall, "HMGET": hmget,
	"ZADD": zadd, "ZREM": zrem, "ZSCORE": zscore, "ZMSCORE": zmscore, "ZCARD": zcard,
	"ZRANGE": zrange("ZRANGE"), "ZRANGEBYSCORE": zrange("ZRANGEBYSCORE"), "ZRANGEBYLEX": zrange("ZRANGEBYLEX"), "ZLEXCOUNT": zrange("ZLEXCOUNT"),
}

// redisTime is TIME: seconds, and microseconds of the second.
func redisTime(l *lua.LState) lua.LValue {
	now, t := time.Now(), l.CreateTable(2, 0)
	t.Append(lua.LString(strconv.FormatInt(now.Unix(), 10)))
	t.Append(lua.LString(strconv.Itoa(now.Nanosecond() / 1000)))
	return t
}

func valueOf(text string) lua.LValue {
	if text == "" { // a field without a value is never written
		return lua.LFalse
	}
	return lua.LString(text)
}

func hget(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	return valueOf(s.data.HGet(key, args[0]))
}

func hmget(s *scripter, l *lua.LState, key string, args []string) lua.LValue {
	t := l.CreateTable(len(args), 0)
	for _, field := range args {
		t.Append(valueOf(s.data.HGet(key, field)))
	}
	return t
}

func hset(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	added := 0
	for i := 0; i+1 < len(args); i += 2 {
		if s.data.HGet(key, args[i]) == "" {
			added++
		}
		s.data.HSet(key, args[i], args[i+1])
	}
	return lua.LNumber(added)
}

// hdel leaves the removal of what is there to the server: with its last field a hash is no more.
func hdel(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	for _, field := range args {
		if s.data.HGet(key, field) != "" {
			return nil
		}
	}
	return lua.LNumber(0)
}

func hexists(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	if s.data.HGet(key, args[0]) == "" {
		return lua.LNumber(0)
	}
	return lua.LNumber(1)
}

func hkeys(s *scripter, l *lua.LState, key string, _ []string) lua.LValue {
	fields, _ := s.data.HKeys(key)
	return texts(l, fields)
}

func hvals(s *scripter, l *lua.LState, key string, _ []string) lua.LValue {
	fields, _ := s.data.HKeys(key)
	values := make([]string, len(fields))
	for i, field := range fields {
		values[i] = s.data.HGet(key, field)
	}
	slices.Sort(values)
	return texts(l, values)
}

func hgetall(s *scripter, l *lua.LState, key string, _ []string) lua.LValue {
	fields, _ := s.data.HKeys(key)
	t := l.CreateTable(2*len(fields), 0)
	for _, field := range fields {
		t.Append(lua.LString(field))
		t.Append(lua.LString(s.data.HGet(key, field)))
	}
	return t
}

func texts(l *lua.LState, list []string) *lua.LTable {
	t := l.CreateTable(len(list), 0)
	for _, text := range list {
		t.Append(lua.LString(text))
	}
	return t
}

func zadd(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	added := 0
	for i := 0; i+1 < len(args); i += 2 {
		score, err := strconv.ParseFloat(args[i], 64)
		if err != nil {
			return nil
		}
		if fresh, err := s.data.ZAdd(key, score, args[i+1]); err != nil {
			return nil
		} else if fresh {
			added++
		}
	}
	return lua.LNumber(added)
}

func zrem(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	removed := 0
	for _, member := range args {
		if was, _ := s.data.ZRem(key, member); was {
			removed++
		}
	}
	return lua.LNumber(removed)
}

// sorted is the server's own set: it is not to be changed.
func (s *scripter) sorted(key string) map[string]float64 {
	set, _ := s.data.SortedSet(key)
	return set
}

func zcard(s *scripter, _ *lua.LState, key string, _ []string) lua.LValue {
	return lua.LNumber(len(s.sorted(key)))
}

func scoreOf(set map[string]float64, member string) lua.LValue {
	score, known := set[member]
	if !known {
		return lua.LFalse
	}
	return lua.LString(strconv.FormatFloat(score, 'f', -1, 64))
}

func zscore(s *scripter, _ *lua.LState, key string, args []string) lua.LValue {
	return scoreOf(s.sorted(key), args[0])
}

func zmscore(s *scripter, l *lua.LState, key string, args []string) lua.LValue {
	set, t := s.sorted(key), l.CreateTable(len(args), 0)
	for _, member := range args {
		t.Append(scoreOf(set, member))
	}
	return t
}

// zrange is a question about a range, as the ranks of the embedded server read it.
func zrange(name string) command {
	return func(s *scripter, l *lua.LState, key string, args []string) lua.LValue {
		q, ok := readRange(name, append([]string{key}, args...))
		if !ok {
			return nil
		}
		set := s.sorted(key)
		type element struct {
			member string
			score  float64
		}
		var list []element
		for member, score := range set {
			if q.byRank || !q.below(score, member) && q.within(score, member) {
				list = append(list, element{member, score})
			}
		}
		if q.count {
			return lua.LNumber(len(list))
		}
		slices.SortFunc(list, func(a, b element) int { return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.member, b.member)) })
		list = list[min(q.skip, len(list)):]
		if q.most >= 0 {
			list = list[:min(q.most, len(list))]
		}
		if q.byRank {
			last := q.last
			if last < 0 {
				last += len(list)
			}
			first := q.first
			if first < 0 {
				first = max(0, first+len(list))
			}
			list = list[min(first, len(list)):max(min(first, len(list)), min(last+1, len(list)))]
		}
		t := l.CreateTable(len(list), 0)
		for _, e := range list {
			t.Append(lua.LString(e.member))
			if q.scores {
				t.Append(scoreOf(set, e.member))
			}
		}
		return t
	}
}

// The same commands, in the same order, on the data and by way of the server.
func TestScripterDoesCommandsAsTheEmbeddedServer(t *testing.T) {
	directly, byServer := miniredis.NewMiniRedis(), miniredis.NewMiniRedis()
	a, b := newScripter(directly), newScripter(byServer)
	defer directly.Close()
	defer byServer.Close()
	rng, done := rand.New(rand.NewPCG(1, 9)), map[string]int{}
	for i := range 20_000 {
		args := someCommand(rng)
		want := asText(b.dispatch(args))
		do := commands[args[0]]
		if do == nil {
			a.dispatch(args)
			continue
		}
		v := do(a, a.state, args[1], args[2:])
		if v == nil {
			v = a.dispatch(args)
		} else {
			done[args[0]]++
		}
		if got := asText(v); got != want {
			t.Fatalf("%d: %q answers %s, want %s", i, args, got, want)
		}
	}
	for name := range commands {
		if done[name] < 200 {
			t.Errorf("%s was done %d times", name, done[name])
		}
	}
	if diff := gocmp.Diff(take(byServer), take(directly), gocmp.AllowUnexported(snapshot{})); diff != "" {
		t.Errorf("another server holds something else:\n%s", diff)
	}
}

func asText(v lua.LValue) string { return string(appendJSON(nil, v)) }

// someCommand is one as scripts give them. One set has equal scores, for ranges by name.
func someCommand(rng *rand.Rand) []string {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	field := func() string { return pick("a", "b", "c", "d", "e:1", "e:2", "f:1", "g") }
	number := func() string { return strconv.Itoa(2*rng.IntN(12) + 1_700_000_000_001) }
	limit := func(args ...string) []string {
		if rng.IntN(2) == 0 {
			args = append(args, "LIMIT", strconv.Itoa(rng.IntN(3)), strconv.Itoa(rng.IntN(5)-1))
		}
		return args
	}
	byName := func() string { return pick("[", "(") + pick("a", "e:", "e;", "c") }
	bound := func() string { return pick("", "(") + number() }
	switch name := pick(slices.Sorted(maps.Keys(commands))...); name {
	case "HGET", "HEXISTS":
		return []string{name, "h", field()}
	case "HDEL", "HMGET":
		return []string{name, "h", field(), field()}
	case "HSET":
		return []string{name, "h", field(), number(), field(), number()}
	case "HKEYS", "HVALS", "HGETALL":
		return []string{name, "h"}
	case "ZADD":
		if rng.IntN(2) == 0 {
			return []string{name, "level", "0", field(), "0", field()}
		}
		return []string{name, "z", number(), field()}
	case "ZREM", "ZMSCORE":
		return []string{name, pick("z", "level"), field(), field()}
	case "ZSCORE":
		return []string{name, "z", field()}
	case "ZCARD":
		return []string{name, pick("z", "level")}
	case "ZRANGE":
		args := []string{name, pick("z", "level"), strconv.Itoa(rng.IntN(8) - 4), strconv.Itoa(rng.IntN(8) - 4)}
		if rng.IntN(2) == 0 {
			args = append(args, "WITHSCORES")
		}
		return args
	case "ZRANGEBYSCORE":
		return limit(name, "z", pick("-inf", bound()), pick("+inf", bound()))
	case "ZLEXCOUNT":
		return []string{name, "level", byName(), byName()}
	default:
		if rng.IntN(20) == 0 {
			return []string{"DEL", pick("h", "z", "level")}
		}
		return limit("ZRANGEBYLEX", "level", byName(), byName())
	}
}
