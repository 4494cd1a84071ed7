package site

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// A File is a workspace file as it was written. Keys, names and e-mails name
// things; they keep their ids when the file changes.
type File struct {
	Workspace struct {
		Key  string `yaml:"key"`
		Name string `yaml:"name"`
	} `yaml:"workspace"`
	Settings  Settings   `yaml:"settings"`
	Calendars []Calendar `yaml:"calendars"`
	Queues    []Queue    `yaml:"queues"`
	Sites     []Site     `yaml:"sites"`
	Profiles  []Profile  `yaml:"profiles"`
	Roles     []Role     `yaml:"roles"`
	Agents    []Agent    `yaml:"agents"`

	dir string // password_file and secret_file are read from here
}

// A Site is a website with the widget. Switches that are left out are on.
type Site struct {
	Key         string        `yaml:"key"`
	Name        string        `yaml:"name"`
	Origins     []string      `yaml:"origins"`
	Queues      []string      `yaml:"queues"`
	Audio       *bool         `yaml:"audio"`
	Video       *bool         `yaml:"video"`
	Cobrowse    *bool         `yaml:"cobrowse"`
	HostStorage *bool         `yaml:"host_storage"`
	Color       string        `yaml:"color"`
	Mask        []string      `yaml:"mask"`
	Identity    []IdentityKey `yaml:"identity"`

	Transfer     *bool  `yaml:"transfer"`      // agents may hand conversations on
	WaitingLimit int    `yaml:"waiting_limit"` // visitors of this site who wait; 0: none
	RunningLimit int    `yaml:"running_limit"` // of this site's running conversations; 0: none
	WhenNobody   string `yaml:"when_nobody"`   // wait, message: with no agent there
}

// An IdentityKey verifies what the site's backend says of its visitors.
type IdentityKey struct {
	ID         string `yaml:"id"`        // the kid in the JWT's header
	Algorithm  string `yaml:"algorithm"` // HS256, ES256
	Secret     string `yaml:"secret"`    // or the PEM public key
	SecretFile string `yaml:"secret_file"`
}

// A Profile is a named set of queues and kinds of contact.
type Profile struct {
	Name   string   `yaml:"name"`
	Queues []string `yaml:"queues"`
	Media  []string `yaml:"media"`
}

// A Role is a named set of rights.
type Role struct {
	Name        string   `yaml:"name"`
	Permissions []string `yaml:"permissions"`
}

// An Agent answers. Profile is the first one; the agent may choose it or one of
// Profiles. Without a password the agent keeps the old one; "random"
// makes one when the agent is new, and reports it once.
type Agent struct {
	Email        string `yaml:"email"`
	Name         string `yaml:"name"`
	Role         string `yaml:"role"`
	Profile      string `yaml:"profile"`
	Password     string `yaml:"password"`
	PasswordFile string `yaml:"password_file"`

	Profiles     []string       `yaml:"profiles"`
	Skills       map[string]int `yaml:"skills"`        // level 1 to 10
	MaxChats     int            `yaml:"max_chats"`     // 1 to 10; 0: 4
	MaxVideo     int            `yaml:"max_video"`     // 1 to 10; 0: 1
	OfferSeconds int64          `yaml:"offer_seconds"` // offers ring at least so long
	AutoAccept   bool           `yaml:"auto_accept"`   // may switch it on
}

// ReadFile reads and checks a workspace file. Files that it names are looked
// for beside it.
func ReadFile(path string) (*File, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("read workspace file: %w", err)
	}
	f, err := Parse(data, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Parse reads and checks a workspace file's text. An unknown key is an error
// with its line; all errors of values are told at once.
func Parse(data []byte, dir string) (*File, error) {
	f, err := decode(data)
	if err != nil {
		return nil, err
	}
	f.dir = dir
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// decode reads a text that is one document and has no unknown keys.
func decode(data []byte) (*File, error) {
	f := &File{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty; see demo.yaml for an example")
		}
		return nil, inWords(err)
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has a second document; a workspace is one")
	}
	return f, nil
}

//go:embed demo.yaml
var demo []byte

// Demo is the demo's workspace, whose site may be embedded by the origins.
func Demo(origins ...string) (*File, error) {
	f, err := Parse(demo, "")
	if err != nil {
		return nil, fmt.Errorf("demo.yaml: %w", err)
	}
	f.Sites[0].Origins = origins
	return f, f.check()
}
