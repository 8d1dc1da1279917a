// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the search for many literals in one pass, after the "Teddy" search of Hyperscan:
 * two table look-ups (one for each half of a byte) for each of the first four bytes give
 * the positions where a literal may start. These are collected without a branch, because
 * in text one block in four has one, and only then compared. Refuses to know lines and
 * what the literals stand for. */
#include "parse/match.h"

#include "util/ascii.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_AVX2 1
#else
#define HAVE_AVX2 0
#endif

enum { PREFIX = 4, N_BUCKETS = 8, SLOT_BITS = 10 };

_Static_assert(sizeof(((struct matcher *)NULL)->slots) == 1U << SLOT_BITS,
	       "a slot for each hash");

/* Which halves of each byte a bucket's literals have: a bit for each value. */
struct bucket {
	uint16_t lo[PREFIX], hi[PREFIX];
};

static void join(struct bucket *b, const char *s)
{
	for (size_t k = 0; k < PREFIX; k++) {
		unsigned char c = (unsigned char)s[k];

		if (c >= 0x80)
			BUG("literal \"%s\" is not ASCII", s);
		b->lo[k] |= (uint16_t)(1U << (c & 15));
		b->hi[k] |= (uint16_t)(1U << (c >> 4));
	}
}

/* How often the first bytes get past a bucket: how many values it lets through, where
 * signs, digits and small letters (rows 2, 3, 6 and 7 of ASCII) make most of a log. */
static uint64_t spread(const struct bucket *b)
{
	enum { COMMON = 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7, TIMES = 8 };
	uint64_t n = 1;

	for (size_t k = 0; k < PREFIX; k++) {
		uint64_t rows =
			(uint64_t)__builtin_popcount(b->hi[k]) +
			(TIMES - 1) * (uint64_t)__builtin_popcount(b->hi[k] & COMMON);

		n *= (uint64_t)__builtin_popcount(b->lo[k]) * rows;
	}
	return n;
}

/* The bucket where s adds least to what passes by mistake. */
static struct bucket *choose_bucket(struct bucket buckets[N_BUCKETS], const char *s)
{
	struct bucket *best = NULL;
	uint64_t best_cost = 0;

	for (size_t i = 0; i < N_BUCKETS; i++) {
		struct bucket with = buckets[i];
		uint64_t cost;

		join(&with, s);
		cost = spread(&with) - spread(&buckets[i]);
		if (!best || cost < best_cost) {
			best = &buckets[i];
			best_cost = cost;
		}
	}
	return best;
}

static void fill_tables(struct matcher *m, const struct bucket buckets[N_BUCKETS])
{
	for (size_t b = 0; b < N_BUCKETS; b++)
		for (size_t k = 0; k < PREFIX; k++)
			for (size_t i = 0; i < 16; i++) {
				m->lo[k][i] |=
					(uint8_t)((buckets[b].lo[k] >> i & 1) << b);
				m->hi[k][i] |=
					(uint8_t)((buckets[b].hi[k] >> i & 1) << b);
			}
}

static uint32_t load_head(const char *p)
{
	uint32_t head;

	memcpy(&head, p, PREFIX);
	return head;
}

static uint32_t slot_of(uint32_t head)
{
	return head * UINT32_C(0x9e3779b1) >> (32 - SLOT_BITS);
}

void matcher_init(struct matcher *m, const char *const *literals, size_t n)
{
	struct bucket buckets[N_BUCKETS] = { 0 };

	memset(m, 0, sizeof(*m));
	if (n > MATCH_MAX_LITERALS)
		BUG("%zu literals", n);
	for (size_t i = 0; i < n; i++) {
		const char *s = literals[i];
		size_t len = strlen(s);

		if (len < PREFIX)
			BUG("literal \"%s\" is too short", s);
		join(choose_bucket(buckets, s), s);

		uint32_t head = load_head(s);
		uint8_t *slot = &m->slots[slot_of(head)];

		m->literals[i].text = s;
		m->literals[i].len = (uint32_t)len;
		m->literals[i].head = head;
		m->literals[i].next = *slot;
		*slot = (uint8_t)(i + 1);
	}
	fill_tables(m, buckets);
#if HAVE_AVX2
	m->use_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
#endif
}

/* Does a terminal's colour end before p[at]? "\033[0;31m" ends in a letter. */
static bool is_after_colour(const char *p, size_t at)
{
	if (p[at - 1] != 'm')
		return false;
	at--;
	while (at > 0 && ((p[at - 1] >= '0' && p[at - 1] <= '9') || p[at - 1] == ';'))
		at--;
	return at > 1 && p[at - 1] == '[' && p[at - 2] == '\033';
}

/* Does a literal stand at p[at]? One that begins with a capital begins a word: "DEBUG:"
 * is no "BUG:". */
static bool confirm(const struct matcher *m, const char *p, size_t len, size_t at)
{
	uint32_t head = load_head(p + at);

	for (unsigned i = m->slots[slot_of(head)]; i > 0; i = m->literals[i - 1].next) {
		size_t n = m->literals[i - 1].len;

		if (m->literals[i - 1].head == head && n <= len - at &&
		    memcmp(p + at, m->literals[i - 1].text, n) == 0)
			return at == 0 || !ascii_is_word(p[at - 1]) || p[at] < 'A' ||
			       p[at] > 'Z' || is_after_colour(p, at);
	}
	return false;
}

static size_t find_portable(const struct matcher *m, const char *p, size_t len,
			    size_t from)
{
	/* One look-up for four bytes beats eight for one each. */
	for (size_t i = from; i + PREFIX <= len; i++)
		if (m->slots[slot_of(load_head(p + i))] && confirm(m, p, len, i))
			return i;
	return len;
}

#if HAVE_AVX2
enum {
	STEP = 32,
	/* After a hit the next one is often near, so what is collected starts small. */
	FIRST_BATCH = 512,
	BATCH = 4096
};

struct tables {
	__m256i lo[PREFIX], hi[PREFIX];
};

__attribute__((target("avx2"))) static void load_tables(struct tables *t,
							const struct matcher *m)
{
	for (int k = 0; k < PREFIX; k++) {
		t->lo[k] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i *)(const void *)m->lo[k]));
		t->hi[k] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i *)(const void *)m->hi[k]));
	}
}

/* A bit for each of 32 positions where a literal may start. A byte above 0x7f gives 0 in
 * the first look-up, whatever its low half is. */
__attribute__((target("avx2"))) static inline unsigned candidates(const struct tables *t,
								  const char *p)
{
	const __m256i low4 = _mm256_set1_epi8(15);
	__m256i all = _mm256_set1_epi8(-1);

	for (int k = 0; k < PREFIX; k++) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + k));
		__m256i l = _mm256_shuffle_epi8(t->lo[k], x);
		__m256i h = _mm256_shuffle_epi8(
			t->hi[k], _mm256_and_si256(_mm256_srli_epi16(x, 4), low4));

		all = _mm256_and_si256(all, _mm256_and_si256(l, h));
	}
	all = _mm256_cmpeq_epi8(all, _mm256_setzero_si256());
	return ~(unsigned)_mm256_movemask_epi8(all);
}

/* Where in p[0..n) a literal may start, n a multiple of STEP and at most BATCH. */
__attribute__((target("avx2,bmi"))) static size_t
collect(const struct tables *t, const char *p, size_t n, uint16_t at[BATCH])
{
	size_t found = 0;

	for (size_t i = 0; i < n; i += STEP) {
		unsigned mask = candidates(t, p + i);

		/* The first two are written always and counted if they are some. */
		for (int k = 0; k < 2; k++) {
			at[found] = (uint16_t)(i + _tzcnt_u32(mask));
			found += mask != 0;
			mask &= mask - 1;
		}
		for (; mask; mask &= mask - 1)
			at[found++] = (uint16_t)(i + _tzcnt_u32(mask));
	}
	return found;
}

/* The last positions, too few for a block: those at the end of one that begins earlier,
 * or of a padded copy. */
__attribute__((target("avx2,bmi"))) static size_t find_at_end(const struct matcher *m,
							      const struct tables *t,
							      const char *p, size_t len,
							      size_t from)
{
	char padded[STEP + PREFIX - 1] = { 0 };
	const char *block = padded;
	size_t base = 0;
	unsigned mask;

	if (from + PREFIX > len)
		return len;
	if (len >= sizeof(padded)) {
		base = len - sizeof(padded);
		block = p + base;
	} else {
		memcpy(padded, p, len);
	}
	mask = candidates(t, block) & ~0U << (from - base) &
	       ((2U << (len - PREFIX - base)) - 1);
	for (; mask; mask &= mask - 1)
		if (confirm(m, p, len, base + _tzcnt_u32(mask)))
			return base + _tzcnt_u32(mask);
	return len;
}

__attribute__((target("avx2"))) static size_t
find_avx2(const struct matcher *m, const char *p, size_t len, size_t from)
{
	uint16_t at[BATCH];
	struct tables t;
	size_t batch = FIRST_BATCH;

	load_tables(&t, m);
	while (from + STEP + PREFIX - 1 <= len) {
		size_t n = (len - from - (PREFIX - 1)) / STEP * STEP, found;

		if (n > batch)
			n = batch;
		found = collect(&t, p + from, n, at);
		for (size_t i = 0; i < found; i++)
			if (confirm(m, p, len, from + at[i]))
				return from + at[i];
		from += n;
		batch = BATCH;
	}
	return find_at_end(m, &t, p, len, from);
}

__attribute__((target("avx2"))) static size_t count_avx2(const char *p, size_t len,
							 char c)
{
	const __m256i want = _mm256_set1_epi8(c), zero = _mm256_setzero_si256();
	__m256i sum = zero;
	uint64_t parts[4];
	size_t i = 0, n;

	while (i + 32 <= len) {
		/* Byte counters hold 255 hits at most. */
		size_t stop = i + 255 * 32 < len - 31 ? i + 255 * 32 : len - 31;
		__m256i acc = zero;

		for (; i < stop; i += 32) {
			__m256i x = _mm256_loadu_si256(
				(const __m256i *)(const void *)(p + i));

			acc = _mm256_sub_epi8(acc, _mm256_cmpeq_epi8(x, want));
		}
		sum = _mm256_add_epi64(sum, _mm256_sad_epu8(acc, zero));
	}
	_mm256_storeu_si256((__m256i *)(void *)parts, sum);
	n = (size_t)(parts[0] + parts[1] + parts[2] + parts[3]);
	for (; i < len; i++)
		n += p[i] == c;
	return n;
}
#endif

size_t matcher_find(const struct matcher *m, const char *p, size_t len, size_t from)
{
#if HAVE_AVX2
	if (m->use_avx2)
		return find_avx2(m, p, len, from);
#endif
	return find_portable(m, p, len, from);
}

size_t match_count_byte(const char *p, size_t len, char c)
{
	size_t n = 0;

#if HAVE_AVX2
	if (len >= 64 && __builtin_cpu_supports("avx2"))
		return count_avx2(p, len, c);
#endif
	for (size_t i = 0; i < len; i++)
		n += p[i] == c;
	return n;
}
