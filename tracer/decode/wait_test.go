package decode

import (
	"encoding/binary"
	"testing"

	"github.com/gotrace/gotrace/arch"
	"github.com/gotrace/gotrace/tracer/event"
)

// TestReadySets holds how many descriptors the parenthesis behind select has: as many
// as the call returned, and as fit into strace's buffer.
func TestReadySets(t *testing.T) {
	set := func(bits ...int) []byte {
		b := make([]byte, 128)
		for _, n := range bits {
			b[n/8] |= 1 << (n % 8)
		}
		return b
	}
	all := make([]byte, 128)
	for i := range all {
		all[i] = 0xff
	}
	for _, c := range []struct {
		n, ret       uint64
		in, out, err []byte
		want         [3]int // elements of what is shown
	}{
		{80, 4, set(3, 70), set(3, 70), set(3), [3]int{2, 2}},
		{80, 3, set(3, 70), set(3, 70), nil, [3]int{2, 1}},
		{80, 9, set(), set(7), set(), [3]int{1}},
		{70, 9, set(3, 70), nil, nil, [3]int{1}},
		{0, 9, set(3), nil, nil, [3]int{}},
		{1024, 9999, all, nil, nil, [3]int{277}},
	} {
		data := append(append(append([]byte{}, orZero(c.in)...), orZero(c.out)...), orZero(c.err)...)
		x := fakeCtx(arch.ABIAMD64, data)
		x.Exit, x.Ret = true, int64(c.ret)
		x.Args = [6]uint64{c.n}
		for i, s := range [][]byte{c.in, c.out, c.err} {
			if s != nil {
				x.Args[1+i] = 0x1000 + 128*uint64(i)
			}
		}
		elems, _ := x.readySets()
		var got [3]int
		for i := range elems {
			v := &elems[i]
			for v.Form == event.FormTagged {
				v = &v.Elem[0]
			}
			got[i] = len(v.Elem)
		}
		if got != c.want {
			t.Errorf("n %d, returned %d: %v, want %v", c.n, c.ret, got, c.want)
		}
	}
}

func orZero(b []byte) []byte {
	if b == nil {
		return make([]byte, 128)
	}
	return b
}

// TestIPCLayouts reads structures of numbers that tell their own offsets.
func TestIPCLayouts(t *testing.T) {
	data := make([]byte, 200)
	for i := 0; i < len(data); i += 4 {
		binary.LittleEndian.PutUint32(data[i:], uint32(i))
	}
	for _, c := range []struct {
		abi    *arch.ABI
		read   func(c *Ctx, r *Rd) event.Value
		fields map[string]uint64 // offsets, from the kernel's headers
	}{
		{arch.ABIAMD64, readMsqid, map[string]uint64{"msg_stime": 48, "msg_ctime": 64, "msg_qnum": 80, "msg_qbytes": 88, "msg_lspid": 96, "msg_lrpid": 100}},
		{arch.ABII386, readMsqid, map[string]uint64{"msg_stime": 36, "msg_ctime": 52, "msg_qnum": 64, "msg_qbytes": 68, "msg_lspid": 72, "msg_lrpid": 76}},
		{arch.ABIARM64, readMsqid, map[string]uint64{"msg_stime": 48, "msg_lrpid": 100}},
		{arch.ABIAMD64, readShmid, map[string]uint64{"shm_segsz": 48, "shm_atime": 56, "shm_ctime": 72, "shm_cpid": 80, "shm_lpid": 84, "shm_nattch": 88}},
		{arch.ABII386, readShmid, map[string]uint64{"shm_segsz": 36, "shm_atime": 40, "shm_ctime": 56, "shm_cpid": 64, "shm_lpid": 68, "shm_nattch": 72}},
		{arch.ABIAMD64, readSemid, map[string]uint64{"sem_otime": 48, "sem_ctime": 64, "sem_nsems": 80}},
		{arch.ABII386, readSemid, map[string]uint64{"sem_otime": 36, "sem_ctime": 44, "sem_nsems": 52}},
		{arch.ABIARM64, readSemid, map[string]uint64{"sem_otime": 48, "sem_ctime": 56, "sem_nsems": 64}},
		{arch.ABIAMD64, readMsqidSet, map[string]uint64{"msg_qbytes": 88}},
		{arch.ABII386, readMsqidSet, map[string]uint64{"msg_qbytes": 68}},
	} {
		x := fakeCtx(c.abi, data)
		r := x.Rd(data)
		v := c.read(x, &r)
		found := 0
		for _, f := range v.Elem {
			if want, ok := c.fields[f.Name]; ok {
				if found++; uint32(f.Num) != uint32(want) {
					t.Errorf("%s: %s is at %d, want %d", c.abi.Arch.Name, f.Name, uint32(f.Num), want)
				}
			}
		}
		if found != len(c.fields) {
			t.Errorf("%s: %d of %d fields are there", c.abi.Arch.Name, found, len(c.fields))
		}
	}
}

// TestFutexArguments counts what each operation shows beside address and operation.
func TestFutexArguments(t *testing.T) {
	tab := New(arch.ABIAMD64)
	for op, want := range []int{4, 3, 3, 5, 6, 6, 3, 2, 2, 5, 4, 5, 6, 3, 6, 6} {
		for _, flags := range []uint64{0, 128, 384, 0x1000} {
			x := fakeCtx(arch.ABIAMD64, nil)
			x.Begin(tab, arch.ABIAMD64, 202, [6]uint64{1, uint64(op) | flags, 3, 4, 5, 6}, Abbrev|Verbose)
			args, more := x.Enter()
			n := 0
			for i := range args {
				if !args[i].Absent() {
					n++
				}
			}
			if n != want || more {
				t.Errorf("operation %d|%#x shows %d arguments, want %d", op, flags, n, want)
			}
		}
	}
}
