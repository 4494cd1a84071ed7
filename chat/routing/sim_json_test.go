package routing

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	luajson "github.com/alicebob/miniredis/v2/gopher-json"
	lua "github.com/yuin/gopher-lua"
)

// A decoder makes Lua values of JSON without any others in between: cjson.decode
// of a scripter. Fields stand in the order of the text.
type decoder struct {
	l    *lua.LState
	text string
}

var words = []struct {
	text  string
	value lua.LValue
}{{"true", lua.LTrue}, {"false", lua.LFalse}, {"null", lua.LNil}}

func decodeJSON(l *lua.LState) int {
	d := decoder{l, l.CheckString(1)}
	l.Push(d.value())
	if d.space(); d.text != "" {
		d.fail()
	}
	return 1
}

func (d *decoder) fail() { d.l.RaiseError("cjson.decode: unexpected %q", d.text) }

func (d *decoder) space() {
	if d.text != "" && d.text[0] <= ' ' {
		d.text = strings.TrimLeft(d.text, " \t\r\n")
	}
}

// next tells what stands first, and takes it when it is c.
func (d *decoder) next(c byte) bool {
	d.space()
	if d.text == "" || d.text[0] != c {
		return false
	}
	d.text = d.text[1:]
	return true
}

func (d *decoder) value() lua.LValue {
	d.space()
	switch {
	case d.next('{'):
		return d.object()
	case d.next('['):
		return d.array()
	case strings.HasPrefix(d.text, `"`):
		return lua.LString(d.string())
	}
	for _, word := range words {
		if rest, ok := strings.CutPrefix(d.text, word.text); ok {
			d.text = rest
			return word.value
		}
	}
	end := strings.IndexFunc(d.text, func(c rune) bool { return !strings.ContainsRune("+-.0123456789eE", c) })
	if end < 0 {
		end = len(d.text)
	}
	n, err := strconv.ParseFloat(d.text[:end], 64)
	if err != nil {
		d.fail()
	}
	d.text = d.text[end:]
	return lua.LNumber(n)
}

func (d *decoder) object() lua.LValue {
	if d.next('}') {
		return d.l.NewTable()
	}
	t := d.l.CreateTable(0, min(24, 4+len(d.text)/16))
	for {
		d.space()
		name := d.string()
		if !d.next(':') {
			d.fail()
		}
		t.RawSetString(name, d.value())
		if d.next('}') {
			return t
		}
		if !d.next(',') {
			d.fail()
		}
	}
}

func (d *decoder) array() lua.LValue {
	t := d.l.CreateTable(4, 0)
	if d.next(']') {
		return t
	}
	for {
		t.Append(d.value())
		if d.next(']') {
			return t
		}
		if !d.next(',') {
			d.fail()
		}
	}
}

func (d *decoder) string() string {
	if !strings.HasPrefix(d.text, `"`) {
		d.fail()
	}
	end := 1
	for end < len(d.text) && d.text[end] != '"' {
		if d.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(d.text) {
		d.fail()
	}
	quoted := d.text[:end+1]
	d.text = d.text[end+1:]
	if !strings.Contains(quoted, `\`) {
		return quoted[1:end]
	}
	var s string
	if json.Unmarshal([]byte(quoted), &s) != nil {
		d.fail()
	}
	return s
}

// encodeJSON is cjson.encode of a scripter. An empty table is a list.
func encodeJSON(l *lua.LState) int {
	l.Push(lua.LString(appendJSON(nil, l.CheckAny(1))))
	return 1
}

func appendJSON(b []byte, v lua.LValue) []byte {
	switch v := v.(type) {
	case lua.LNumber:
		return strconv.AppendFloat(b, float64(v), 'f', -1, 64)
	case lua.LString:
		if needsNoEscape(string(v)) {
			return append(append(append(b, '"'), v...), '"')
		}
		text, _ := json.Marshal(string(v)) // text always can be
		return append(b, text...)
	case *lua.LTable:
		return appendTable(b, v)
	case *lua.LNilType:
		return append(b, "null"...)
	}
	return append(b, v.String()...)
}

func appendTable(b []byte, t *lua.LTable) []byte {
	key, v := t.Next(lua.LNil)
	if key == lua.LNil {
		return append(b, "[]"...)
	}
	begin, end := byte('['), byte(']')
	if _, named := key.(lua.LString); named {
		begin, end = '{', '}'
	}
	for separator := begin; key != lua.LNil; key, v = t.Next(key) {
		b = append(b, separator)
		separator = ','
		if begin == '{' {
			b = append(appendJSON(b, key), ':')
		}
		b = appendJSON(b, v)
	}
	return append(b, end)
}

func needsNoEscape(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }) < 0
}

func TestScripterReadsAndWritesJSONAsTheEmbeddedServer(t *testing.T) {
	l := lua.NewState()
	defer l.Close()
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-12.5e3`, `true`, `false`, `null`, ` [ 1 , {"a" : [ ] } ] `, `"a\"\\b\u00e9\n"`, `{"a":{"b":[1,2,[3]],"c":"}"},"d":null}`,
		`[1,null,2]`, `"grüße"`,
	} {
		want, err := luajson.Decode(l, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		l.Push(l.NewFunction(decodeJSON))
		l.Push(lua.LString(text))
		l.Call(1, 1)
		got := l.Get(-1)
		l.Pop(1)
		a, _ := luajson.Encode(want)
		b, err := luajson.Encode(got)
		if err != nil || string(a) != string(b) {
			t.Errorf("%s is read as %s, want %s (%v)", text, b, a, err)
		}
		again, err := luajson.Decode(l, appendJSON(nil, got))
		if err != nil {
			t.Fatal(err)
		}
		if c, _ := luajson.Encode(again); string(a) != string(c) {
			t.Errorf("%s is written as %s, want %s", text, appendJSON(nil, got), a)
		}
	}
	for _, text := range []string{``, `{`, `[1`, `{"a"}`, `{"a":1,}`, `"a`, `1 2`, `nul`} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(decodeJSON), NRet: 1, Protect: true}, lua.LString(text)); err == nil {
			t.Errorf("%q is read", text)
			l.Pop(1)
		}
	}
}
