// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the search for many literals in one pass, after the "Teddy" search of Hyperscan:
 * two table look-ups (one for each half of a byte) for the first four bytes give, for
 * each position, the buckets that may start there; only those are compared. Refuses to
 * know lines and what the literals stand for. */
#include "parse/match.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_AVX2 1
#else
#define HAVE_AVX2 0
#endif

enum { PREFIX = 4, N_BUCKETS = 8 };

/* How many values of one byte a bucket lets through when c joins it. */
static unsigned spread(const struct matcher *m, size_t k, unsigned b, unsigned char c)
{
	unsigned lo = 0, hi = 0;

	for (unsigned i = 0; i < 16; i++) {
		lo += (m->lo[k][i] >> b & 1U) || i == (c & 15U);
		hi += (m->hi[k][i] >> b & 1U) || i == (unsigned)c >> 4;
	}
	return lo * hi;
}

/* The bucket where s adds least to what passes by mistake. */
static unsigned choose_bucket(const struct matcher *m, const char *s)
{
	unsigned best = 0;
	uint64_t best_cost = UINT64_MAX;

	for (unsigned b = 0; b < N_BUCKETS; b++) {
		uint64_t with = 1, without = 1;

		if (m->n_literals[b] == ARRAY_SIZE(m->literals[b]))
			continue;
		for (size_t k = 0; k < PREFIX; k++) {
			unsigned char first = (unsigned char)s[k];

			if (m->n_literals[b] > 0)
				first = (unsigned char)m->literals[b][0].text[k];
			with *= spread(m, k, b, (unsigned char)s[k]);
			without *= spread(m, k, b, first);
		}
		if (m->n_literals[b] == 0)
			without = 0;
		if (with - without < best_cost) {
			best_cost = with - without;
			best = b;
		}
	}
	return best;
}

void matcher_init(struct matcher *m, const char *const *literals, size_t n)
{
	memset(m, 0, sizeof(*m));
	if (n > MATCH_MAX_LITERALS)
		BUG("%zu literals", n);
	for (size_t i = 0; i < n; i++) {
		const char *s = literals[i];
		size_t len = strlen(s);
		unsigned b = choose_bucket(m, s);

		if (len < PREFIX)
			BUG("literal \"%s\" is too short", s);
		m->literals[b][m->n_literals[b]].text = s;
		m->literals[b][m->n_literals[b]].len = (uint32_t)len;
		memcpy(&m->literals[b][m->n_literals[b]].head, s, PREFIX);
		m->n_literals[b]++;
		for (size_t k = 0; k < PREFIX; k++) {
			unsigned char c = (unsigned char)s[k];

			m->lo[k][c & 15] |= (uint8_t)(1U << b);
			m->hi[k][c >> 4] |= (uint8_t)(1U << b);
		}
	}
#if HAVE_AVX2
	m->use_avx2 = __builtin_cpu_supports("avx2");
#endif
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* Does a literal of these buckets stand at p[at]? One that begins with a capital begins a
 * word: "DEBUG:" is no "BUG:". */
static bool confirm(const struct matcher *m, const char *p, size_t len, size_t at,
		    unsigned buckets)
{
	bool in_word = at > 0 && is_word(p[at - 1]) && p[at] >= 'A' && p[at] <= 'Z';

	uint32_t head;

	if (in_word)
		return false;
	memcpy(&head, p + at, PREFIX);
	for (; buckets; buckets &= buckets - 1) {
		unsigned b = (unsigned)__builtin_ctz(buckets);

		for (size_t i = 0; i < m->n_literals[b]; i++) {
			size_t n = m->literals[b][i].len;

			if (m->literals[b][i].head == head && n <= len - at &&
			    memcmp(p + at, m->literals[b][i].text, n) == 0)
				return true;
		}
	}
	return false;
}

static unsigned buckets_at(const struct matcher *m, const char *p)
{
	unsigned b = 0xff;

	for (size_t k = 0; k < PREFIX; k++) {
		unsigned char c = (unsigned char)p[k];

		b &= (unsigned)m->lo[k][c & 15] & m->hi[k][c >> 4];
	}
	return b;
}

static size_t find_portable(const struct matcher *m, const char *p, size_t len,
			    size_t from)
{
	for (size_t i = from; i + PREFIX <= len; i++) {
		unsigned b = buckets_at(m, p + i);

		if (b && confirm(m, p, len, i, b))
			return i;
	}
	return len;
}

#if HAVE_AVX2
/* The candidates among 32 positions: a byte of bucket bits for each. */
__attribute__((target("avx2"))) static inline __m256i
candidates(const __m256i lo[PREFIX], const __m256i hi[PREFIX], const char *p)
{
	const __m256i low4 = _mm256_set1_epi8(15);
	__m256i all = _mm256_set1_epi8(-1);

	for (int k = 0; k < PREFIX; k++) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + k));
		__m256i l = _mm256_shuffle_epi8(lo[k], _mm256_and_si256(x, low4));
		__m256i h = _mm256_shuffle_epi8(
			hi[k], _mm256_and_si256(_mm256_srli_epi16(x, 4), low4));

		all = _mm256_and_si256(all, _mm256_and_si256(l, h));
	}
	return all;
}

__attribute__((target("avx2"))) static size_t
find_avx2(const struct matcher *m, const char *p, size_t len, size_t from)
{
	enum { STEP = 32 };
	__m256i lo[PREFIX], hi[PREFIX];
	size_t i = from;

	for (int k = 0; k < PREFIX; k++) {
		lo[k] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i *)(const void *)m->lo[k]));
		hi[k] = _mm256_broadcastsi128_si256(
			_mm_loadu_si128((const __m128i *)(const void *)m->hi[k]));
	}
	for (; i + STEP + PREFIX - 1 <= len; i += STEP) {
		__m256i c = candidates(lo, hi, p + i);
		__m256i none = _mm256_cmpeq_epi8(c, _mm256_setzero_si256());
		unsigned mask = ~(unsigned)_mm256_movemask_epi8(none);

		for (; mask; mask &= mask - 1) {
			size_t at = i + (size_t)__builtin_ctz(mask);

			if (confirm(m, p, len, at, buckets_at(m, p + at)))
				return at;
		}
	}
	return find_portable(m, p, len, i);
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
