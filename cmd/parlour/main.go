// Command parlour is the whole of Parlour in one program: the server, the
// tools of its administrator, and its benchmarks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

const usage = `Parlour puts a website's visitors and a company's agents in one room.

  parlour serve [--demo]        start the server
  parlour doctor                check the settings and what they connect to
  parlour admin apply FILE      make the workspace what the file says
  parlour bench NAME            measure: sessions, chat or routing; --json prints one object
  parlour config                print the annotated settings

Settings come from --config FILE, then PARLOUR_..., then flags named as their
keys (--redis.url). parlour serve --help lists them.
`

func main() { os.Exit(program()) }

// program runs what the command line says until it ends or is told to, and
// gives the exit code.
func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "parlour:", err)
		return 1
	}
	return 0
}

type command func(ctx context.Context, arguments, environ []string, out, errs io.Writer) error

func run(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	commands := map[string]command{"serve": serve, "doctor": doctor, "admin": admin, "bench": bench, "config": printConfig}
	if len(arguments) == 0 || arguments[0] == "help" || arguments[0] == "--help" || arguments[0] == "-h" {
		if len(arguments) > 1 {
			return noMore(arguments[0], arguments[1:])
		}
		_, err := io.WriteString(out, usage)
		return err
	}
	c, ok := commands[arguments[0]]
	if !ok {
		return fmt.Errorf("there is no command %q; parlour help lists them", arguments[0])
	}
	return c(ctx, arguments[1:], environ, out, errs)
}
