// Command tsgen writes the TypeScript side of the wire and the authorization
// matrix from the Go structs of signaling/protocol.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	out := flag.String("out", "", "TypeScript file to write")
	matrix := flag.String("matrix", "", "Markdown file to write the authorization matrix to")
	flag.Parse()
	if err := run(*out, *matrix); err != nil {
		fmt.Fprintln(os.Stderr, "tsgen:", err)
		os.Exit(1)
	}
}

func run(out, matrix string) error {
	ts, err := typescript()
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, []byte(ts), 0o644); err != nil {
		return fmt.Errorf("write types: %w", err)
	}
	if err := os.WriteFile(matrix, []byte(authorization()), 0o644); err != nil {
		return fmt.Errorf("write matrix: %w", err)
	}
	return nil
}
