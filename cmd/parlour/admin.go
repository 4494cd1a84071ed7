package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/parlour-chat/parlour/chat/site"
)

// admin applies a workspace file. A running server sees the change within 5 s.
func admin(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	if len(arguments) == 0 || arguments[0] != "apply" {
		return errors.New("parlour admin knows: apply FILE")
	}
	c, files, err := settings("admin apply", arguments[1:], environ, errs, nil)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("parlour admin apply takes one workspace file, not %d", len(files))
	}
	file, err := site.ReadFile(files[0])
	if err != nil {
		return err
	}
	record, err := openStore(ctx, c, logger(c.Log, errs))
	if err != nil {
		return err
	}
	report, err := site.Apply(ctx, record, file)
	if err = errors.Join(err, record.Close()); err != nil {
		return err
	}
	if c := report.Changes; len(c.Created)+len(c.Updated)+len(c.Disabled) == 0 {
		if _, err := fmt.Fprintln(out, "nothing changed"); err != nil {
			return fmt.Errorf("print what changed: %w", err)
		}
	}
	for verb, keys := range map[string][]string{"created": report.Changes.Created, "updated": report.Changes.Updated, "disabled": report.Changes.Disabled} {
		for _, key := range keys {
			if _, err := fmt.Fprintf(out, "%s %s\n", verb, key); err != nil {
				return fmt.Errorf("print what changed: %w", err)
			}
		}
	}
	for _, email := range slices.Sorted(maps.Keys(report.Passwords)) {
		if _, err := fmt.Fprintf(out, "password %s %s (shown this once)\n", email, report.Passwords[email]); err != nil {
			return fmt.Errorf("print the password of %s, which nobody knows now: %w", email, err)
		}
	}
	return nil
}
