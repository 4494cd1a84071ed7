package routing

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// A scripter runs the scripts of a simulated Redis. The embedded server makes a
// Lua state for each call, which costs more than most scripts do; here one is
// kept, with a faster way to read JSON. All else is the embedded server's.
type scripter struct {
	server *server.Server
	data   *miniredis.RedisDB

	mu    sync.Mutex // one script at a time; guards what follows
	state *lua.LState
	known map[string]*lua.LFunction // by SHA-1
	reply bytes.Buffer
	out   *bufio.Writer
	peer  *server.Peer
	memo  *memo
	keys  []string // of the last script
}

// newServer is a Redis inside the process whose scripts are run by a scripter.
func newServer() *miniredis.Miniredis {
	m := miniredis.NewMiniRedis()
	s := newScripter(m)
	s.server.SetPreHook(s.run)
	return m
}

func newScripter(m *miniredis.Miniredis) *scripter {
	if c, err := m.Dial(); err == nil { // it listens from the first connection on
		_ = c.Close()
	}
	s := &scripter{server: m.Server(), data: m.DB(0), state: lua.NewState(), known: map[string]*lua.LFunction{}, memo: newMemo()}
	s.out = bufio.NewWriter(&s.reply)
	s.peer = server.NewPeer(s.out)
	cjson := s.state.NewTable()
	cjson.RawSetString("decode", s.state.NewFunction(s.memo.decode))
	cjson.RawSetString("encode", s.state.NewFunction(encodeJSON))
	s.state.SetGlobal("cjson", cjson)
	module := s.state.NewTable()
	module.RawSetString("call", s.state.NewFunction(s.call))
	module.RawSetString("pcall", s.state.NewFunction(func(l *lua.LState) int { // of what the embedded one does not have
		l.Push(l.NewTable())
		return 1
	}))
	module.RawSetString("sha1hex", s.state.NewFunction(func(l *lua.LState) int {
		l.Push(lua.LString(sha1Hex(l.CheckString(1))))
		return 1
	}))
	s.state.SetGlobal("redis", module)
	return s
}

var errNoScript = errors.New("NOSCRIPT no such script: EVAL it")

func sha1Hex(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// run does EVAL and EVALSHA, and leaves all else to the server.
func (s *scripter) run(c *server.Peer, cmd string, args ...string) bool {
	if cmd != "EVAL" && cmd != "EVALSHA" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.function(cmd == "EVAL", args[0])
	if err != nil {
		c.WriteError(err.Error())
		return true
	}
	n, _ := strconv.Atoi(args[1])
	if names := args[2 : 2+n]; !slices.Equal(names, s.keys) { // no script changes the table
		s.keys = names
		s.state.SetGlobal("KEYS", s.list(names))
	}
	s.state.SetGlobal("ARGV", s.list(args[2+n:]))
	defer s.memo.ended()
	defer s.state.SetTop(0)
	s.state.Push(f)
	if err := s.state.PCall(0, 1, nil); err != nil {
		c.WriteError("ERR " + strings.ReplaceAll(err.Error(), "\n", " "))
		return true
	}
	c.WriteBulk(lua.LVAsString(s.state.Get(1)))
	return true
}

func (s *scripter) function(isText bool, script string) (*lua.LFunction, error) {
	name := script
	if isText {
		name = sha1Hex(script)
	}
	if f := s.known[name]; f != nil {
		return f, nil
	}
	if !isText {
		return nil, errNoScript
	}
	chunk, err := parse.Parse(strings.NewReader(script), name)
	if err != nil {
		return nil, fmt.Errorf("ERR %w", err)
	}
	proto, err := lua.Compile(chunk, name)
	if err != nil {
		return nil, fmt.Errorf("ERR %w", err)
	}
	s.known[name] = s.state.NewFunctionFromProto(proto)
	return s.known[name], nil
}

func (s *scripter) list(texts []string) *lua.LTable {
	t := s.state.CreateTable(len(texts), 0)
	for _, text := range texts {
		t.Append(lua.LString(text))
	}
	return t
}

// call is redis.call of the scripts.
func (s *scripter) call(l *lua.LState) int {
	name, n := lua.LVAsString(l.Get(1)), l.GetTop()
	if name == "TIME" {
		l.Push(redisTime(l))
		return 1
	}
	args := make([]string, n)
	for i := range args {
		args[i] = textOf(l.Get(i + 1))
	}
	if do := commands[name]; do != nil && n > 1 {
		if v := do(s, l, args[1], args[2:]); v != nil {
			l.Push(v)
			return 1
		}
	}
	l.Push(s.dispatch(args))
	return 1
}

// dispatch lets the embedded server do a command.
func (s *scripter) dispatch(args []string) lua.LValue {
	s.reply.Reset()
	s.server.Dispatch(s.peer, args)
	_ = s.out.Flush()
	v, _ := s.value(s.reply.Bytes())
	return v
}

// textOf is a value as a command's argument.
func textOf(v lua.LValue) string {
	if n, ok := v.(lua.LNumber); ok && n == lua.LNumber(int64(n)) {
		return strconv.FormatInt(int64(n), 10)
	}
	return lua.LVAsString(v)
}

// value is the first one of a reply, and what comes behind it.
func (s *scripter) value(b []byte) (lua.LValue, []byte) {
	line, rest, _ := bytes.Cut(b, []byte("\r\n"))
	text := string(line[1:])
	n, _ := strconv.Atoi(text)
	switch line[0] {
	case '-':
		s.state.RaiseError("%s", text)
	case '+':
		t := s.state.NewTable()
		t.RawSetString("ok", lua.LString(text))
		return t, rest
	case ':':
		return lua.LNumber(n), rest
	case '$':
		if n < 0 {
			return lua.LFalse, rest
		}
		return lua.LString(rest[:n]), rest[n+2:]
	case '*':
		if n < 0 {
			return lua.LFalse, rest
		}
		t := s.state.CreateTable(n, 0)
		for range n {
			var v lua.LValue
			v, rest = s.value(rest)
			t.Append(v)
		}
		return t, rest
	}
	panic("a reply of an unknown kind: " + string(line))
}
