// Command gotrace traces system calls, signals and other events of process trees.
package main

import (
	"os"

	"github.com/gotrace/gotrace/cmd"
)

func main() { os.Exit(cmd.Main(os.Args)) }
