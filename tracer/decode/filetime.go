package decode

import (
	"math"
	"strconv"
	"time"

	"github.com/gotrace/gotrace/tracer/event"
)

// Times of files, and what comments say about times.

var fileTimeCalls = []Call{
	{Name: "utime", Args: []Arg{path("filename"), in("times", utimeArg)}},
	{Name: "utimes", Args: []Arg{path("filename"), in("utimes", timevalsArg)}},
	{Name: "futimesat", Args: []Arg{dirfd("dfd"), path("filename"), in("utimes", timevalsArg)}},
	{Name: "utimensat", Args: []Arg{dirfd("dfd"), path("filename"), in("utimes", utimensArg), in("flags", flagsArg(xAtFlags))}},
	{Name: "utimensat_time64", Args: []Arg{dirfd("dfd"), path("filename"), in("t", utimens64Arg), in("flags", flagsArg(xAtFlags))}},
}

func utimeArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 2*c.Word(), func(c *Ctx, r *Rd) event.Value {
		return c.Struct(event.F("actime", c.secV(r.Long())), event.F("modtime", c.secV(r.Long())))
	})
}

// secV is a number of seconds since the epoch, and the date that they mean.
func (c *Ctx) secV(sec int64) event.Value {
	v := intV(sec)
	v.Note = c.timeNote(sec, 0, 9)
	return v
}

func timevalsArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4*c.Word(), func(c *Ctx, r *Rd) event.Value {
		return c.Array(c.timevalNotedV(r), c.timevalNotedV(r))
	})
}

func (c *Ctx) timevalNotedV(r *Rd) event.Value {
	sec, usec := r.Long(), r.ULong()
	v := c.Struct(event.F("tv_sec", intV(sec)), event.F("tv_usec", uintV(usec)))
	v.Note = c.timeNote(sec, usec, 6)
	return v
}

func utimensArg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 4*c.Word(), func(c *Ctx, r *Rd) event.Value {
		return c.Array(c.utimenV(r.Long(), r.ULong()), c.utimenV(r.Long(), r.ULong()))
	})
}

func utimens64Arg(c *Ctx, i int) event.Value {
	return c.ptrV(c.Arg(i), 32, func(c *Ctx, r *Rd) event.Value {
		return c.Array(c.utimenV(r.S64(), r.U64()), c.utimenV(r.S64(), r.U64()))
	})
}

// utimenV is a time to set, or a word that says which to set.
func (c *Ctx) utimenV(sec int64, nsec uint64) event.Value {
	if s := xUtimeSpecial.Find(nsec); s != "" {
		return symV(s, nsec)
	}
	v := c.Struct(event.F("tv_sec", intV(sec)), event.F("tv_nsec", uintV(nsec)))
	v.Note = c.timeNote(sec, nsec, 9)
	return v
}

// timeNote is the date and time, where the tracer is, of a time since the epoch
// whose fraction has the given number of digits: 2021-02-03T04:05:06.000000007+0000.
// It is nil for the epoch itself, which stands for no time, and for what is no time.
func (c *Ctx) timeNote(sec int64, frac uint64, digits int) []byte {
	limit := uint64(1)
	for range digits {
		limit *= 10
	}
	// The C library counts years since 1900 in an int.
	const farthest = (math.MaxInt32 + 1) * 366 * 86400
	if sec == 0 && frac == 0 || frac >= limit || sec > farthest || sec < -farthest {
		return nil
	}
	t := time.Unix(sec, 0)
	year, month, day := t.Date()
	if year-1900 > math.MaxInt32 || year-1900 < math.MinInt32 {
		return nil
	}
	hour, minute, second := t.Clock()
	b := c.Bytes(64)[:0]
	b = strconv.AppendInt(b, int64(int32(year)), 10)
	b = append2(b, '-', int(month))
	b = append2(b, '-', day)
	b = append2(b, 'T', hour)
	b = append2(b, ':', minute)
	b = append2(b, ':', second)
	if frac != 0 {
		b = append(b, '.')
		for limit /= 10; limit > 0; limit /= 10 {
			b = append(b, '0'+byte(frac/limit%10))
		}
	}
	_, off := t.Zone()
	sign := byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	b = append2(b, sign, off/3600)
	return append(b, '0'+byte(off/60%60/10), '0'+byte(off/60%10))
}

// append2 appends a separator and a number of two digits.
func append2(b []byte, sep byte, n int) []byte {
	return append(b, sep, '0'+byte(n/10), '0'+byte(n%10))
}
