package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

func TestDoctorLooksAtWhatSettingsName(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
		return path
	}
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)) + "\n"
	closed := []string{"--webrtc.udp_address=", "--webrtc.tcp_address="}
	udp := func(address string) []string {
		return []string{"--webrtc.udp_address=" + address, "--webrtc.tcp_address="}
	}
	loopback, everywhere, outside := testbed.FreeAddress(t), ":"+strings.Split(testbed.FreeAddress(t), ":")[1], "--http.public_url=https://chat.example.com"
	for _, tt := range []struct {
		name     string
		settings []string
		want     string // in a line of the report
	}{
		{"no key file", closed, "ok   secrets  not used yet by this version, and no key file is needed"},
		{"a good key file", append(closed, "--secrets.key_file="+file("good", key, 0o600)), "ok   secrets "},
		{"a key file that others may read", append(closed, "--secrets.key_file="+file("open", key, 0o644)), "chmod 600"},
		{"a key file that is not there", append(closed, "--secrets.key_file="+filepath.Join(folder, "none")), "make the file"},
		{"a key that is too short", append(closed, "--secrets.key_file="+file("short", "c2hvcnQ=", 0o600)), "FAIL secrets  secrets.key_file: " + folder},
		{"a folder as key", append(closed, "--secrets.key_file="+folder), "is not a file"},
		{"no place for files", closed, "ok   blob     not used yet by this version"},
		{"a place for files", append(closed, "--blob.url=file://"+folder), "ok   blob "},
		{"a place for files that is not there", append(closed, "--blob.url=file://"+folder+"/none"), "look at blob.url"},
		{"a certificate that is not there", append(closed, "--http.tls.cert_file="+folder+"/none", "--http.tls.key_file="+folder+"/none"), "look at http.tls.cert_file"},
		{"no advertised address", udp(loopback), "ok   webrtc   browsers are told " + loopback},
		{"advertised, and closed", append(closed, "--webrtc.advertise=203.0.113.7:8443"), "FAIL webrtc   webrtc.advertise is set, but both ports are closed"},
		{"loopback advertised to the world", append(udp(everywhere), outside, "--webrtc.advertise=127.0.0.1:8443"), "this machine for every browser"},
		{"advertised, and listening on loopback", append(udp(loopback), outside, "--webrtc.advertise=203.0.113.7:8443"), `webrtc.udp_address and webrtc.tcp_address to ":8443"`},
		{"advertised, and open", append(udp(everywhere), outside, "--webrtc.advertise=203.0.113.7:8443"), "ok   webrtc   browsers are told 203.0.113.7:8443"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			arguments := append([]string{"--data.directory=" + t.TempDir(), "--http.address=" + testbed.FreeAddress(t), "--ops.address=" + testbed.FreeAddress(t)}, tt.settings...)
			var out, errs bytes.Buffer
			err := doctor(t.Context(), arguments, nil, &out, &errs)
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("want %q in\n%s%s", tt.want, &out, &errs)
			}
			if fails := strings.Contains(out.String(), "FAIL"); fails != (err != nil) {
				t.Errorf("error %v with the report\n%s", err, &out)
			}
			if strings.HasPrefix(tt.want, "ok") && err != nil {
				t.Errorf("%v\n%s", err, &out)
			}
		})
	}
}
