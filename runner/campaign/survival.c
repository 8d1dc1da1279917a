// SPDX-License-Identifier: GPL-2.0-or-later
/* Constant rates: how often, between which limits, and what a clean stretch says of an
 * old one. Knows no shapes and no words. Formulas: docs/statistics.md, sections 1 to 3.
 */
#include <math.h>

#include "campaign/survival_int.h"

static const double level_two_sided = 0.975, level_one_sided = 0.95;
static const double p_enough = 0.01;

double survival_seconds(const struct survival_obs *obs)
{
	return obs->seconds > 1e-3 ? obs->seconds : 1e-3;
}

/* Upper and lower limit of the number of failures that is expected in the exposure seen
 * (Garwood 1936; MIL-HDBK-338B 8.3.2.5.2): half a quantile of chi-square. */
static double expected_high(size_t r, enum survival_stop stop)
{
	if (r == 0)
		return -log(1 - level_one_sided);
	return qchisq(level_two_sided, 2.0 * (double)r + (stop == SURVIVAL_STOP_TIME) * 2,
		      1, 0) /
	       2;
}

static double expected_low(size_t r)
{
	return r == 0 ? 0 : qchisq(1 - level_two_sided, 2.0 * (double)r, 1, 0) / 2;
}

void survival_rate(const struct survival_obs *v, size_t n, enum survival_stop stop,
		   struct survival_rate *out)
{
	double high, low, hours;

	*out = (struct survival_rate){ .n = n };
	for (size_t i = 0; i < n; i++) {
		out->exposure_s += survival_seconds(&v[i]);
		out->n_failures += v[i].has_failed;
	}
	hours = out->exposure_s / SECONDS_PER_HOUR;
	high = expected_high(out->n_failures, stop);
	low = expected_low(out->n_failures);
	out->mttf_s = out->n_failures ? out->exposure_s / (double)out->n_failures : NAN;
	out->mttf_low_s = out->exposure_s / high;
	out->mttf_high_s = out->n_failures ? out->exposure_s / low : INFINITY;
	out->rate_h = n ? (double)out->n_failures / hours : NAN;
	out->rate_low_h = n ? low / hours : 0;
	out->rate_high_h = n ? high / hours : INFINITY;
}

static void clean_against_measured(const struct survival_old *old,
				   struct survival_clean *out)
{
	double k = (double)old->n_failures, s = old->exposure_s;
	double needed = s * (pow(p_enough, -1 / k) - 1);

	out->p_old = pow(s / (s + out->seconds), k);
	out->p_old_known = exp(-k / s * out->seconds);
	out->needed_s = fmax(0, needed - out->seconds);
}

static void clean_against_known(const struct survival_old *old,
				struct survival_clean *out)
{
	double per_s = old->rate_h / SECONDS_PER_HOUR;

	out->p_old = out->p_old_known = exp(-per_s * out->seconds);
	out->needed_s = fmax(0, -log(p_enough) / per_s - out->seconds);
}

void survival_clean(double seconds, const struct survival_old *old,
		    struct survival_clean *out)
{
	double hours;

	*out = (struct survival_clean){ .seconds = fmax(seconds, 0),
					.p_old = NAN,
					.p_old_known = NAN,
					.needed_s = NAN };
	hours = out->seconds / SECONDS_PER_HOUR;
	out->rate_below_h = hours > 0 ? -log(1 - level_one_sided) / hours : INFINITY;
	if (old && old->n_failures > 0 && old->exposure_s > 0)
		clean_against_measured(old, out);
	else if (old && old->n_failures == 0 && old->rate_h > 0)
		clean_against_known(old, out);
}
