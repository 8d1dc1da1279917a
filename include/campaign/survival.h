// SPDX-License-Identifier: GPL-2.0-or-later
/* What times to failure say: rate, shape, clean stretches, comparisons. Pure arithmetic:
 * no clock, no files, the same numbers for the same observations. Every formula, its
 * assumption and its source stand in docs/statistics.md. Intervals are two-sided 95 %
 * unless a name says otherwise; a bound that does not exist is INFINITY or 0, an
 * estimate that does not exist is NAN. JSON gives null for both. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/strbuf.h"

/* One boot: how long it was under test, and whether that ended in the failure asked
 * about. Other failures, lab faults behind the first test and the end of the run are
 * censored: it had lived that long. Times of 0 and below count as 1 ms. */
struct survival_obs {
	double seconds;
	bool has_failed;
	double limit_s; /* it would have been stopped then at the latest; 0 = not known */
};

/* Why the observing stopped. A rule that waits for a failure ends on one by design, so
 * the last failure says less. */
enum survival_stop { SURVIVAL_STOP_TIME, SURVIVAL_STOP_FAILURE };

struct survival_rate {
	size_t n, n_failures;
	double exposure_s;
	double mttf_s, mttf_low_s, mttf_high_s; /* no failure: NAN; one-sided; INFINITY */
	double rate_h, rate_low_h, rate_high_h; /* per hour; no failure: 0; 0; one-sided
						 */
};

/* Assumes a constant rate. v may be NULL when n is 0. */
void survival_rate(const struct survival_obs *v, size_t n, enum survival_stop stop,
		   struct survival_rate *out);

enum survival_memory {
	SURVIVAL_CANNOT_TELL, /* too few failures, or the shape is not known well enough
			       */
	SURVIVAL_MEMORYLESS,  /* the whole interval of the shape is within 1/2 to 2 */
	SURVIVAL_WEARS_IN,    /* shape above 1: hardly any failure early */
	SURVIVAL_FAILS_EARLY  /* shape below 1: most failures early */
};
const char *survival_memory_to_str(enum survival_memory memory); /* "cannot-tell" … */

struct survival_shape {
	size_t n_failures;
	enum survival_memory memory;
	double shape, low, high; /* Weibull; 1 = memoryless; NAN below 2 failures */
	double p;                /* of shape 1: likelihood ratio */
	bool is_bootstrap;       /* p and interval by simulation, not by chi-square */
};

/* Takes up to some 0.3 s: the simulation, whose seed is fixed. */
void survival_shape(const struct survival_obs *v, size_t n, struct survival_shape *out);

/* What seconds without a failure prove, against old: a rate that was measured
 * (n_failures in exposure_s), or a known one (n_failures 0, rate_h given), or nothing
 * (both 0). */
struct survival_old {
	const char *name; /* "v1", for the text; NULL = "the old" */
	size_t n_failures;
	double exposure_s;
	double rate_h;
};

struct survival_clean {
	double seconds;
	double p_old;        /* of a stretch this clean if the old rate still held; NAN */
	double p_old_known;  /* the same, were the old rate known exactly; NAN */
	double rate_below_h; /* one-sided 95 % */
	double needed_s;     /* more, until p_old is 0.01; 0 = enough, NAN = no old */
};

void survival_clean(double seconds, const struct survival_old *old,
		    struct survival_clean *out);

/* b against a. */
struct survival_comparison {
	double ratio, ratio_low, ratio_high; /* rate of b / rate of a; constant rates */
	double p;                            /* of equal rates: exact, conditional */
	double logrank_p; /* of equal survival: any shape, but many failures; NAN */
	size_t n_a, n_b;  /* boots: without one there is nothing to compare */
};

void survival_compare(const struct survival_obs *a, size_t n_a,
		      const struct survival_obs *b, size_t n_b,
		      struct survival_comparison *out);

/* One line each for people, without a line feed. */
void survival_say_rate(struct strbuf *out, const struct survival_rate *rate);
void survival_say_shape(struct strbuf *out, const struct survival_shape *shape);
/* "6.0 h clean: if v1's rate of one in 24 min still held, p = 3e-7; rate now below 0.5
 * per hour at 95 %" */
void survival_say_clean(struct strbuf *out, const struct survival_clean *clean,
			const struct survival_old *old);
void survival_say_comparison(struct strbuf *out, const char *name_a, const char *name_b,
			     const struct survival_comparison *c);
/* "12 ms", "45 s", "24 min", "6.0 h": two or three digits. */
void survival_say_duration(struct strbuf *out, double seconds);

/* New objects, with the names of the structs' members. */
json_t *survival_rate_json(const struct survival_rate *rate);
json_t *survival_shape_json(const struct survival_shape *shape);
json_t *survival_clean_json(const struct survival_clean *clean);
json_t *survival_comparison_json(const struct survival_comparison *c);
