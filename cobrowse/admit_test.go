package cobrowse

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func element(tag, attributes, children string) string {
	return fmt.Sprintf(`[{"type":2,"data":{"node":{"type":2,"tagName":%q,"attributes":{%s},"childNodes":[%s],"id":1}},"timestamp":1}]`, tag, attributes, children)
}

func TestWhatMayNotPassIsWithheld(t *testing.T) { // COB-5, S12, S13
	const canary = "c4nary"
	childText := `{"type":3,"textContent":"` + canary + `","id":2}`
	tests := []struct{ name, batch string }{
		{"canvas event", `[{"type":3,"data":{"source":9,"commands":"` + canary + `"},"timestamp":1}]`},
		{"media event", `[{"type":3,"data":{"source":7,"x":"` + canary + `"},"timestamp":1}]`},
		{"font event", `[{"type":3,"data":{"source":10,"x":"` + canary + `"},"timestamp":1}]`},
		{"log event", `[{"type":3,"data":{"source":11,"x":"` + canary + `"},"timestamp":1}]`},
		{"plugin event", `[{"type":6,"data":{"plugin":"` + canary + `"},"timestamp":1}]`},
		{"custom event", `[{"type":5,"data":{"tag":"` + canary + `"},"timestamp":1}]`},
		{"unknown type", `[{"type":99,"data":{"x":"` + canary + `"},"timestamp":1}]`},
		{"unknown source", `[{"type":3,"data":{"source":99,"x":"` + canary + `"},"timestamp":1}]`},
		{"source of another type", `[{"type":3,"data":{"source":"0","x":"` + canary + `"},"timestamp":1}]`},
		{"unmasked input", `[{"type":3,"data":{"source":5,"text":"` + canary + `","isChecked":false,"id":1},"timestamp":1}]`},
		{"unmasked value", element("input", `"type":"text","value":"`+canary+`"`, "")},
		{"unmasked password", element("input", `"type":"password","value":"`+canary+`"`, "")},
		{"hidden input", element("input", `"type":"hidden","value":"`+canary+`"`, "")},
		{"value of an upper-case field", element("INPUT", `"VALUE":"`+canary+`"`, "")},
		{"textarea's text", element("textarea", "", childText)},
		{"script", element("script", `"src":"`+canary+`"`, childText)},
		{"noscript", element("noscript", "", childText)},
		{"object", element("object", `"data":"`+canary+`"`, "")},
		{"handler", element("p", `"onclick":"`+canary+`"`, "")},
		{"srcdoc", element("iframe", `"srcdoc":"`+canary+`"`, "")},
		{"javascript link", element("a", `"href":" java\nscript:`+canary+`"`, "")},
		{"html data link", element("a", `"href":"data:text/html,`+canary+`"`, "")},
		{"query of a link", element("a", `"href":"https://shop/x?`+canary+`"`, "")},
		{"fragment of a picture", element("img", `"src":"https://shop/x.png#`+canary+`"`, "")},
		{"form's action", element("form", `"action":"https://shop/`+canary+`"`, "")},
		{"csrf token", element("meta", `"name":"csrf","content":"`+canary+`"`, "")},
		{"refresh", element("meta", `"http-equiv":"`+canary+`"`, "")},
		{"canvas picture", element("canvas", `"rr_dataURL":"`+canary+`"`, "")},
		{"comment", element("p", "", `{"type":5,"textContent":"`+canary+`","id":2}`)},
		{"query of the page", `[{"type":4,"data":{"href":"https://shop/?` + canary + `"},"timestamp":1}]`},
		{"changed value", `[{"type":3,"data":{"source":0,"attributes":[{"id":1,"attributes":{"value":"` + canary + `"}}],"texts":[],"adds":[],"removes":[]},"timestamp":1}]`},
		{"added script", `[{"type":3,"data":{"source":0,"attributes":[],"texts":[],"removes":[],"adds":[{"parentId":1,"node":{"type":2,"tagName":"script","attributes":{},"childNodes":[` + childText + `]}}]},"timestamp":1}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !json.Valid([]byte(tt.batch)) {
				t.Fatal("the test's batch is no JSON")
			}
			out, _, _, err := admit([]byte(tt.batch))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(out), canary) {
				t.Errorf("passed: %s", out)
			}
		})
	}
}

func TestWhatEverybodyReadsPasses(t *testing.T) { // COB-2
	tests := []struct{ name, batch string }{
		{"text", element("p", `"class":"note"`, `{"type":3,"textContent":"c4nary","id":2}`)},
		{"button's label", element("input", `"type":"submit","value":"c4nary"`, "")},
		{"option", element("option", `"value":"c4nary"`, "")},
		{"path of a link", element("a", `"href":"https://shop/c4nary?x=1"`, "")},
		{"own picture", element("img", `"src":"data:image/png;base64,c4nary"`, "")},
		{"style", element("style", `"_cssText":".c4nary{}"`, "")},
		{"viewport", element("meta", `"name":"viewport","content":"c4nary"`, "")},
		{"changed text", `[{"type":3,"data":{"source":0,"texts":[{"id":1,"value":"c4nary"}]},"timestamp":1}]`},
		{"scroll", `[{"type":3,"data":{"source":3,"id":1,"x":0,"y":5,"c4nary":1},"timestamp":1}]`},
		{"masked value", element("input", `"value":"••••","name":"c4nary"`, "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, passed, _, err := admit([]byte(tt.batch))
			if err != nil || passed != 1 || !strings.Contains(string(out), "c4nary") {
				t.Errorf("passed %d of %s: %s, %v", passed, tt.batch, out, err)
			}
		})
	}
}

func TestHostileTreesAreRefused(t *testing.T) { // S10
	deep := strings.Repeat(`{"type":2,"tagName":"b","attributes":{},"childNodes":[`, 600) + strings.Repeat("]}", 600)
	wide := strings.Repeat(`{"type":3,"textContent":""},`, maxNodes) + `{"type":3,"textContent":""}`
	for name, batch := range map[string]string{
		"deep": element("p", "", deep), "wide": element("p", "", wide), "no array": `{}`, "no JSON": `[{`,
		"a child that is no node": element("p", "", `7`),
	} {
		if _, _, _, err := admit([]byte(batch)); err == nil {
			t.Errorf("%s is admitted", name)
		}
	}
}

func FuzzAdmit(f *testing.F) {
	f.Add([]byte(element("p", `"onclick":"x"`, `{"type":3,"textContent":"x"}`)))
	f.Add([]byte(`[{"type":3,"data":{"source":0,"adds":[{"node":{}}]}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, passed, _, err := admit(data)
		if err != nil || passed == 0 {
			return
		}
		again, twice, withheld, err := admit(out)
		if err != nil || twice != passed || withheld != 0 || string(again) != string(out) {
			t.Errorf("admitting %s twice gave %s, withheld %d, %v", out, again, withheld, err)
		}
	})
}
