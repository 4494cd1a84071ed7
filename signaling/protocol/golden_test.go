package protocol_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

const sampleID = "01920000-0000-7000-8000-000000000001"

// sample fills every field of a type with a value that is not its zero value,
// so that a field renamed, dropped or retyped changes the golden file.
func sample(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(sample(t.Elem()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.String:
		v.SetString("text")
		if strings.HasSuffix(t.Name(), "ID") || t.Name() == "Op" {
			v.SetString(sampleID)
		}
	case reflect.Slice:
		v.Set(reflect.Append(v, sample(t.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(reflect.ValueOf("key").Convert(t.Key()), sample(t.Elem()))
	case reflect.Struct:
		for i := range t.NumField() {
			v.Field(i).Set(sample(t.Field(i).Type))
		}
	}
	return v
}

func TestGoldenFrames(t *testing.T) {
	frames := map[string]reflect.Type{}
	for _, r := range protocol.Rules() {
		frames["up."+r.Kind] = r.Body
	}
	for _, d := range protocol.Downs() {
		frames["down."+d.Kind] = d.Body
	}
	for name, body := range frames {
		t.Run(name, func(t *testing.T) {
			_, kind, _ := strings.Cut(name, ".")
			data, err := protocol.Encode(kind, protocol.Op(sampleID), sample(body).Interface())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("golden", name+".json")
			if *update {
				write(t, path, data)
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("no golden file: run go test ./signaling/protocol -update: %v", err)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, golden); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compact.String(), string(data)); diff != "" {
				t.Errorf("the wire has changed (-golden +now):\n%s", diff)
			}
			decodeAgain(t, golden, body)
		})
	}
}

func TestGoldenShapes(t *testing.T) {
	for _, shape := range protocol.Shapes() {
		t.Run(shape.Name(), func(t *testing.T) {
			data, err := json.Marshal(sample(shape).Interface())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("golden", "shape."+strings.ToLower(shape.Name())+".json")
			if *update {
				write(t, path, data)
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("no golden file: run go test ./signaling/protocol -update: %v", err)
			}
			got := reflect.New(shape)
			if err := json.Unmarshal(golden, got.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sample(shape).Interface(), got.Elem().Interface()); diff != "" {
				t.Errorf("the shape has changed (-now +golden):\n%s", diff)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, golden); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(compact.String(), string(data)); diff != "" {
				t.Errorf("the shape has changed (-golden +now):\n%s", diff)
			}
		})
	}
}

func TestNoGoldenFileTooMany(t *testing.T) {
	files, _ := filepath.Glob("golden/*.json")
	if want := len(protocol.Rules()) + len(protocol.Downs()) + len(protocol.Shapes()); len(files) != want {
		t.Errorf("%d golden files for %d kinds and shapes: remove what is gone", len(files), want)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(indented.Bytes(), '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func decodeAgain(t *testing.T, golden []byte, body reflect.Type) {
	t.Helper()
	f, err := protocol.Decode(golden)
	if err != nil {
		t.Fatalf("golden frame is refused: %v", err)
	}
	got := reflect.New(body)
	if err := json.Unmarshal(f.Body, got.Interface()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(body).Interface(), got.Elem().Interface()); diff != "" {
		t.Errorf("round trip (-want +got):\n%s", diff)
	}
}
