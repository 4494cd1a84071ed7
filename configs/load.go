package configs

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

const (
	envPrefix = "PARLOUR_"
	fileFlag  = "config"
	fileEnv   = envPrefix + "CONFIG"
)

// Default is the settings as the manual gives them.
func Default() Config {
	c, err := Load(nil, nil)
	if err != nil {
		panic(fmt.Sprintf("built-in settings: %v", err))
	}
	return c
}

// AddFlags gives flags one flag for each setting, named by its key, and
// --config for the file. Flags without a value given do not count.
func AddFlags(flags *pflag.FlagSet) {
	flags.String(fileFlag, "", "file with settings ("+fileEnv+")")
	for _, s := range settings {
		flags.String(s.key, "", variable(s.key))
	}
}

// Parse reads arguments into flags. An unknown flag is an error that names the
// nearest known one.
func Parse(flags *pflag.FlagSet, arguments []string) error {
	err := flags.Parse(arguments)
	var missing *pflag.NotExistError
	if errors.As(err, &missing) && len(missing.GetSpecifiedName()) > 1 {
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		name := missing.GetSpecifiedName()
		return fmt.Errorf("unknown flag --%s: did you mean --%s?", name, nearest(name, names))
	}
	return err
}

// Load puts the settings together: flags before environ before the file before
// the defaults. The file is the one that --config or PARLOUR_CONFIG names.
// Flags may be nil; others than those of AddFlags are left alone. Environ has
// the form of os.Environ. What does not exist, does not fit or contradicts
// itself is an error that names the setting and says what to write.
func Load(flags *pflag.FlagSet, environ []string) (Config, error) {
	values := map[string]any{}
	if err := overlayYAML(values, Manual, "the manual"); err != nil {
		return Config{}, err
	}
	if path := filePath(flags, environ); path != "" {
		text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return Config{}, fmt.Errorf("read settings: %w", err)
		}
		if err := overlayYAML(values, text, path); err != nil {
			return Config{}, err
		}
	}
	if err := overlayEnviron(values, environ); err != nil {
		return Config{}, err
	}
	if err := overlayFlags(values, flags); err != nil {
		return Config{}, err
	}
	var c Config
	if err := fill(&c, values); err != nil {
		return Config{}, err
	}
	if err := readSecrets(&c); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func filePath(flags *pflag.FlagSet, environ []string) string {
	if flags != nil {
		if f := flags.Lookup(fileFlag); f != nil && f.Changed {
			return f.Value.String()
		}
	}
	for _, pair := range environ {
		if path, ok := strings.CutPrefix(pair, fileEnv+"="); ok {
			return path
		}
	}
	return ""
}

func overlayYAML(values map[string]any, text []byte, name string) error {
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(text), yaml.Parser()); err != nil {
		return fmt.Errorf("read settings in %s: %w", name, err)
	}
	return overlay(values, k.All(), func(key string) string { return fmt.Sprintf("%q in %s", key, name) })
}

func overlayEnviron(values map[string]any, environ []string) error {
	keys := map[string]string{}
	for _, s := range settings {
		keys[variable(s.key)] = s.key
	}
	var unknown []string
	k := koanf.New(".")
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := keys[name]
			if !ok && name != fileEnv {
				unknown = append(unknown, name)
			}
			return key, value
		},
	}), nil)
	if err != nil {
		return fmt.Errorf("read settings from the environment: %w", err)
	}
	if len(unknown) > 0 {
		names := make([]string, 0, len(keys))
		for name := range keys {
			names = append(names, name)
		}
		sort.Strings(unknown)
		return fmt.Errorf("unknown setting %s in the environment: did you mean %s?", unknown[0], nearest(unknown[0], names))
	}
	return overlay(values, k.All(), variable)
}

func overlayFlags(values map[string]any, flags *pflag.FlagSet) error {
	if flags == nil {
		return nil
	}
	k := koanf.New(".")
	err := k.Load(posflag.ProviderWithValue(flags, ".", nil, func(name, value string) (string, any) {
		if !known(name) {
			return "", nil // a command's own flag
		}
		return name, value
	}), nil)
	if err != nil {
		return fmt.Errorf("read settings from flags: %w", err)
	}
	return overlay(values, k.All(), func(key string) string { return "--" + key })
}

// overlay puts one source over the others. A section without content counts
// as absent.
func overlay(values, source map[string]any, name func(key string) string) error {
	keys := make([]string, 0, len(source))
	for key := range source {
		keys = append(keys, key)
	}
	sort.Strings(keys) // the same error each time
	for _, key := range keys {
		value := source[key]
		if known(key) {
			values[key] = value
			continue
		}
		if isSection(key) {
			if empty(value) {
				continue
			}
			return fmt.Errorf("setting %s is a section: put its settings below it", name(key))
		}
		return fmt.Errorf("unknown setting %s: did you mean %q?", name(key), nearest(key, Keys()))
	}
	return nil
}

func empty(value any) bool {
	section, ok := value.(map[string]any)
	return value == nil || ok && len(section) == 0
}
