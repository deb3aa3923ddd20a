package cmd

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/disasm"
	"github.com/gotrace/gotrace/disasm/step"
)

// insnOptions is the command line of insn.
type insnOptions struct {
	hex, arch, syntax string
	pid               int
	count             int
	json              bool
}

func insnCommand() *cobra.Command {
	var o insnOptions
	c := &cobra.Command{
		Use:   "insn {FILE [SYMBOL|ADDR] | -p PID [SYMBOL|ADDR] | --hex BYTES}",
		Short: "show instructions, and how each would pass a breakpoint",
		Long: "Insn decodes the instructions of an ELF file, a process or the bytes given. Of each it\n" +
			"shows address, bytes, text, class, and how it would be executed at a breakpoint: emulated,\n" +
			"as a displaced copy, or in place, and why. It runs nothing and stops no process.\n\n" +
			"SYMBOL is a function, with +OFFSET where wanted; of a process also LIBRARY!FUNCTION. ADDR\n" +
			"begins with 0x. Without either it begins at the file's entry point, at the first code of an\n" +
			"object file, or where the process is in a system call. A function is shown whole.",
		Example: "  gotrace insn /bin/ls main\n" +
			"  gotrace insn -n 4 -p 1234 'libc.so.6!write'\n" +
			"  gotrace insn --arch arm64 --hex 'fd7bbea9 c0035fd6'",
		Args: cobra.MaximumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			pid := c.Flags().Changed("pid")
			code, err := o.source(args, pid, c.Flags().Changed("hex"))
			if err != nil {
				return err
			}
			return code.write(c.OutOrStdout(), &o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.hex, "hex", "", "the instructions themselves, in hexadecimal digits")
	f.StringVar(&o.arch, "arch", "amd64", "architecture of --hex: amd64, i386 or arm64")
	f.StringVar(&o.syntax, "syntax", "gnu", "syntax of the text: gnu, intel or go")
	f.IntVarP(&o.pid, "pid", "p", 0, "a process to read")
	f.IntVarP(&o.count, "count", "n", 0, "instructions to show (default: the whole function, or 16)")
	f.BoolVar(&o.json, "json", false, "write one JSON object for each instruction")
	return c
}

// insnCode is what insn decodes.
type insnCode struct {
	arch   *arch.Arch
	code   []byte
	addr   uint64
	whole  bool // code ends where the instructions to show do
	symbol func(uint64) (string, uint64)
	relocs map[uint64]string // names that the linker fills in, by address
}

// insnDefault is how many instructions are shown where nothing says where they end.
const insnDefault = 16

// source finds the bytes that the command line names.
func (o *insnOptions) source(args []string, pid, hex bool) (insnCode, error) {
	if _, ok := syntaxes[o.syntax]; !ok {
		return insnCode{}, plainf("invalid syntax '%s': gnu, intel or go", o.syntax)
	}
	sources := 0
	for _, is := range []bool{pid, hex, !pid && len(args) > 0} {
		if is {
			sources++
		}
	}
	switch {
	case o.count < 0:
		return insnCode{}, plainf("invalid count '%d'", o.count)
	case sources != 1 || hex && len(args) > 0:
		return insnCode{}, plainf("must have FILE, -p PID or --hex BYTES, and only one of them")
	case hex:
		return hexCode(o.hex, o.arch)
	case pid && o.pid <= 0:
		return insnCode{}, plainf("invalid process id '%d'", o.pid)
	case pid && len(args) > 1:
		return insnCode{}, plainf("with -p there can only be a symbol or an address")
	case pid:
		return processCode(o.pid, append(args, "")[0], insnBytes(o.count))
	}
	return fileCode(args[0], append(args, "")[1], insnBytes(o.count))
}

var syntaxes = map[string]disasm.Syntax{"gnu": disasm.GNU, "intel": disasm.Intel, "go": disasm.Go}

// insnBytes is as much as n instructions can have.
func insnBytes(n int) int { return min(n, 1<<20) * disasm.MaxLen }

func archNamed(name string) (*arch.Arch, error) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
		if a.Name == name {
			return a, nil
		}
	}
	return nil, plainf("invalid architecture '%s': amd64, i386 or arm64", name)
}

// hexCode reads digits, with what programs write between bytes or without.
func hexCode(digits, name string) (insnCode, error) {
	a, err := archNamed(name)
	if err != nil {
		return insnCode{}, err
	}
	bare := strings.NewReplacer("0x", " ", "\\x", " ", ",", " ").Replace(digits)
	code, err := hex.DecodeString(strings.Join(strings.Fields(bare), ""))
	switch {
	case errors.Is(err, hex.ErrLength):
		return insnCode{}, plainf("invalid bytes '%s': half a byte is left over", digits)
	case err != nil || len(code) == 0:
		return insnCode{}, plainf("invalid bytes '%s'", digits)
	}
	return insnCode{arch: a, code: code, whole: true}, nil
}

// insnLine is one instruction in JSON. Addresses are strings, as in "0x401000".
type insnLine struct {
	Addr         string `json:"addr"`
	Symbol       string `json:"symbol,omitempty"`
	Bytes        string `json:"bytes"`
	Text         string `json:"text"`
	Class        string `json:"class"`
	Target       string `json:"target,omitempty"`
	TargetSymbol string `json:"target_symbol,omitempty"`
	Method       string `json:"method"`
	Why          string `json:"why"`
	Overwritable bool   `json:"overwritable"`
}

// line plans one instruction, with a slot for a copy in reach.
func (c *insnCode) line(p *disasm.Printer, in disasm.Inst, code []byte, pc uint64) insnLine {
	l := insnLine{
		Addr: fmt.Sprintf("%#x", pc), Symbol: c.name(pc), Bytes: hex.EncodeToString(code[:in.Len]),
		Class: in.Class.String(), Overwritable: in.Has(disasm.Overwritable | disasm.Valid),
	}
	if name := c.reloc(in, pc); name != "" {
		bare := *p
		bare.Symbol = nil
		l.Text, l.TargetSymbol = bare.Text(in, code, pc)+"  # "+name, name
	} else {
		l.Text = p.Text(in, code, pc)
		if in.Target != 0 || in.Has(disasm.HasTarget) {
			l.Target, l.TargetSymbol = fmt.Sprintf("%#x", in.Target), c.name(in.Target)
		}
	}
	plan, err := step.New(c.arch, in, code, pc, nil, pc+1<<16, step.Options{})
	if err != nil {
		l.Method, l.Why = "refused", err.Error()
		return l
	}
	l.Method, l.Why = plan.Method.String(), string(plan.Why)
	return l
}

// reloc is the name that the linker fills into the instruction, or "".
func (c *insnCode) reloc(in disasm.Inst, pc uint64) string {
	for i := range uint64(in.Len) {
		if name, ok := c.relocs[pc+i]; ok {
			return name
		}
	}
	return ""
}

// name is an address as function and offset, "" where no function is known.
func (c *insnCode) name(addr uint64) string {
	if c.symbol == nil {
		return ""
	}
	name, base := c.symbol(addr)
	if name == "" || addr == base {
		return name
	}
	return fmt.Sprintf("%s+%#x", name, addr-base)
}

// write shows the instructions. Bytes that are none end them with an error.
func (c *insnCode) write(w io.Writer, o *insnOptions) error {
	p := disasm.Printer{Arch: c.arch, Syntax: syntaxes[o.syntax], Symbol: c.symbol}
	out := insnWriter{w: w, paint: w == io.Writer(os.Stdout) && colorful()}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	code, pc := c.code, c.addr
	for n := 0; len(code) > 0; n++ {
		if n == o.count && n > 0 || o.count == 0 && !c.whole && n == insnDefault {
			break
		}
		in, err := disasm.Decode(c.arch, code, pc)
		if err != nil {
			return plainf("at %#x: %v", pc, err)
		}
		l := c.line(&p, in, code, pc)
		if o.json {
			err = e.Encode(l)
		} else {
			err = out.line(&l)
		}
		if err != nil {
			return err
		}
		code, pc = code[in.Len:], pc+uint64(in.Len)
	}
	return nil
}

// insnWriter writes lines for people.
type insnWriter struct {
	w     io.Writer
	paint bool
	name  string // of the function shown last
}

// methodColors tell at a glance where a breakpoint costs most.
var methodColors = map[string]color.Attribute{
	"emulate": color.FgGreen, "displaced": color.FgCyan, "in place": color.FgYellow, "refused": color.FgRed,
}

// line writes one instruction, below its function's name where that is another.
func (o *insnWriter) line(l *insnLine) error {
	name, _, _ := strings.Cut(l.Symbol, "+0x")
	if name != o.name && name != "" {
		if _, err := fmt.Fprintf(o.w, "%s:\n", o.color(color.Bold, name)); err != nil {
			return err
		}
	}
	o.name = name
	method := o.color(methodColors[l.Method], l.Method)
	_, err := fmt.Fprintf(o.w, "%12s  %-22s %-36s %-8s %s: %s\n", l.Addr, l.Bytes, l.Text, l.Class, method, l.Why)
	return err
}

func (o *insnWriter) color(a color.Attribute, s string) string {
	c := color.New(a)
	if o.paint {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	return c.Sprint(s)
}

// colorful reports whether standard output is a terminal that may be coloured.
func colorful() bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	return err == nil
}
