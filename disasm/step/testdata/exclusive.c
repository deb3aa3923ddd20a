/* Exclusive sequences as compilers and people write them. Each function takes the address of
 * what it changes and two numbers. */
typedef long word;

word add(word *p, word a, word b) { return __atomic_fetch_add(p, a, __ATOMIC_SEQ_CST); }
word add32(int *p, int a, int b) { return __atomic_add_fetch(p, a, __ATOMIC_RELAXED); }
word or8(unsigned char *p, word a, word b) { return __atomic_fetch_or(p, a, __ATOMIC_ACQ_REL); }
word nand16(unsigned short *p, word a, word b) { return __atomic_nand_fetch(p, a, __ATOMIC_ACQUIRE); }
word exchange(word *p, word a, word b) { return __atomic_exchange_n(p, a, __ATOMIC_RELEASE); }
word cas(word *p, word a, word b) { return __atomic_compare_exchange_n(p, &a, b, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED) ? -1 : a; }
word weak(int *p, int a, int b) { return __atomic_compare_exchange_n(p, &a, b, 1, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE); }
word twice(word *p, word a, word b) { return __atomic_fetch_xor(p, a, __ATOMIC_SEQ_CST) + __atomic_fetch_sub(p + 1, b, __ATOMIC_SEQ_CST); }

/* Kernels and libraries leave the monitor closed where the comparison fails. */
word clears(word *p, word a, word b)
{
	word old, status;

	asm volatile("1: ldaxr %0, [%2]; cmp %0, %3; b.ne 2f; stlxr %w1, %4, [%2]; cbnz %w1, 1b; b 3f; 2: clrex; 3:"
		: "=&r"(old), "=&r"(status) : "r"(p), "r"(a), "r"(b) : "cc", "memory");
	return old;
}

/* A pair; the store of what was read makes the read atomic. */
word pair(word *p, word a, word b)
{
	word low, high, status;

	p = (word *)((word)p & -16);
	asm volatile("1: ldxp %0, %1, [%3]; eor %0, %0, %4; add %1, %1, %5; stxp %w2, %0, %1, [%3]; cbnz %w2, 1b"
		: "=&r"(low), "=&r"(high), "=&r"(status) : "r"(p), "r"(a), "r"(b) : "memory");
	return low ^ high;
}

/* Two stores: which of them ends the sequence is decided within. */
word either(word *p, word a, word b)
{
	word old, status;

	asm volatile("1: ldxr %0, [%2]; tbz %0, #0, 2f; stxr %w1, %3, [%2]; cbnz %w1, 1b; b 3f; 2: stxr %w1, %4, [%2]; cbnz %w1, 1b; 3:"
		: "=&r"(old), "=&r"(status) : "r"(p), "r"(a), "r"(b) : "memory");
	return old;
}

/* A lock, which another task would have to release: it is free here. */
word lock(int *p, word a, word b)
{
	int old, status;

	*p = 0;
	asm volatile("sevl; 1: wfe; 2: ldaxr %w0, [%2]; cbnz %w0, 1b; stxr %w1, %w3, [%2]; cbnz %w1, 2b"
		: "=&r"(old), "=&r"(status) : "r"(p), "r"(1) : "memory");
	return *p;
}

/* A load alone, as before wfe. */
word alone(word *p, word a, word b)
{
	word old;

	asm volatile("ldxr %0, [%1]; clrex" : "=&r"(old) : "r"(p));
	return old;
}
