// Command mainstay keeps the services of a cluster running; see package
// internal/cli.
package main

import (
	"context"
	"os"

	"mainstay/internal/cli"
)

// version is set by the linker.
var version = "unknown"

func main() { os.Exit(cli.Main(context.Background(), version, os.Args)) }
