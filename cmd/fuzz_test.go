package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/cmd/sink"
	"github.com/gotrace/gotrace/tracer/decode"
	"github.com/gotrace/gotrace/tracer/event"
)

// pageAt is memory at 0x1000.
type pageAt []byte

func (m pageAt) ReadAt(p []byte, addr uint64) (int, error) {
	if addr < 0x1000 || addr-0x1000 >= uint64(len(m)) {
		return 0, errors.New("unreadable")
	}
	n := copy(p, m[addr-0x1000:])
	if n < len(p) {
		return n, errors.New("unreadable")
	}
	return n, nil
}

// FuzzOutput decodes a call with any registers and memory and prints it: as one line of
// text without control characters, and as one JSON object.
func FuzzOutput(f *testing.F) {
	f.Add(uint8(0), uint16(42), uint64(3), uint64(0x1000), uint64(16), int64(0), []byte{2, 0, 0, 80, 127, 0, 0, 1})
	f.Add(uint8(1), uint16(5), uint64(0x1000), uint64(0x1008), uint64(4), int64(-2), []byte("/a\xff\n\"\x00\x1b"))
	abis := []*arch.ABI{arch.ABIAMD64, arch.ABII386, arch.ABIARM64}
	table := decode.New(abis...)
	f.Fuzz(func(t *testing.T, how uint8, nr uint16, x, y, z uint64, ret int64, mem []byte) {
		abi := abis[int(how)%len(abis)]
		if abi.Bits == 32 {
			x, y, z = uint64(uint32(x)), uint64(uint32(y)), uint64(uint32(z))
		}
		c := &decode.Ctx{Mem: pageAt(mem), ABI: abi, Opts: &decode.Options{StrLen: 32}}
		c.Begin(table, abi, uint64(nr), [6]uint64{x, y, z, x, y, z}, decode.Verbose|decode.Mode(how>>7))
		c.Enter()
		sys := &event.Syscall{Name: "call", NR: uint64(nr), Known: true, Ret: ret}
		if ret < 0 && ret > -4096 {
			sys.Errno = int(-ret)
		}
		ev := event.Event{Kind: event.SyscallExit, Task: event.Task{TID: 7, TGID: 7}, ABI: abi, Sys: sys}
		ev.Args = c.Leave(ret, sys.Errno)
		sys.RetVal, sys.Aux = c.Result()
		for _, consts := range []sink.Consts{0, 1, 2} {
			line := printed(t, &ev, func(b *bytes.Buffer) sink.Sink { return sink.NewText(b, sink.TextOptions{Consts: consts}) })
			if strings.Count(line, "\n") != 1 || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), control) {
				t.Errorf("text: %q", line)
			}
		}
		line := printed(t, &ev, func(b *bytes.Buffer) sink.Sink { return sink.NewJSON(b, sink.TextOptions{}) })
		if !json.Valid([]byte(line)) || strings.Count(line, "\n") != 1 {
			t.Errorf("JSON: %q", line)
		}
	})
}

func control(r rune) bool { return r < ' ' || r >= 0x7f }

func printed(t *testing.T, ev *event.Event, to func(*bytes.Buffer) sink.Sink) string {
	t.Helper()
	var b bytes.Buffer
	s, copied, sys := to(&b), *ev, *ev.Sys
	copied.Sys = &sys
	if err := errors.Join(s.Write(&copied), s.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
