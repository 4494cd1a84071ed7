package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/parlour-chat/parlour/chat/site"
)

// A login is somebody who can sign in at the demo's desk.
type login struct{ Email, Password string }

// applyDemo makes the record's workspace the demo's, and gives the logins. The
// passwords are made at the first start and kept in the data folder.
func applyDemo(ctx context.Context, a *app, shop string) ([]login, error) {
	file, err := site.Demo(shop)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(a.config.Data.Directory, "demo-logins.json")
	passwords, err := readLogins(path)
	if err != nil {
		return nil, err
	}
	for i, agent := range file.Agents {
		if kept := passwords[agent.Email]; kept != "" {
			file.Agents[i].Password = kept
		}
	}
	report, err := site.Apply(ctx, a.store, file)
	if err != nil {
		return nil, err
	}
	maps.Copy(passwords, report.Passwords)
	if len(report.Passwords) > 0 {
		data, err := json.MarshalIndent(passwords, "", "  ")
		if err == nil {
			err = os.WriteFile(path, data, 0o600) //nolint:gosec // the administrator's data folder, and a name of ours
		}
		if err != nil {
			return nil, fmt.Errorf("keep the demo's passwords: %w", err)
		}
	}
	logins := make([]login, 0, len(file.Agents))
	for _, agent := range file.Agents {
		if passwords[agent.Email] == "" {
			return nil, fmt.Errorf("the demo's passwords are not in %s: start with an empty data folder", path)
		}
		logins = append(logins, login{agent.Email, passwords[agent.Email]})
	}
	return logins, nil
}

func readLogins(path string) (map[string]string, error) {
	passwords := map[string]string{}
	data, err := os.ReadFile(path) //nolint:gosec // the administrator's data folder, and a name of ours
	if errors.Is(err, fs.ErrNotExist) {
		return passwords, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &passwords)
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo's passwords: %w", err)
	}
	return passwords, nil
}
