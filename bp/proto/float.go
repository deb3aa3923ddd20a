package proto

import (
	"encoding/binary"
	"math"

	"github.com/gotrace/gotrace/tracer/event"
)

// float is a floating-point number. What is wider than a double loses precision.
func float(t *Type, b []byte) event.Value {
	v := event.Value{Form: event.FormFloat}
	var f float64
	switch len(b) {
	case 2:
		f = half(binary.LittleEndian.Uint16(b))
	case 4:
		v.Flags = event.FlagSingle
		f = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case 8:
		f = math.Float64frombits(binary.LittleEndian.Uint64(b))
	case 10, 12, 16:
		if t.Quad {
			f = quad(b)
		} else {
			f = extended(b)
		}
	default:
		return unknown
	}
	v.Num = math.Float64bits(f)
	return v
}

// half is IEEE 754 binary16.
func half(u uint16) float64 {
	return pack(u>>15 != 0, int(u>>10&0x1f), 0x1f, 15, float64(u&0x3ff)/(1<<10))
}

// extended is x87's format: the leading bit of the significand is there.
func extended(b []byte) float64 {
	exp, sig := binary.LittleEndian.Uint16(b[8:]), binary.LittleEndian.Uint64(b)
	if exp&0x7fff == 0x7fff {
		return pack(exp>>15 != 0, 1, 1, 0, float64(sig<<1))
	}
	f := math.Ldexp(float64(sig), int(exp&0x7fff)-16383-63)
	return math.Copysign(f, 1-2*float64(exp>>15))
}

// quad is IEEE 754 binary128.
func quad(b []byte) float64 {
	lo, hi := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	frac := math.Ldexp(float64(hi&(1<<48-1)), -48) + math.Ldexp(float64(lo), -112)
	return pack(hi>>63 != 0, int(hi>>48&0x7fff), 0x7fff, 16383, frac)
}

// pack makes a float64 of a sign, a biased exponent and what follows the point.
func pack(neg bool, exp, most, bias int, frac float64) float64 {
	var f float64
	switch {
	case exp == most && frac != 0:
		return math.NaN()
	case exp == most:
		f = math.Inf(1)
	case exp == 0:
		f = math.Ldexp(frac, 1-bias)
	default:
		f = math.Ldexp(1+frac, exp-bias)
	}
	if neg {
		f = -f
	}
	return f
}

// narrow fills b with x87's number v as a float or double.
func narrow(b []byte, v [10]byte) {
	f := extended(v[:])
	switch len(b) {
	case 4:
		binary.LittleEndian.PutUint32(b, math.Float32bits(float32(f)))
	case 8:
		binary.LittleEndian.PutUint64(b, math.Float64bits(f))
	}
}
