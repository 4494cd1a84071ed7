package routing

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
)

// plain is the embedded server without what answers ranges beside it.
func plain(t *testing.T) redis.UniversalClient {
	t.Helper()
	server := miniredis.NewMiniRedis()
	opt := &redis.Options{Addr: "127.0.0.1:0", Dialer: func(context.Context, string, string) (net.Conn, error) { return server.Dial() }}
	tune(opt)
	c := redis.NewClient(opt)
	t.Cleanup(func() {
		_ = c.Close()
		server.Close()
	})
	return c
}

// drawCommand draws something that scripts do with sorted sets, or that others might.
func drawCommand(t *rapid.T) []any {
	key := rapid.SampledFrom([]string{"zeros", "zeros", "scored"}).Draw(t, "key")
	member := func() string {
		return fmt.Sprintf("%s:%02d", rapid.SampledFrom([]string{"a", "b", "b;"}).Draw(t, "class"), rapid.IntRange(0, 40).Draw(t, "member"))
	}
	score := func() int {
		if key == "zeros" {
			return 0
		}
		return rapid.IntRange(-3, 9).Draw(t, "score")
	}
	lex := func(ends ...string) string {
		if end := rapid.SampledFrom([]string{"", "", ends[0]}).Draw(t, "end"); end != "" {
			return end
		}
		return rapid.SampledFrom([]string{"[", "("}).Draw(t, "bound") + member()
	}
	byScore := func(end string) string {
		return rapid.SampledFrom([]string{end, fmt.Sprint(score()), fmt.Sprint("(", score())}).Draw(t, "bound")
	}
	limit := func(command ...any) []any {
		if rapid.Bool().Draw(t, "limited") {
			return append(command, "LIMIT", rapid.IntRange(0, 3).Draw(t, "skip"), rapid.IntRange(-1, 5).Draw(t, "most"))
		}
		return command
	}
	rank := rapid.IntRange(-6, 30)
	switch rapid.SampledFrom([]string{"add", "add", "add", "rem", "lex", "lexcount", "score", "rank", "withscores", "other"}).Draw(t, "what") {
	case "add":
		return []any{"ZADD", key, score(), member(), score(), member()}
	case "rem":
		return []any{"ZREM", key, member(), member()}
	case "lex":
		return limit("ZRANGEBYLEX", key, lex("-"), lex("+"))
	case "lexcount":
		return []any{"ZLEXCOUNT", key, lex("-"), lex("+")}
	case "score":
		return limit("ZRANGEBYSCORE", key, byScore("-inf"), byScore("+inf"))
	case "rank":
		return []any{"ZRANGE", key, rank.Draw(t, "first"), rank.Draw(t, "last")}
	case "withscores":
		return []any{"ZRANGE", key, rank.Draw(t, "first"), rank.Draw(t, "last"), "WITHSCORES"}
	}
	return rapid.SampledFrom([][]any{
		{"DEL", key}, {"FLUSHALL"}, {"ZADD", key, "NX", score(), member()}, {"ZINCRBY", "scored", 2, member()}, {"ZPOPMIN", key}, {"RENAME", "zeros", "scored"},
		{"ZRANGE", key, "(1", "5", "BYSCORE"}, {"ZADD", key, "much", member()}, {"ZRANGEBYLEX", key, "x", "y"}, {"SET", key, "text"}, {"ZCOUNT", key, "-inf", "(4"},
	}).Draw(t, "other")
}

func TestRangesAreWhatTheServerSays(t *testing.T) { // R9: the embedded Redis is as good as a real one
	slow := plain(t)
	quick, stop := Embedded(t.Context())
	defer stop()
	script := `return redis.pcall(unpack(ARGV))`
	rapid.Check(t, func(rt *rapid.T) {
		for _, c := range []redis.UniversalClient{slow, quick} {
			if err := c.FlushAll(t.Context()).Err(); err != nil {
				rt.Fatal(err)
			}
		}
		for range rapid.IntRange(20, 120).Draw(rt, "commands") {
			command := drawCommand(rt)
			inScript := rapid.IntRange(0, 3).Draw(rt, "in a script") > 0 && command[0] != "FLUSHALL"
			say := func(c redis.UniversalClient) string {
				if inScript {
					answer, err := c.Eval(t.Context(), script, nil, command...).Result()
					return fmt.Sprint(answer, err)
				}
				answer, err := c.Do(t.Context(), command...).Result()
				return fmt.Sprint(answer, err)
			}
			if diff := cmp.Diff(say(slow), say(quick)); diff != "" {
				rt.Fatalf("%v (-server +ranks):\n%s", command, diff)
			}
		}
	})
}
