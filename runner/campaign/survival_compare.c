// SPDX-License-Identifier: GPL-2.0-or-later
/* Two groups of boots: does one fail more often than the other? Once for constant rates,
 * exactly, and once for any shape, by the log-rank test. Formulas: docs/statistics.md,
 * section 5. */
#include <math.h>
#include <stdlib.h>

#include "campaign/survival_int.h"
#include "util/mem.h"

/* Of r failures in all, r_b fell into b. Had both the same rate, each would do so with
 * b's share of the exposure (Przyborowski and Wilenski 1940); the limits of that share
 * are Clopper and Pearson's, and give those of the ratio. */
static double ratio_of_share(double share, double s_a, double s_b)
{
	return share >= 1 ? INFINITY : share * s_a / ((1 - share) * s_b);
}

static void compare_rates(const struct survival_rate *a, const struct survival_rate *b,
			  struct survival_comparison *out)
{
	double r_b = (double)b->n_failures, r = r_b + (double)a->n_failures;
	double s_a = a->exposure_s, s_b = b->exposure_s, share = s_b / (s_a + s_b);
	double low = r_b > 0 ? qbeta(0.025, r_b, r - r_b + 1, 1, 0) : 0;
	double high = r_b < r ? qbeta(0.975, r_b + 1, r - r_b, 1, 0) : 1;
	double p_low = pbinom(r_b, r, share, 1, 0);
	double p_high = r_b > 0 ? pbinom(r_b - 1, r, share, 0, 0) : 1;

	out->ratio = r_b > 0 || r > 0 ? ratio_of_share(r_b / r, s_a, s_b) : NAN;
	out->ratio_low = ratio_of_share(low, s_a, s_b);
	out->ratio_high = ratio_of_share(high, s_a, s_b);
	out->p = fmin(1, 2 * fmin(p_low, p_high));
}

struct member {
	double seconds;
	bool has_failed, is_b;
};

static int by_time(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	return (a->seconds > b->seconds) - (a->seconds < b->seconds);
}

static struct member *merged(const struct survival_obs *a, size_t n_a,
			     const struct survival_obs *b, size_t n_b)
{
	struct member *m = xcalloc(n_a + n_b, sizeof(*m));

	for (size_t i = 0; i < n_a + n_b; i++) {
		const struct survival_obs *obs = i < n_a ? &a[i] : &b[i - n_a];

		m[i] = (struct member){ survival_seconds(obs), obs->has_failed,
					i >= n_a };
	}
	qsort(m, n_a + n_b, sizeof(*m), by_time);
	return m;
}

/* Mantel 1966: at each time of failure, how many of them fell into b against how many
 * should have, by b's share of those that were still alive. */
static double logrank_p(const struct survival_obs *a, size_t n_a,
			const struct survival_obs *b, size_t n_b)
{
	_cleanup_free_ struct member *m = merged(a, n_a, b, n_b);
	double observed = 0, expected = 0, variance = 0;
	size_t n = n_a + n_b, alive_b = n_b;

	for (size_t i = 0, next; i < n; i = next) {
		double alive = (double)(n - i), share = (double)alive_b / alive, d = 0;

		for (next = i; next < n && m[next].seconds <= m[i].seconds; next++) {
			d += m[next].has_failed;
			observed += m[next].has_failed && m[next].is_b;
			alive_b -= m[next].is_b;
		}
		expected += d * share;
		if (alive > 1)
			variance += d * share * (1 - share) * (alive - d) / (alive - 1);
	}
	if (variance <= 0)
		return NAN;
	return pchisq((observed - expected) * (observed - expected) / variance, 1, 0, 0);
}

void survival_compare(const struct survival_obs *a, size_t n_a,
		      const struct survival_obs *b, size_t n_b,
		      struct survival_comparison *out)
{
	struct survival_rate rate_a, rate_b;

	*out = (struct survival_comparison){ .ratio = NAN,
					     .ratio_low = 0,
					     .ratio_high = INFINITY,
					     .p = NAN,
					     .logrank_p = NAN,
					     .n_a = n_a,
					     .n_b = n_b };
	survival_rate(a, n_a, SURVIVAL_STOP_TIME, &rate_a);
	survival_rate(b, n_b, SURVIVAL_STOP_TIME, &rate_b);
	if (n_a == 0 || n_b == 0 || rate_a.n_failures + rate_b.n_failures == 0)
		return;
	compare_rates(&rate_a, &rate_b, out);
	out->logrank_p = logrank_p(a, n_a, b, n_b);
}
