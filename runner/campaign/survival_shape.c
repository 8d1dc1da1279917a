// SPDX-License-Identifier: GPL-2.0-or-later
/* Does the next minute fail as often as the first one did? The shape of a Weibull
 * distribution by maximum likelihood, and whether shape 1 explains the times as well.
 * With the few failures that a soak has, the chi-square that textbooks give is too small:
 * the test and the interval are calibrated by simulation. Formulas: docs/statistics.md,
 * section 4. */
#include <math.h>
#include <stdlib.h>

#include "campaign/survival_int.h"
#include "util/mem.h"

enum { N_TRIALS = 999, MAX_SIMULATED = 300, N_HALVINGS = 40 };

static const double log_shape_max = 4.0; /* shapes from 0.018 to 55 are looked at */
static const double chisq_95 = 3.841458820694124; /* qchisq(0.95, 1) */

/* Times by their logarithm, less the greatest, so that t^k stays within (0, 1]. */
struct sample {
	double *log_t;
	bool *has_failed;
	size_t n, r;
	double mean_log_failed;
};

static void sample_center(struct sample *s)
{
	double max = -INFINITY;

	s->r = 0;
	s->mean_log_failed = 0;
	for (size_t i = 0; i < s->n; i++)
		max = fmax(max, s->log_t[i]);
	for (size_t i = 0; i < s->n; i++) {
		s->log_t[i] -= max;
		s->r += s->has_failed[i];
		s->mean_log_failed += s->has_failed[i] ? s->log_t[i] : 0;
	}
	if (s->r > 0)
		s->mean_log_failed /= (double)s->r;
}

/* The log-likelihood of shape k where the scale is the best one for it, without terms
 * that depend on neither: r ln k - r ln(sum t^k) + (k - 1) sum over failures of ln t. */
static double profile(const struct sample *s, double k)
{
	double sum = 0, r = (double)s->r;

	for (size_t i = 0; i < s->n; i++)
		sum += exp(k * s->log_t[i]);
	return r * (log(k) - log(sum) + (k - 1) * s->mean_log_failed);
}

/* Its derivative over r: falls from +infinity, so it is 0 at one k at most. */
static double slope(const struct sample *s, double k)
{
	double sum = 0, sum_log = 0;

	for (size_t i = 0; i < s->n; i++) {
		double w = exp(k * s->log_t[i]);

		sum += w;
		sum_log += w * s->log_t[i];
	}
	return 1 / k + s->mean_log_failed - sum_log / sum;
}

static double best_shape(const struct sample *s)
{
	double low = -log_shape_max, high = log_shape_max;

	for (int i = 0; i < N_HALVINGS; i++) {
		double middle = (low + high) / 2;

		*(slope(s, exp(middle)) > 0 ? &low : &high) = middle;
	}
	return exp((low + high) / 2);
}

static double ratio(const struct sample *s, double best, double k)
{
	return fmax(0, 2 * (profile(s, best) - profile(s, k)));
}

/* Where the likelihood ratio passes limit, between best and the end of what is looked at.
 */
static double interval_end(const struct sample *s, double best, double end, double limit)
{
	double inside = log(best), outside = end;

	if (ratio(s, best, exp(outside)) < limit)
		return end > 0 ? INFINITY : 0;
	for (int i = 0; i < N_HALVINGS; i++) {
		double middle = (inside + outside) / 2;

		*(ratio(s, best, exp(middle)) < limit ? &inside : &outside) = middle;
	}
	return exp(inside);
}

/* When a boot that failed would have been stopped: as its caller says, else like the
 * longest of those that were, else never. */
static double stop_of(const struct survival_obs *v, size_t n, size_t i)
{
	double longest = 0;

	if (!v[i].has_failed)
		return survival_seconds(&v[i]);
	if (v[i].limit_s > 0)
		return fmax(v[i].limit_s, survival_seconds(&v[i]));
	for (size_t j = 0; j < n; j++)
		if (!v[j].has_failed)
			longest = fmax(longest, survival_seconds(&v[j]));
	return longest > 0 ? fmax(longest, survival_seconds(&v[i])) : INFINITY;
}

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* What the likelihood ratio is when the rate is constant: boots with the same limits and
 * the mean that was seen. A trial with fewer than two failures says nothing and is made
 * again, so all are as the one at hand: with enough of them to have a shape. */
static void simulate(const double *stops, double mean, struct sample *s,
		     double trials[N_TRIALS])
{
	set_seed(20250611, 577);
	for (int done = 0, tries = 0; done < N_TRIALS; tries++) {
		for (size_t i = 0; i < s->n; i++) {
			double t = fmax(exp_rand() * mean, 1e-9 * mean);

			s->has_failed[i] = t < stops[i];
			s->log_t[i] = log(fmin(t, stops[i]));
		}
		sample_center(s);
		if (s->r >= 2 || tries > 10 * N_TRIALS)
			trials[done++] =
				s->r >= 2 ? ratio(s, best_shape(s), 1) : INFINITY;
	}
	qsort(trials, N_TRIALS, sizeof(*trials), by_value);
}

static double limit_by_simulation(const struct survival_obs *v, size_t n, double seen,
				  struct survival_shape *out)
{
	_cleanup_free_ double *stops = xcalloc(n, sizeof(*stops));
	_cleanup_free_ double *log_t = xcalloc(n, sizeof(*log_t));
	_cleanup_free_ bool *has_failed = xcalloc(n, sizeof(*has_failed));
	struct sample s = { .log_t = log_t, .has_failed = has_failed, .n = n };
	double trials[N_TRIALS];
	struct survival_rate rate;
	int above = 0;

	survival_rate(v, n, SURVIVAL_STOP_TIME, &rate);
	for (size_t i = 0; i < n; i++)
		stops[i] = stop_of(v, n, i);
	simulate(stops, rate.mttf_s, &s, trials);
	for (int i = 0; i < N_TRIALS; i++)
		above += trials[i] >= seen;
	out->is_bootstrap = true;
	out->p = (above + 1.0) / (N_TRIALS + 1.0);
	return trials[(N_TRIALS + 1) * 95 / 100 - 1];
}

static enum survival_memory memory_of(const struct survival_shape *s)
{
	if (s->p < 0.05)
		return s->shape > 1 ? SURVIVAL_WEARS_IN : SURVIVAL_FAILS_EARLY;
	return s->low >= 0.5 && s->high <= 2 ? SURVIVAL_MEMORYLESS : SURVIVAL_CANNOT_TELL;
}

static void fit(const struct survival_obs *v, size_t n, struct sample *s,
		struct survival_shape *out)
{
	double seen, limit = chisq_95;

	out->shape = best_shape(s);
	seen = ratio(s, out->shape, 1);
	if (n <= MAX_SIMULATED)
		limit = limit_by_simulation(v, n, seen, out);
	else
		out->p = pchisq(seen, 1, 0, 0);
	out->low = interval_end(s, out->shape, -log_shape_max, limit);
	out->high = interval_end(s, out->shape, log_shape_max, limit);
	out->memory = memory_of(out);
}

void survival_shape(const struct survival_obs *v, size_t n, struct survival_shape *out)
{
	_cleanup_free_ double *log_t = xcalloc(n + 1, sizeof(*log_t));
	_cleanup_free_ bool *has_failed = xcalloc(n + 1, sizeof(*has_failed));
	struct sample s = { .log_t = log_t, .has_failed = has_failed, .n = n };

	for (size_t i = 0; i < n; i++) {
		log_t[i] = log(survival_seconds(&v[i]));
		has_failed[i] = v[i].has_failed;
	}
	sample_center(&s);
	*out = (struct survival_shape){ .n_failures = s.r,
					.memory = SURVIVAL_CANNOT_TELL,
					.shape = NAN,
					.low = 0,
					.high = INFINITY,
					.p = NAN };
	if (s.r >= 2)
		fit(v, n, &s, out);
}
