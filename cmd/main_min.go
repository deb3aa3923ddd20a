package cmd

import (
	"github.com/gotrace/gotrace/filter"
	"strconv"
	"strings"
)

// Main is a stand-in until the option parser lands.
func Main(argv []string) int {
	o := &Options{Program: argv[0], Columns: 40, StringLimit: 32}
	o.Filter = filter.NewQualifiers(universe())
	args := argv[1:]
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		a := args[0]
		args = args[1:]
		next := func() string { v := args[0]; args = args[1:]; return v }
		switch a {
		case "-f":
			o.Follow = true
		case "-ff":
			o.Follow, o.Separate = true, true
		case "-o":
			o.Output = next()
		case "-e":
			if err := o.Filter.Parse(next()); err != nil {
				println(err.Error())
				return 1
			}
		case "-v":
			o.Filter.Parse("abbrev=none")
		case "-s":
			o.StringLimit, _ = strconv.Atoi(next())
		case "-a":
			o.Columns, _ = strconv.Atoi(next())
		case "-X":
			o.Consts = map[string]ConstStyle{"raw": ConstRaw, "verbose": ConstVerbose}[next()]
		case "-x":
			o.HexStrings = HexNonASCII
		case "-xx":
			o.HexStrings = HexAll
		case "-i":
			o.PrintIP = true
		case "-p":
			n, _ := strconv.Atoi(next())
			o.PIDs = append(o.PIDs, n)
		case "-D":
			o.Daemonize = 1
		case "-DDD":
			o.Daemonize = 3
		case "--pin":
			o.Pin = true
		}
	}
	o.Command = args
	return trace(o)
}
