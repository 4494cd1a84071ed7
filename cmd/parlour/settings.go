package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"github.com/parlour-chat/parlour/configs"
)

// noMore refuses arguments that a command does not take.
func noMore(name string, rest []string) error {
	if len(rest) == 0 {
		return nil
	}
	return fmt.Errorf("parlour %s takes no %q; parlour help lists the commands", name, rest[0])
}

// settings reads the command line and puts the settings together. own may add
// flags of the command's own; what is left of the arguments comes back.
func settings(name string, arguments, environ []string, errs io.Writer, own func(*pflag.FlagSet)) (configs.Config, []string, error) {
	flags := pflag.NewFlagSet("parlour "+name, pflag.ContinueOnError)
	flags.SetOutput(errs)
	if own != nil {
		own(flags)
	}
	configs.AddFlags(flags)
	if err := configs.Parse(flags, arguments); err != nil {
		return configs.Config{}, nil, err
	}
	c, err := configs.Load(flags, environ)
	return c, flags.Args(), err
}

// logger writes what happens, in the form and from the level that is set.
func logger(c configs.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(c.Level))); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func printConfig(_ context.Context, arguments, _ []string, out, errs io.Writer) error {
	flags := pflag.NewFlagSet("parlour config", pflag.ContinueOnError)
	flags.SetOutput(errs)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if err := noMore("config", flags.Args()); err != nil {
		return err
	}
	if _, err := out.Write(configs.Manual); err != nil {
		return fmt.Errorf("print settings: %w", err)
	}
	return nil
}
