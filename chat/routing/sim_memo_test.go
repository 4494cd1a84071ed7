package routing

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// A memo reads JSON that was read before without making its tables anew: most
// rows are read many times and changed by few of those who read them. A table
// that is as it was when its script has ended is given out again. The memo is of
// one scripter, so that what happens in a seed does not depend on those before.
type memo struct {
	once  map[string]bool   // what was read once
	again map[string]*shape // what was read more often
	out   []*instance       // given out to the script that runs
}

// Texts longer than this are not kept, and so many are: then all are forgotten.
const (
	memoText  = 2048
	memoTexts = 4096
)

func newMemo() *memo { return &memo{once: map[string]bool{}, again: map[string]*shape{}} }

// A shape is a value of JSON; one that is no table is scalar.
type shape struct {
	scalar lua.LValue
	keys   []string // of an object, without those that are null
	parts  []*shape // by keys, or in order
	free   []*instance
}

// An instance is a table of a shape with the tables in it.
type instance struct {
	of     *shape
	table  *lua.LTable
	inside []*instance // by parts; nil of a scalar
}

// decode is cjson.decode.
func (m *memo) decode(l *lua.LState) int {
	text := l.CheckString(1)
	s := m.again[text]
	switch {
	case s != nil:
	case len(text) > memoText || !m.once[text]:
		if len(text) <= memoText {
			if len(m.once) >= memoTexts {
				clear(m.once)
				clear(m.again)
			}
			m.once[text] = true
		}
		return decodeJSON(l)
	default:
		decodeJSON(l)
		s = shapeOf(l.Get(-1))
		l.Pop(1)
		m.again[text] = s
	}
	if s.scalar != nil {
		l.Push(s.scalar)
		return 1
	}
	var i *instance
	if n := len(s.free); n > 0 {
		i, s.free = s.free[n-1], s.free[:n-1]
	} else {
		i = s.instance(l)
	}
	m.out = append(m.out, i)
	l.Push(i.table)
	return 1
}

// ended takes back what the script that has ended did not change.
func (m *memo) ended() {
	for n, i := range m.out {
		if i.unchanged() {
			i.of.free = append(i.of.free, i)
		}
		m.out[n] = nil
	}
	m.out = m.out[:0]
}

func shapeOf(v lua.LValue) *shape {
	t, ok := v.(*lua.LTable)
	if !ok {
		return &shape{scalar: v}
	}
	s := &shape{}
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		if name, named := key.(lua.LString); named {
			s.keys = append(s.keys, string(name))
		}
		s.parts = append(s.parts, shapeOf(value))
	}
	return s
}

func (s *shape) instance(l *lua.LState) *instance {
	i := &instance{of: s, inside: make([]*instance, len(s.parts))}
	i.table = l.CreateTable(len(s.parts)-len(s.keys), len(s.keys))
	for n, part := range s.parts {
		v := part.scalar
		if v == nil {
			i.inside[n] = part.instance(l)
			v = i.inside[n].table
		}
		if len(s.keys) > 0 {
			i.table.RawSetString(s.keys[n], v)
		} else {
			i.table.Append(v)
		}
	}
	return i
}

// unchanged: is the table as it was made, and all in it?
func (i *instance) unchanged() bool {
	s, last := i.of, lua.LNil
	if len(s.keys) > 0 {
		last = lua.LString(s.keys[len(s.keys)-1])
		if i.table.MaxN() != 0 {
			return false
		}
	} else if len(s.parts) > 0 {
		last = lua.LNumber(len(s.parts))
	}
	if more, _ := i.table.Next(last); more != lua.LNil {
		return false
	}
	for n, part := range s.parts {
		var v lua.LValue
		if len(s.keys) > 0 {
			v = i.table.RawGetString(s.keys[n])
		} else {
			v = i.table.RawGetInt(n + 1)
		}
		switch inside := i.inside[n]; {
		case inside == nil && v != part.scalar, inside != nil && (v != inside.table || !inside.unchanged()):
			return false
		}
	}
	return true
}

func TestAMemoGivesOutOnlyWhatIsAsItWas(t *testing.T) {
	const text = `{"a":1,"b":[{"c":"x"},2],"d":{},"e":null}`
	for _, test := range []struct {
		change string
		same   bool
	}{
		{"", true}, {"local x = v.a + #v.b", true}, {"v.a = 1", true}, {"v.new = 1; v.new = nil", true},
		{"v.a = 2", false}, {"v.a = nil", false}, {"v.new = 1", false}, {"v[1] = 1", false}, {"v.e = 1", false},
		{"v.b[1].c = 'y'", false}, {"v.b[3] = 1", false}, {"v.b.x = 1", false}, {"v.b[1], v.b[2] = v.b[2], v.b[1]", false},
		{"table.remove(v.b)", false}, {"v.d.x = 1", false}, {"v.d[1] = 1", false}, {"v.d = {}", false}, {"v.b = {{c = 'x'}, 2}", false},
	} {
		l, m := lua.NewState(), newMemo()
		l.SetGlobal("decode", l.NewFunction(m.decode))
		l.SetGlobal("text", lua.LString(text))
		run := func(script string) *lua.LTable {
			if err := l.DoString(script); err != nil {
				t.Fatal(err)
			}
			m.ended()
			v, _ := l.GetGlobal("v").(*lua.LTable)
			return v
		}
		run("v = decode(text)")
		run("v, w = decode(text), decode(text); if v == w or v.b == w.b then error('one table for two') end")
		changed := run("v = decode(text); " + test.change)
		got := run("v = decode(text)")
		if (got == changed) != test.same {
			t.Errorf("after %q: given out again: %v", test.change, got == changed)
		}
		if has := asText(got); has != `{"a":1,"b":[{"c":"x"},2],"d":[]}` {
			t.Errorf("after %q it is %s", test.change, has)
		}
		l.Close()
	}
}
