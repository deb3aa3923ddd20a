package filter_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/gotrace/gotrace/filter"
)

// argNames are the arguments of the calls that the tests are about.
var argNames = map[string][]string{
	"read": {"fd", "buf", "count"}, "write": {"fd", "buf", "count"}, "close": {"fd"},
	"openat": {"dfd", "filename", "flags", "mode"}, "open": {"filename", "flags", "mode"},
	"connect": {"fd", "uservaddr", "addrlen"}, "kill": {"pid", "sig"}, "getpid": {},
	"dup2": {"oldfd", "newfd"}, "mmap": {"addr", "len", "prot", "flags", "fd", "off"},
}

// constants are those that the tests know.
var constants = map[string]int64{
	"O_CREAT": 0o100, "O_EXCL": 0o200, "O_WRONLY": 1, "O_RDWR": 2, "O_CLOEXEC": 0o2000000, "O_ACCMODE": 3,
	"ENOENT": 2, "EACCES": 13, "ECONNREFUSED": 111, "SIGSEGV": 11, "SIGTERM": 15, "SIGHUP": 1, "AT_FDCWD": -100,
}

// sets are canonical rule sets.
var sets = map[string]string{
	"threads": "group all = true",
	"depth":   "set depth(N)\ngroup near = true follow children depth N",
	"exec":    "set exec(PAT)\ngroup exec-only = exec glob PAT\non syscall in exec-only",
	"slow":    "set slow(CALLS, LIMIT)\nlet late = dur > LIMIT\non syscall where name == CALLS and late",
	"both":    "use threads; use depth(2)",
	"loop":    "use loop",
	"broken":  "on syscall where nosuch",
}

// strResult is what str finds everywhere.
var strResult = []byte("text")

// schema is a small world of calls, signals, tasks and timers.
func schema() *filter.Schema {
	task := func(name string, t filter.Type) *filter.Field { return &filter.Field{Name: name, Type: t, Task: true} }
	argv := task("argv", filter.String)
	argv.Many = true
	call := []*filter.Field{
		{Name: "arg", Type: filter.Any, Index: filter.ArgIndex, Register: true},
		{Name: "fd", Type: filter.Int, Many: true, Register: true},
		{Name: "path", Type: filter.String, Many: true},
		{Name: "name", Type: filter.String},
		{Name: "ret", Type: filter.Int, At: filter.Exit},
		{Name: "errno", Type: filter.Int, At: filter.Exit},
		{Name: "dur", Type: filter.Duration, At: filter.Exit},
		{Name: "failed", Type: filter.Bool, At: filter.Exit},
		{Name: "status", Type: filter.String, At: filter.Exit},
		{Name: "fds", Type: filter.Int, Many: true},
	}
	program := []*filter.Field{{Name: "path", Type: filter.String}}
	regs := &filter.Field{Name: "reg", Type: filter.Int, Index: filter.RegIndex}
	expr := filter.Param{Name: "expr"}
	return &filter.Schema{
		Universe: universe(),
		Events: []*filter.Event{
			{Name: "syscall", Params: []filter.Param{{Name: "set", Kind: filter.ParamSyscalls, Optional: true}},
				Fields: append(call, regs), Calls: true, Tasks: true, Stops: true},
			{Name: "signal", Params: []filter.Param{{Name: "set", Kind: filter.ParamSignals, Optional: true}},
				Fields: []*filter.Field{{Name: "signo", Type: filter.Int}, regs}, Tasks: true, Stops: true},
			{Name: "exec", Fields: append(program, &filter.Field{Name: "launched", Type: filter.Int}), Tasks: true, Stops: true},
			{Name: "exit", Tasks: true, Fields: []*filter.Field{
				{Name: "status", Type: filter.Int}, {Name: "code", Type: filter.Int}, {Name: "sig", Type: filter.Int}}},
			{Name: "stop", Params: []filter.Param{{Name: "set", Kind: filter.ParamSignals, Optional: true}}, Tasks: true, Stops: true},
			{Name: "superseded", Tasks: true}, {Name: "personality", Tasks: true},
			{Name: "timer", Params: []filter.Param{{Name: "period", Kind: filter.ParamDuration}}},
			{Name: "user", Params: []filter.Param{{Name: "name", Kind: filter.ParamWord}}, Tasks: true,
				Fields: []*filter.Field{{Name: "arg", Type: filter.Any, Index: filter.ArgIndex, Free: true}}},
			{Name: "bp", Params: []filter.Param{{Name: "loc", Kind: filter.ParamText, Check: noDash}}, Tasks: true, Stops: true, Entry: true,
				Fields: []*filter.Field{call[0], regs}},
			{Name: "watch", Params: []filter.Param{{Name: "addr", Kind: filter.ParamText}, {Name: "len", Kind: filter.ParamNum, Check: even},
				{Name: "mode", Kind: filter.ParamWord, Words: []string{"r", "w", "rw"}, Optional: true}}, Tasks: true, Stops: true},
			{Name: "call", Params: []filter.Param{{Name: "glob", Kind: filter.ParamText}}, Tasks: true, Stops: true, Entry: true, Pairs: true,
				Fields: []*filter.Field{{Name: "level", Type: filter.Int}, {Name: "ret", Type: filter.Any, At: filter.Exit}}},
		},
		Fields: []*filter.Field{
			task("pid", filter.Int), task("uid", filter.Int), task("comm", filter.String), task("exec", filter.String), argv,
			task("group", filter.String), task("depth", filter.Int), {Name: "count", Type: filter.Int},
		},
		Funcs: []*filter.Func{
			{Name: "str", Params: []filter.Param{{Name: "addr", Type: filter.Int}}, Type: filter.String, Stops: true,
				Call: func(_ filter.Env, args []filter.Val) filter.Val {
					return filter.Val{Str: strResult, OK: args[0].Num != 0}
				}},
			{Name: "wrote", Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Optional: true}}, Type: filter.Int, At: filter.Exit,
				Call: func(filter.Env, []filter.Val) filter.Val { return filter.Val{OK: true} }},
			{Name: "max", Params: []filter.Param{{Name: "a", Type: filter.Int}, {Name: "b", Type: filter.Int}}, Type: filter.Int,
				Call: func(_ filter.Env, args []filter.Val) filter.Val {
					return filter.Val{Num: max(args[0].Num, args[1].Num), OK: true}
				}},
			{Name: "common", Params: []filter.Param{{Name: "a", Type: filter.String}, {Name: "b", Type: filter.String}}, Type: filter.Int,
				Call: func(_ filter.Env, args []filter.Val) filter.Val {
					n := 0
					for n < min(len(args[0].Str), len(args[1].Str)) && args[0].Str[n] == args[1].Str[n] {
						n++
					}
					return filter.Val{Num: int64(n), OK: true}
				}},
		},
		Actions: []*filter.ActionSpec{
			{Name: "print"},
			{Name: "stack", Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Optional: true}}, Tasks: true, Stops: true},
			{Name: "regs", Tasks: true, Stops: true},
			{Name: "dump", Params: []filter.Param{{Name: "expr", Type: filter.Int}, {Name: "len", Type: filter.Int}}, Stops: true},
			{Name: "count", Params: []filter.Param{{Name: "by", Repeat: true}}},
			{Name: "hist", Params: []filter.Param{expr}},
			{Name: "return", Entry: true, Early: true, Params: []filter.Param{{Name: "value", Type: filter.Int}}, Tasks: true, Stops: true},
			{Name: "inject", Calls: true, Instead: "return", Options: []filter.Param{
				{Name: "error", Kind: filter.ParamErrno, Early: true}, {Name: "retval", Kind: filter.ParamNum, Early: true},
				{Name: "signal", Kind: filter.ParamSignal, Early: true}, {Name: "syscall", Kind: filter.ParamWord, Early: true},
				{Name: "delay_enter", Kind: filter.ParamDuration, Early: true},
				{Name: "delay_exit", Kind: filter.ParamDuration}, {Name: "poke_exit", Kind: filter.ParamPoke}}},
			{Name: "setarg", Params: []filter.Param{{Name: "n", Kind: filter.ParamNum}, {Name: "v", Type: filter.Int}}, Calls: true, Entry: true, Early: true},
			{Name: "signal", Params: []filter.Param{{Name: "sig", Kind: filter.ParamSignal}}, Tasks: true},
			{Name: "arm", Params: []filter.Param{{Name: "rule", Kind: filter.ParamRule}}},
			{Name: "join", Params: []filter.Param{{Name: "group", Kind: filter.ParamGroup}}, Tasks: true},
			{Name: "emit", Params: []filter.Param{{Name: "name", Kind: filter.ParamWord}, {Name: "values", Kind: filter.ParamPair, Repeat: true}}},
			{Name: "run", Params: []filter.Param{{Name: "cmd", Kind: filter.ParamString}}},
			{Name: "core", Params: []filter.Param{{Name: "file", Kind: filter.ParamText}}, Tasks: true},
			{Name: "quit"},
			{Name: "step", Params: []filter.Param{{Name: "n", Kind: filter.ParamNum, Optional: true}}, Tasks: true, Stops: true},
			{Name: "detach", Tasks: true},
		},
		Const: func(name string) (int64, bool) { v, ok := constants[name]; return v, ok },
		Consts: func() []string {
			var list []string
			for n := range constants {
				list = append(list, n)
			}
			slices.Sort(list)
			return list
		},
		Registers: []string{"rax", "rip", "rsp"},
		ArgNames:  func(call string) []string { return argNames[call] },
		Set:       func(name string) (string, bool) { text, ok := sets[name]; return text, ok },
		SetNames:  []string{"threads", "depth", "exec", "slow", "both", "loop", "broken"},
		Groups:    []string{"exec"},
	}
}

// noDash and even are what the owners of arguments may refuse.
func noDash(a *filter.Arg) (int, error) {
	if i := strings.IndexByte(a.Str, '-'); i >= 0 {
		return i, errors.New("a place has no '-'")
	}
	return 0, nil
}

func even(a *filter.Arg) (int, error) {
	if a.Num%2 != 0 {
		return 0, errors.New("the length is even")
	}
	return 0, nil
}

// env is an event: each field has the values that are listed, numbers or strings.
type env map[string][]any

func (e env) values(r *filter.Ref) []any { return e[r.String()] }

func (e env) Num(r *filter.Ref, i int) (int64, bool) {
	list := e.values(r)
	if i >= len(list) {
		return 0, false
	}
	n, ok := list[i].(int)
	return int64(n), ok
}

// strBuf is overwritten by each call, as a tracer's is.
var strBuf bytes.Buffer

func (e env) Str(r *filter.Ref, i int) ([]byte, bool) {
	list := e.values(r)
	if i >= len(list) {
		return nil, false
	}
	s, ok := list[i].(string)
	strBuf.Reset()
	strBuf.WriteString(s)
	return strBuf.Bytes(), ok
}

func parse(text string) (*filter.Rules, error) {
	return filter.Parse([]filter.Source{{Name: "t.rules", Text: text}}, schema())
}
