package disasm

import (
	"strconv"
	"strings"
)

// armTemplate is the text of the instructions for which word&mask == value (Arm ARM,
// chapters C6, C7 and C8). What follows a per cent sign is taken from the word:
//
//	X W S  general register of 64 or 32 bits, or 64 with sp for 31, at the bit that follows
//	b h s d q v z  the same of vector registers; p a predicate of three bits, P of four
//	u i    a number, unsigned or signed: lowest bit, colon, bits; *N multiplies it
//	x      an unsigned number in hexadecimal
//	t      the letter of an SVE element size at that bit
//	c      the condition at that bit
//	Q      for bit 30 the first or the second of two words, as in %Q{4h|8h}
//
// A part in brackets [? ] is left out where its number is 0, or its register zr.
type armTemplate struct {
	mask, value uint32
	text        string
}

const (
	tagAddress = "[%S5[?, #%i12:9*16]]"
	tagPost    = "[%S5], #%i12:9*16"
	tagPre     = "[%S5, #%i12:9*16]!"
)

var armTemplates = []armTemplate{
	// Memory tagging.
	{0xffe0fc00, 0x9ac01000, "irg %S0, %S5[?, %X16]"},
	{0xffe0fc00, 0x9ac01400, "gmi %X0, %S5, %X16"},
	{0xffe0fc1f, 0xbac0001f, "cmpp %S5, %S16"},
	{0xffe0fc00, 0x9ac00000, "subp %X0, %S5, %S16"},
	{0xffe0fc00, 0xbac00000, "subps %X0, %S5, %S16"},
	{0xffc0c000, 0x91800000, "addg %S0, %S5, #%x16:6*16, #%x10:4"},
	{0xffc0c000, 0xd1800000, "subg %S0, %S5, #%x16:6*16, #%x10:4"},
	{0xffe00c00, 0xd9200400, "stg %S0, " + tagPost},
	{0xffe00c00, 0xd9200800, "stg %S0, " + tagAddress},
	{0xffe00c00, 0xd9200c00, "stg %S0, " + tagPre},
	{0xffe00c00, 0xd9600400, "stzg %S0, " + tagPost},
	{0xffe00c00, 0xd9600800, "stzg %S0, " + tagAddress},
	{0xffe00c00, 0xd9600c00, "stzg %S0, " + tagPre},
	{0xffe00c00, 0xd9a00400, "st2g %S0, " + tagPost},
	{0xffe00c00, 0xd9a00800, "st2g %S0, " + tagAddress},
	{0xffe00c00, 0xd9a00c00, "st2g %S0, " + tagPre},
	{0xffe00c00, 0xd9e00400, "stz2g %S0, " + tagPost},
	{0xffe00c00, 0xd9e00800, "stz2g %S0, " + tagAddress},
	{0xffe00c00, 0xd9e00c00, "stz2g %S0, " + tagPre},
	{0xffe00c00, 0xd9600000, "ldg %X0, " + tagAddress},
	{0xfffffc00, 0xd9a00000, "stgm %X0, [%S5]"},
	{0xfffffc00, 0xd9200000, "stzgm %X0, [%S5]"},
	{0xfffffc00, 0xd9e00000, "ldgm %X0, [%S5]"},
	{0xffc00000, 0x68800000, "stgp %X0, %X10, [%S5], #%i15:7*16"},
	{0xffc00000, 0x69000000, "stgp %X0, %X10, [%S5[?, #%i15:7*16]]"},
	{0xffc00000, 0x69800000, "stgp %X0, %X10, [%S5, #%i15:7*16]!"},

	// Release consistency with an offset.
	{0xffe00c00, 0x19000000, "stlurb %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x19400000, "ldapurb %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x19800000, "ldapursb %X0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x19c00000, "ldapursb %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x59000000, "stlurh %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x59400000, "ldapurh %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x59800000, "ldapursh %X0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x59c00000, "ldapursh %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x99000000, "stlur %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x99400000, "ldapur %W0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0x99800000, "ldapursw %X0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0xd9000000, "stlur %X0, [%S5[?, #%i12:9]]"},
	{0xffe00c00, 0xd9400000, "ldapur %X0, [%S5[?, #%i12:9]]"},

	// SHA-512, SHA-3, SM3, SM4.
	{0xffe0fc00, 0xce608000, "sha512h %q0, %q5, %v16.2d"},
	{0xffe0fc00, 0xce608400, "sha512h2 %q0, %q5, %v16.2d"},
	{0xffe0fc00, 0xce608800, "sha512su1 %v0.2d, %v5.2d, %v16.2d"},
	{0xfffffc00, 0xcec08000, "sha512su0 %v0.2d, %v5.2d"},
	{0xffe0fc00, 0xce608c00, "rax1 %v0.2d, %v5.2d, %v16.2d"},
	{0xffe08000, 0xce000000, "eor3 %v0.16b, %v5.16b, %v16.16b, %v10.16b"},
	{0xffe08000, 0xce200000, "bcax %v0.16b, %v5.16b, %v16.16b, %v10.16b"},
	{0xffe00000, 0xce800000, "xar %v0.2d, %v5.2d, %v16.2d, #%u10:6"},
	{0xffe08000, 0xce400000, "sm3ss1 %v0.4s, %v5.4s, %v16.4s, %v10.4s"},
	{0xffe0cc00, 0xce408000, "sm3tt1a %v0.4s, %v5.4s, %v16.s[%u12:2]"},
	{0xffe0cc00, 0xce408400, "sm3tt1b %v0.4s, %v5.4s, %v16.s[%u12:2]"},
	{0xffe0cc00, 0xce408800, "sm3tt2a %v0.4s, %v5.4s, %v16.s[%u12:2]"},
	{0xffe0cc00, 0xce408c00, "sm3tt2b %v0.4s, %v5.4s, %v16.s[%u12:2]"},
	{0xffe0fc00, 0xce60c000, "sm3partw1 %v0.4s, %v5.4s, %v16.4s"},
	{0xffe0fc00, 0xce60c400, "sm3partw2 %v0.4s, %v5.4s, %v16.4s"},
	{0xfffffc00, 0xcec08400, "sm4e %v0.4s, %v5.4s"},
	{0xffe0fc00, 0xce60c800, "sm4ekey %v0.4s, %v5.4s, %v16.4s"},

	// Half precision, scalar.
	{0xffe0fc00, 0x1ee00800, "fmul %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee01800, "fdiv %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee02800, "fadd %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee03800, "fsub %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee04800, "fmax %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee05800, "fmin %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee06800, "fmaxnm %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee07800, "fminnm %h0, %h5, %h16"},
	{0xffe0fc00, 0x1ee08800, "fnmul %h0, %h5, %h16"},
	{0xfffffc00, 0x1ee04000, "fmov %h0, %h5"},
	{0xfffffc00, 0x1ee0c000, "fabs %h0, %h5"},
	{0xfffffc00, 0x1ee14000, "fneg %h0, %h5"},
	{0xfffffc00, 0x1ee1c000, "fsqrt %h0, %h5"},
	{0xfffffc00, 0x1ee44000, "frintn %h0, %h5"},
	{0xfffffc00, 0x1ee4c000, "frintp %h0, %h5"},
	{0xfffffc00, 0x1ee54000, "frintm %h0, %h5"},
	{0xfffffc00, 0x1ee5c000, "frintz %h0, %h5"},
	{0xfffffc00, 0x1ee64000, "frinta %h0, %h5"},
	{0xfffffc00, 0x1ee74000, "frintx %h0, %h5"},
	{0xfffffc00, 0x1ee7c000, "frinti %h0, %h5"},
	{0xffe0fc1f, 0x1ee02000, "fcmp %h5, %h16"},
	{0xffe0fc1f, 0x1ee02008, "fcmp %h5, #0.0"},
	{0xffe0fc1f, 0x1ee02010, "fcmpe %h5, %h16"},
	{0xffe0fc1f, 0x1ee02018, "fcmpe %h5, #0.0"},
	{0xffe00c10, 0x1ee00400, "fccmp %h5, %h16, #%x0:4, %c12"},
	{0xffe00c10, 0x1ee00410, "fccmpe %h5, %h16, #%x0:4, %c12"},
	{0xffe00c00, 0x1ee00c00, "fcsel %h0, %h5, %h16, %c12"},
	{0xffe08000, 0x1fc00000, "fmadd %h0, %h5, %h16, %h10"},
	{0xffe08000, 0x1fc08000, "fmsub %h0, %h5, %h16, %h10"},
	{0xffe08000, 0x1fe00000, "fnmadd %h0, %h5, %h16, %h10"},
	{0xffe08000, 0x1fe08000, "fnmsub %h0, %h5, %h16, %h10"},
	{0xffe0fc1f, 0x1e602008, "fcmp %d5, #0.0"},
	{0xffe0fc1f, 0x1e602018, "fcmpe %d5, #0.0"},
	{0xffe0fc1f, 0x1e202008, "fcmp %s5, #0.0"},
	{0xffe0fc1f, 0x1e202018, "fcmpe %s5, #0.0"},

	// Half precision, vectors.
	{0xbfe0fc00, 0x0e400400, "fmaxnm %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0e400c00, "fmla %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0e401400, "fadd %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0e401c00, "fmulx %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0e402400, "fcmeq %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0e403400, "fmax %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0e403c00, "frecps %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0ec00400, "fminnm %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0ec00c00, "fmls %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0ec01400, "fsub %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0ec03400, "fmin %H0, %H5, %H16"},
	{0xbfe0fc00, 0x0ec03c00, "frsqrts %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e400400, "fmaxnmp %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e401400, "faddp %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e401c00, "fmul %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e402400, "fcmge %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e402c00, "facge %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e403400, "fmaxp %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2e403c00, "fdiv %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2ec00400, "fminnmp %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2ec01400, "fabd %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2ec02400, "fcmgt %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2ec02c00, "facgt %H0, %H5, %H16"},
	{0xbfe0fc00, 0x2ec03400, "fminp %H0, %H5, %H16"},
	{0xbffffc00, 0x0ef8f800, "fabs %H0, %H5"},
	{0xbffffc00, 0x2ef8f800, "fneg %H0, %H5"},
	{0xbffffc00, 0x2ef9f800, "fsqrt %H0, %H5"},
	{0xbffffc00, 0x0e79d800, "scvtf %H0, %H5"},
	{0xbffffc00, 0x2e79d800, "ucvtf %H0, %H5"},
	{0xbffffc00, 0x0ef9b800, "fcvtzs %H0, %H5"},
	{0xbffffc00, 0x2ef9b800, "fcvtzu %H0, %H5"},

	// Dot products, matrices, bfloat16.
	{0xbfe0fc00, 0x0e809400, "sdot %v0.%Q{2s|4s}, %v5.%Q{8b|16b}, %v16.%Q{8b|16b}"},
	{0xbfe0fc00, 0x2e809400, "udot %v0.%Q{2s|4s}, %v5.%Q{8b|16b}, %v16.%Q{8b|16b}"},
	{0xbfe0fc00, 0x0e809c00, "usdot %v0.%Q{2s|4s}, %v5.%Q{8b|16b}, %v16.%Q{8b|16b}"},
	{0xffe0fc00, 0x4e80a400, "smmla %v0.4s, %v5.16b, %v16.16b"},
	{0xffe0fc00, 0x6e80a400, "ummla %v0.4s, %v5.16b, %v16.16b"},
	{0xffe0fc00, 0x4e80ac00, "usmmla %v0.4s, %v5.16b, %v16.16b"},
	{0xfffffc00, 0x1e634000, "bfcvt %h0, %s5"},
	{0xbfe0fc00, 0x2e40fc00, "bfdot %v0.%Q{2s|4s}, %v5.%Q{4h|8h}, %v16.%Q{4h|8h}"},
	{0xffe0fc00, 0x6e40ec00, "bfmmla %v0.4s, %v5.8h, %v16.8h"},

	// Flags, rounding, scalars of later extensions.
	{0xffffffff, 0xd500401f, "cfinv"},
	{0xffffffff, 0xd500403f, "xaflag"},
	{0xffffffff, 0xd500405f, "axflag"},
	{0xffe07c10, 0xba000400, "rmif %X5, #%u15:6, #%u0:4"},
	{0xfffffc1f, 0x3a00080d, "setf8 %W5"},
	{0xfffffc1f, 0x3a00480d, "setf16 %W5"},
	{0xfffffc00, 0x1e284000, "frint32z %s0, %s5"},
	{0xfffffc00, 0x1e28c000, "frint32x %s0, %s5"},
	{0xfffffc00, 0x1e294000, "frint64z %s0, %s5"},
	{0xfffffc00, 0x1e29c000, "frint64x %s0, %s5"},
	{0xfffffc00, 0x1e684000, "frint32z %d0, %d5"},
	{0xfffffc00, 0x1e68c000, "frint32x %d0, %d5"},
	{0xfffffc00, 0x1e694000, "frint64z %d0, %d5"},
	{0xfffffc00, 0x1e69c000, "frint64x %d0, %d5"},
	{0xfffffc00, 0x1e7e0000, "fjcvtzs %W0, %d5"},
	{0xfffffc00, 0x5ac02000, "abs %W0, %W5"},
	{0xfffffc00, 0xdac02000, "abs %X0, %X5"},
	{0xfffffc00, 0x5ac01c00, "cnt %W0, %W5"},
	{0xfffffc00, 0xdac01c00, "cnt %X0, %X5"},
	{0xfffffc00, 0x5ac01800, "ctz %W0, %W5"},
	{0xfffffc00, 0xdac01800, "ctz %X0, %X5"},
	{0xffffffe0, 0xd5031000, "wfet %X0"},
	{0xffffffe0, 0xd5031020, "wfit %X0"},
	{0xffffffff, 0xd50330ff, "sb"},
	{0xfffffc00, 0xf83fd000, "ld64b %X0, [%S5]"},
	{0xfffffc00, 0xf83f9000, "st64b %X0, [%S5]"},
	{0xffe0fc00, 0xf820b000, "st64bv %X16, %X0, [%S5]"},
	{0xffe0fc00, 0xf820a000, "st64bv0 %X16, %X0, [%S5]"},

	// Scalable vectors: what memory and string functions are made of.
	{0xff3ffff0, 0x2518e3e0, "ptrue %P0.%t22"},
	{0xff20fc10, 0x25201c00, "whilelo %P0.%t22, %X5, %X16"},
	{0xff20fc10, 0x25201c10, "whilels %P0.%t22, %X5, %X16"},
	{0xff20fc10, 0x25201400, "whilelt %P0.%t22, %X5, %X16"},
	{0xff20fc10, 0x25201410, "whilele %P0.%t22, %X5, %X16"},
	{0xff20fc10, 0x25200c00, "whilelo %P0.%t22, %W5, %W16"},
	{0xff20fc10, 0x25200400, "whilelt %P0.%t22, %W5, %W16"},
	{0xffffffe0, 0x0420e3e0, "cntb %X0"},
	{0xffffffe0, 0x0460e3e0, "cnth %X0"},
	{0xffffffe0, 0x04a0e3e0, "cntw %X0"},
	{0xffffffe0, 0x04e0e3e0, "cntd %X0"},
	{0xffffffe0, 0x0430e3e0, "incb %X0"},
	{0xffffffe0, 0x0470e3e0, "inch %X0"},
	{0xffffffe0, 0x04b0e3e0, "incw %X0"},
	{0xffffffe0, 0x04f0e3e0, "incd %X0"},
	{0xfffff800, 0x04bf5000, "rdvl %X0, #%i5:6"},
	{0xffe0f800, 0x04205000, "addvl %S0, %S16, #%i5:6"},
	{0xffe0f800, 0x04605000, "addpl %S0, %S16, #%i5:6"},
	{0xff20fc00, 0x04200000, "add %z0.%t22, %z5.%t22, %z16.%t22"},
	{0xff20fc00, 0x04200400, "sub %z0.%t22, %z5.%t22, %z16.%t22"},
	{0xffe0fc00, 0x04203000, "and %z0.d, %z5.d, %z16.d"},
	{0xffe0fc00, 0x04a03000, "eor %z0.d, %z5.d, %z16.d"},
	{0xfffffc00, 0x05203800, "mov %z0.b, %w5"},
	{0xfffffc00, 0x05603800, "mov %z0.h, %w5"},
	{0xfffffc00, 0x05a03800, "mov %z0.s, %w5"},
	{0xfffffc00, 0x05e03800, "mov %z0.d, %S5"},
	{0xfff0e000, 0xa400a000, "ld1b {%z0.b}, %p10/z, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xa4a0a000, "ld1h {%z0.h}, %p10/z, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xa540a000, "ld1w {%z0.s}, %p10/z, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xa5e0a000, "ld1d {%z0.d}, %p10/z, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xe400e000, "st1b {%z0.b}, %p10, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xe4a0e000, "st1h {%z0.h}, %p10, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xe540e000, "st1w {%z0.s}, %p10, [%S5[?, #%i16:4, mul vl]]"},
	{0xfff0e000, 0xe5e0e000, "st1d {%z0.d}, %p10, [%S5[?, #%i16:4, mul vl]]"},
	{0xffe0e000, 0xa4004000, "ld1b {%z0.b}, %p10/z, [%S5, %X16]"},
	{0xffe0e000, 0xa4a04000, "ld1h {%z0.h}, %p10/z, [%S5, %X16, lsl #1]"},
	{0xffe0e000, 0xa5404000, "ld1w {%z0.s}, %p10/z, [%S5, %X16, lsl #2]"},
	{0xffe0e000, 0xa5e04000, "ld1d {%z0.d}, %p10/z, [%S5, %X16, lsl #3]"},
	{0xffe0e000, 0xe4004000, "st1b {%z0.b}, %p10, [%S5, %X16]"},
	{0xffe0e000, 0xe4a04000, "st1h {%z0.h}, %p10, [%S5, %X16, lsl #1]"},
	{0xffe0e000, 0xe5404000, "st1w {%z0.s}, %p10, [%S5, %X16, lsl #2]"},
	{0xffe0e000, 0xe5e04000, "st1d {%z0.d}, %p10, [%S5, %X16, lsl #3]"},
}

// armTemplateIndex has for each upper byte the templates that may match.
var armTemplateIndex = func() (t [256][]armTemplate) {
	for b := range t {
		for _, r := range armTemplates {
			if (uint32(b)<<24^r.value)&r.mask>>24 == 0 {
				t[b] = append(t[b], r)
			}
		}
	}
	return t
}()

// armTemplateText is the text of a template, "" where none matches.
func armTemplateText(w uint32) string {
	for _, r := range armTemplateIndex[w>>24] {
		if w&r.mask == r.value {
			b, _ := appendArm(nil, r.text, w)
			return string(b)
		}
	}
	return ""
}

// appendArm expands a template; zero tells whether what it took from the word was 0, or
// the zero register.
func appendArm(b []byte, t string, w uint32) (out []byte, zero bool) {
	zero = true
	for len(t) > 0 {
		switch {
		case strings.HasPrefix(t, "[?"):
			end := strings.IndexByte(t, ']')
			if part, none := appendArm(nil, t[2:end], w); !none {
				b = append(b, part...)
			}
			t = t[end+1:]
		case t[0] == '%':
			var none bool
			b, t, none = appendArmField(b, t[1:], w)
			zero = zero && none
		default:
			b, t = append(b, t[0]), t[1:]
		}
	}
	return b, zero
}

// appendArmField expands what follows a per cent sign.
func appendArmField(b []byte, t string, w uint32) (out []byte, rest string, zero bool) {
	kind := t[0]
	t = t[1:]
	if strings.HasPrefix(t, "{") {
		end := strings.IndexByte(t, '}')
		small, large, _ := strings.Cut(t[1:end], "|")
		if w>>30&1 != 0 {
			small = large
		}
		return append(b, small...), t[end+1:], false
	}
	low, t := leadingNumber(t)
	v := w >> low
	switch kind {
	case 'u', 'i', 'x':
		return appendArmNumber(b, kind, t, w, low)
	case 'X':
		return append(b, xreg(v)...), t, v&31 == 31
	case 'S':
		b = append(b, xsp(v)...)
	case 'W':
		b = append(b, armReg("w", "zr", v)...)
	case 'w':
		b = append(b, wsp(v)...)
	case 'H':
		b = append(b, [2]string{"v" + strconv.Itoa(int(v&31)) + ".4h", "v" + strconv.Itoa(int(v&31)) + ".8h"}[w>>30&1]...)
	case 'p':
		b = strconv.AppendUint(append(b, 'p'), uint64(v&7), 10)
	case 'P':
		b = strconv.AppendUint(append(b, 'p'), uint64(v&15), 10)
	case 't':
		b = append(b, "bhsd"[v&3])
	case 'c':
		b = append(b, armConds[v&15]...)
	default:
		b = strconv.AppendUint(append(b, kind), uint64(v&31), 10)
	}
	return b, t, false
}

func leadingNumber(t string) (uint, string) {
	n := uint(0)
	for len(t) > 0 && t[0] >= '0' && t[0] <= '9' {
		n, t = n*10+uint(t[0]-'0'), t[1:]
	}
	return n, t
}

// appendArmNumber expands a number: ":bits" and perhaps "*factor" follow.
func appendArmNumber(b []byte, kind byte, t string, w uint32, low uint) (out []byte, rest string, zero bool) {
	bits, t := leadingNumber(t[1:])
	factor := uint(1)
	if strings.HasPrefix(t, "*") {
		factor, t = leadingNumber(t[1:])
	}
	v := int64(w >> low & (1<<bits - 1))
	if kind == 'i' {
		v = int64(field(w, low, bits))
	}
	v *= int64(factor)
	if kind == 'x' {
		return strconv.AppendInt(append(b, "0x"...), v, 16), t, v == 0
	}
	return strconv.AppendInt(b, v, 10), t, v == 0
}

func wsp(n uint32) string {
	if n&31 == 31 {
		return "wsp"
	}
	return armReg("w", "", n)
}
