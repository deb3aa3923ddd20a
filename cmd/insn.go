package cmd

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
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
	hex, arch string
	pid       int
	count     int
	json      bool
}

func insnCommand() *cobra.Command {
	var o insnOptions
	c := &cobra.Command{
		Use:   "insn {FILE [SYMBOL|ADDR] | -p PID [ADDR] | --hex BYTES}",
		Short: "show instructions, and how each would pass a breakpoint",
		Long: "Insn decodes the instructions of an ELF file, a process or the bytes given. Of each it\n" +
			"shows address, bytes, text, class, and how it would be executed at a breakpoint: emulated,\n" +
			"as a displaced copy, or in place, and why. It runs nothing and stops no process. Without\n" +
			"SYMBOL or ADDR it begins at the file's entry point, or where the process is in a system call.",
		Args: cobra.MaximumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			code, err := o.source(args)
			if err != nil {
				return err
			}
			return code.write(c.OutOrStdout(), &o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.hex, "hex", "", "the instructions themselves, in hexadecimal digits")
	f.StringVar(&o.arch, "arch", "amd64", "architecture of --hex: amd64, i386 or arm64")
	f.IntVarP(&o.pid, "pid", "p", 0, "a process to read")
	f.IntVarP(&o.count, "count", "n", 0, "instructions to show (default: the whole symbol, or 16)")
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
}

// insnDefault is how many instructions are shown where nothing says where they end.
const insnDefault = 16

// source finds the bytes that the command line names.
func (o *insnOptions) source(args []string) (insnCode, error) {
	if o.count < 0 {
		return insnCode{}, plainf("invalid count '%d'", o.count)
	}
	bytes := o.maxBytes()
	switch {
	case o.hex != "" && o.pid == 0 && len(args) == 0:
		return hexCode(o.hex, o.arch)
	case o.hex != "" || o.pid == 0 && len(args) == 0:
		return insnCode{}, plainf("must have FILE, -p PID or --hex BYTES")
	case o.pid != 0 && len(args) > 1:
		return insnCode{}, plainf("with -p there can only be an address")
	case o.pid != 0:
		return processCode(o.pid, append(args, "")[0], bytes)
	}
	return fileCode(args[0], append(args, "")[1], bytes)
}

// maxBytes is as much as -n instructions can have.
func (o *insnOptions) maxBytes() int {
	n := o.count
	if n == 0 {
		n = insnDefault
	}
	return min(n, 1<<20) * disasm.MaxLen
}

func archNamed(name string) (*arch.Arch, error) {
	for _, a := range []*arch.Arch{arch.AMD64, arch.I386, arch.ARM64} {
		if a.Name == name {
			return a, nil
		}
	}
	return nil, plainf("invalid architecture '%s': amd64, i386 or arm64", name)
}

// hexCode reads digits, with blanks or without.
func hexCode(digits, name string) (insnCode, error) {
	a, err := archNamed(name)
	if err != nil {
		return insnCode{}, err
	}
	code, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil || len(code) == 0 {
		return insnCode{}, plainf("invalid bytes '%s'", digits)
	}
	return insnCode{arch: a, code: code, whole: true}, nil
}

// processCode reads the memory of a process, which it does not stop.
func processCode(pid int, at string, n int) (insnCode, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	exe, err := openELF(dir + "exe")
	if err != nil {
		return insnCode{}, err
	}
	defer exe.Close()
	c := insnCode{arch: exe.arch}
	if at == "" {
		c.addr, err = processPC(dir)
	} else if c.addr, err = strconv.ParseUint(at, 0, 64); err != nil {
		err = plainf("invalid address '%s'", at)
	}
	if err != nil {
		return insnCode{}, err
	}
	mem, err := os.Open(dir + "mem")
	if err != nil {
		return insnCode{}, err
	}
	defer mem.Close()
	c.code = make([]byte, n)
	got, err := mem.ReadAt(c.code, int64(c.addr))
	if got == 0 {
		return insnCode{}, plainf("cannot read %#x of process %d: %v", c.addr, pid, errors.Unwrap(err))
	}
	c.code = c.code[:got]
	return c, nil
}

// processPC is the last word of /proc/PID/syscall, which is there while the process waits.
func processPC(dir string) (uint64, error) {
	text, err := os.ReadFile(dir + "syscall")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(text))
	if len(f) < 3 {
		return 0, plainf("the process is running: give an address")
	}
	return strconv.ParseUint(f[len(f)-1], 0, 64)
}

// insnLine is one instruction in JSON. Addresses are strings, as in "0x401000".
type insnLine struct {
	Addr         string `json:"addr"`
	Bytes        string `json:"bytes"`
	Text         string `json:"text"`
	Class        string `json:"class"`
	Target       string `json:"target,omitempty"`
	Method       string `json:"method"`
	Why          string `json:"why"`
	Overwritable bool   `json:"overwritable"`
}

// line plans one instruction, with a slot for a copy in reach.
func (c *insnCode) line(in disasm.Inst, code []byte, pc uint64) insnLine {
	p := disasm.Printer{Arch: c.arch, Symbol: c.symbol}
	l := insnLine{
		Addr: fmt.Sprintf("%#x", pc), Bytes: hex.EncodeToString(code[:in.Len]), Text: p.Text(in, code, pc),
		Class: in.Class.String(), Overwritable: in.Has(disasm.Overwritable | disasm.Valid),
	}
	if in.Target != 0 {
		l.Target = fmt.Sprintf("%#x", in.Target)
	}
	plan, err := step.New(c.arch, in, code, pc, nil, pc+1<<16, step.Options{})
	if err != nil {
		l.Method, l.Why = "refused", err.Error()
		return l
	}
	l.Method, l.Why = plan.Method.String(), string(plan.Why)
	return l
}

// write shows the instructions. Bytes that are none end them with an error.
func (c *insnCode) write(w io.Writer, o *insnOptions) error {
	paint := color.New(color.FgCyan)
	if w != io.Writer(os.Stdout) || !colorful() {
		paint.DisableColor()
	}
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
		l := c.line(in, code, pc)
		if o.json {
			err = e.Encode(l)
		} else {
			_, err = fmt.Fprintf(w, "%12s  %-22s %-36s %-8s %s: %s\n", l.Addr, l.Bytes, l.Text, l.Class, paint.Sprint(l.Method), l.Why)
		}
		if err != nil {
			return err
		}
		code, pc = code[in.Len:], pc+uint64(in.Len)
	}
	return nil
}

// colorful reports whether standard output is a terminal that may be coloured.
func colorful() bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	return err == nil
}
