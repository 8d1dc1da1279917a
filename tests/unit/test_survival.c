// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers of others (NIST's handbook, tables, R), what limits must do over many simulated
 * campaigns, and the sentences. */
#include <math.h>
#include <string.h>

#include "campaign/survival_int.h"
#include "tap.h"

#define CHECK_NEAR(got, want, part)                                                      \
	do {                                                                             \
		double near_g = (got), near_w = (want);                                  \
		if (!(fabs(near_g - near_w) <= fabs(near_w) * (part)))                   \
			tap_fail(__FILE__, __LINE__, "%s is %.9g, want %.9g", #got,      \
				 near_g, near_w);                                        \
	} while (0)

#define CHECK_SAYS(call, want)                                                           \
	do {                                                                             \
		_cleanup_strbuf_ struct strbuf said = STRBUF_INIT;                       \
		struct strbuf *out = &said;                                              \
		call;                                                                    \
		CHECK_STR(strbuf_str(&said), want);                                      \
	} while (0)

static struct survival_obs failed(double seconds)
{
	return (struct survival_obs){ .seconds = seconds, .has_failed = true };
}

static struct survival_obs clean(double seconds)
{
	return (struct survival_obs){ .seconds = seconds };
}

/* NIST/SEMATECH e-Handbook 8.4.5.1, "MTBF confidence interval factors": two failures in
 * 1600 hours of a time-censored test. */
TEST(limits_of_the_mean_are_those_of_the_nist_handbook)
{
	struct survival_obs v[] = { failed(500 * 3600), failed(600 * 3600),
				    clean(500 * 3600) };
	struct survival_rate r;

	survival_rate(v, ARRAY_SIZE(v), SURVIVAL_STOP_TIME, &r);
	CHECK_EQ(r.n_failures, 2);
	CHECK_NEAR(r.exposure_s / 3600, 1600, 1e-12);
	/* The handbook's factors for r = 2: 95 % two-sided 0.2768 and 8.2573. */
	CHECK_NEAR(r.mttf_low_s / r.mttf_s, 0.2768, 2e-4);
	CHECK_NEAR(r.mttf_high_s / r.mttf_s, 8.2573, 2e-4);
	CHECK_NEAR(r.rate_low_h * r.mttf_high_s, 3600, 1e-12);
	CHECK_NEAR(r.rate_high_h * r.mttf_low_s, 3600, 1e-12);
}

/* The same handbook: 10 failures, factors 0.5438 and 2.0853. */
TEST(ten_failures_have_the_factors_of_the_nist_handbook)
{
	struct survival_obs v[10];
	struct survival_rate r;

	for (int i = 0; i < 10; i++)
		v[i] = failed(100);
	survival_rate(v, 10, SURVIVAL_STOP_TIME, &r);
	CHECK_NEAR(r.mttf_low_s / r.mttf_s, 0.5438, 2e-4);
	CHECK_NEAR(r.mttf_high_s / r.mttf_s, 2.0853, 2e-4);
}

TEST(a_soak_that_waits_for_its_last_failure_has_a_narrower_lower_limit)
{
	struct survival_obs v[] = { failed(100), failed(300), failed(200) };
	struct survival_rate by_time, by_failure;

	survival_rate(v, 3, SURVIVAL_STOP_TIME, &by_time);
	survival_rate(v, 3, SURVIVAL_STOP_FAILURE, &by_failure);
	/* 1200 / chi-square(0.975; 6) = 14.4494 */
	CHECK_NEAR(by_failure.mttf_low_s, 1200 / 14.449375, 1e-6);
	CHECK_NEAR(by_failure.mttf_high_s, by_time.mttf_high_s, 1e-12);
	CHECK(by_time.mttf_low_s < by_failure.mttf_low_s);
}

TEST(no_failure_bounds_the_rate_from_above_only)
{
	struct survival_obs v[] = { clean(3 * 3600), clean(3 * 3600) };
	struct survival_rate r;

	survival_rate(v, 2, SURVIVAL_STOP_TIME, &r);
	CHECK(isnan(r.mttf_s) && isinf(r.mttf_high_s));
	CHECK_NEAR(r.rate_high_h, 2.995732 / 6, 1e-6);
	CHECK(r.rate_h <= 0 && r.rate_low_h <= 0);
}

TEST(no_boot_at_all_says_nothing_and_divides_by_nothing)
{
	struct survival_rate r;
	struct survival_shape s;
	struct survival_comparison c;

	survival_rate(NULL, 0, SURVIVAL_STOP_TIME, &r);
	CHECK(isnan(r.rate_h) && isinf(r.rate_high_h));
	survival_shape(NULL, 0, &s);
	CHECK(isnan(s.shape) && s.memory == SURVIVAL_CANNOT_TELL);
	survival_compare(NULL, 0, NULL, 0, &c);
	CHECK(isnan(c.p));
	CHECK_SAYS(survival_say_rate(out, &r), "0 failures in 0.0 s under test, 0 boots");
}

/* How many of many campaigns with a mean of 1000 s have it within their limits. */
static int covered(enum survival_stop stop, int campaigns)
{
	int n_covered = 0;

	set_seed(7, 11);
	for (int c = 0; c < campaigns; c++) {
		struct survival_obs v[64];
		struct survival_rate r;
		double left_s = 5000;
		size_t n = 0;

		for (; n < ARRAY_SIZE(v); n++) {
			double t = exp_rand() * 1000;

			if (stop == SURVIVAL_STOP_FAILURE ? n == 5 : left_s <= 0)
				break;
			v[n] = stop == SURVIVAL_STOP_FAILURE || t < left_s
				       ? failed(t)
				       : clean(left_s);
			left_s -= t;
		}
		survival_rate(v, n, stop, &r);
		n_covered += r.mttf_low_s <= 1000 && 1000 <= r.mttf_high_s;
	}
	return n_covered;
}

TEST(of_campaigns_that_end_by_a_failure_95_percent_have_the_truth_within_their_limits)
{
	int of_20000 = covered(SURVIVAL_STOP_FAILURE, 20000);

	CHECK(of_20000 > 18850 && of_20000 < 19150);
}

/* A count has steps, so these limits are a little wider than they need to be. */
TEST(campaigns_that_end_by_time_have_the_truth_within_their_limits_at_least_as_often)
{
	int of_20000 = covered(SURVIVAL_STOP_TIME, 20000);

	CHECK(of_20000 > 18950 && of_20000 < 19700);
}

TEST(eighteen_to_thirtyone_minutes_over_five_boots_is_not_memoryless)
{
	struct survival_obs v[] = { failed(18 * 60), failed(21 * 60), failed(24 * 60),
				    failed(28 * 60), failed(31 * 60) };
	struct survival_shape s;

	survival_shape(v, 5, &s);
	CHECK_EQ(s.memory, SURVIVAL_WEARS_IN);
	CHECK(s.p < 0.02 && s.is_bootstrap);
	CHECK_NEAR(s.shape, 5.94785, 1e-5); /* scipy.stats.weibull_min.fit */
	CHECK(s.low > 1 && s.low < s.shape && s.high > s.shape);
}

/* Lieblein and Zelen 1956, endurance of 23 ball bearings in millions of revolutions;
 * shape 2.102 by maximum likelihood in Lawless, Statistical Models and Methods for
 * Lifetime Data, 2nd edition, example 5.2.1. */
TEST(the_shape_of_the_ball_bearings_is_that_of_the_books)
{
	static const double revolutions[] = { 17.88,  28.92,  33.00, 41.52,  42.12,
					      45.60,  48.48,  51.84, 51.96,  54.12,
					      55.56,  67.80,  68.64, 68.64,  68.88,
					      84.12,  93.12,  98.64, 105.12, 105.84,
					      127.92, 128.04, 173.40 };
	struct survival_obs v[ARRAY_SIZE(revolutions)];
	struct survival_shape s;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = failed(revolutions[i]);
	survival_shape(v, ARRAY_SIZE(v), &s);
	CHECK_NEAR(s.shape, 2.102, 5e-4);
	CHECK(s.memory == SURVIVAL_WEARS_IN && s.p < 0.01);
}

/* NIST/SEMATECH e-Handbook 8.4.1.2: 20 units on test for 500 hours, 10 of them fail. */
TEST(the_shape_of_a_censored_test_is_that_of_the_nist_handbook)
{
	static const double hours[] = { 54, 187, 216, 240, 244, 335, 361, 373, 375, 386 };
	struct survival_obs v[20];
	struct survival_shape s;

	for (size_t i = 0; i < 20; i++)
		v[i] = i < 10 ? failed(hours[i] * 3600) : clean(500 * 3600);
	survival_shape(v, 20, &s);
	CHECK_NEAR(s.shape, 1.7208, 2e-3);
	CHECK(s.memory == SURVIVAL_CANNOT_TELL || s.memory == SURVIVAL_WEARS_IN);
}

TEST(few_failures_or_one_cannot_tell_a_shape)
{
	struct survival_obs v[] = { failed(700), clean(3600), failed(1900) };
	struct survival_shape s;

	survival_shape(v, 2, &s);
	CHECK(s.memory == SURVIVAL_CANNOT_TELL && isnan(s.p));
	CHECK_SAYS(survival_say_shape(out, &s),
		   "memoryless or not: cannot tell with 1 failure");
	survival_shape(v, 3, &s);
	CHECK_EQ(s.memory, SURVIVAL_CANNOT_TELL);
	CHECK(s.low < 1 && s.high > 1);
}

static int found_not_memoryless(double shape, int campaigns, size_t n, double stop_s)
{
	int found = 0;
	int next = 1;

	for (int c = 0; c < campaigns; c++) {
		struct survival_obs v[400];
		struct survival_shape s;

		set_seed(next++, 99);
		for (size_t i = 0; i < n; i++) {
			double t = 1000 * pow(exp_rand(), 1 / shape);

			v[i] = t < stop_s ? failed(t) : clean(stop_s);
			v[i].limit_s = stop_s;
		}
		survival_shape(v, n, &s);
		found +=
			s.memory == SURVIVAL_WEARS_IN || s.memory == SURVIVAL_FAILS_EARLY;
	}
	return found;
}

/* 5 % of 400 are 20, and 2.6 standard deviations are 11. */
TEST(of_memoryless_kernels_one_in_twenty_is_called_otherwise)
{
	int small = found_not_memoryless(1, 400, 5, INFINITY);
	int censored = found_not_memoryless(1, 400, 12, 1000);

	CHECK(small >= 9 && small <= 31);
	CHECK(censored >= 9 && censored <= 31);
}

TEST(a_kernel_with_a_warm_up_is_found_out)
{
	CHECK(found_not_memoryless(3, 50, 10, INFINITY) > 45);
	CHECK(found_not_memoryless(0.4, 50, 20, INFINITY) > 40);
}

TEST(a_long_soak_of_a_memoryless_kernel_looks_memoryless)
{
	struct survival_obs v[400];
	struct survival_shape s;

	set_seed(3, 4);
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = failed(1000 * exp_rand());
	survival_shape(v, 60, &s);
	CHECK(s.memory == SURVIVAL_MEMORYLESS && s.is_bootstrap);
	survival_shape(v, ARRAY_SIZE(v), &s);
	CHECK(s.memory == SURVIVAL_MEMORYLESS && !s.is_bootstrap);
}

TEST(a_shape_is_the_same_each_time_and_in_any_unit)
{
	struct survival_obs v[] = { failed(3), failed(10), clean(12), failed(7) };
	struct survival_shape a, b;

	survival_shape(v, 4, &a);
	for (int i = 0; i < 4; i++)
		v[i].seconds *= 86400;
	survival_shape(v, 4, &b);
	CHECK_NEAR(a.shape, b.shape, 1e-6);
	CHECK_NEAR(a.p, b.p, 1e-6);
}

TEST(times_that_are_all_the_same_or_not_there_have_limits)
{
	struct survival_obs v[] = { failed(60), failed(60), failed(60), failed(0) };
	struct survival_shape s;

	survival_shape(v, 3, &s);
	CHECK(isfinite(s.shape) && s.memory == SURVIVAL_WEARS_IN);
	survival_shape(v, 4, &s);
	CHECK(isfinite(s.shape) && isfinite(s.p));
}

TEST(a_clean_stretch_against_a_known_rate_says_what_the_handbook_says)
{
	struct survival_old v1 = { .name = "v1", .rate_h = 60.0 / 24 };
	struct survival_clean c;

	survival_clean(6 * 3600, &v1, &c);
	CHECK_NEAR(c.p_old, exp(-15), 1e-9);
	CHECK_NEAR(c.rate_below_h, 0.499289, 1e-5);
	CHECK(c.needed_s <= 0);
	CHECK_SAYS(survival_say_clean(out, &c, &v1),
		   "6.0 h clean: if v1's rate of one in 24 min still held, p = 3e-7; "
		   "rate now below 0.5 per hour at 95 %");
}

/* (S/(S+t))^k: the old rate is known from five failures only. */
TEST(a_clean_stretch_proves_less_when_the_old_rate_is_known_from_few_failures)
{
	struct survival_old v1 = { "v1", 5, 5 * 24 * 60, 0 };
	struct survival_clean c;

	survival_clean(3600, &v1, &c);
	CHECK_NEAR(c.p_old, pow(120.0 / 180, 5), 1e-9);
	CHECK_NEAR(c.p_old_known, exp(-2.5), 1e-9);
	/* 7200 s * (100^(1/5) - 1) in all. */
	CHECK_NEAR(c.needed_s, 7200 * 1.5118864315 - 3600, 1e-6);
	CHECK_SAYS(survival_say_clean(out, &c, &v1),
		   "60 min clean: if v1's rate of one in 24 min (5 failures) still held, "
		   "p = 0.13; rate now below 3 per hour at 95 %; 2.0 h more to p = 0.01");
}

TEST(a_clean_stretch_without_an_old_rate_still_bounds_the_new_one)
{
	struct survival_clean c;

	survival_clean(7200, NULL, &c);
	CHECK(isnan(c.p_old) && isnan(c.needed_s));
	CHECK_SAYS(survival_say_clean(out, &c, NULL),
		   "2.0 h clean: rate now below 1.5 per hour at 95 %");
}

TEST(two_rates_are_compared_exactly)
{
	struct survival_obs a[] = { failed(100), failed(100), failed(100), failed(100),
				    failed(100) };
	struct survival_obs b[] = { clean(500) };
	struct survival_comparison c;

	survival_compare(a, 5, b, 1, &c);
	/* 0 of 5 with share one half: 2 * 2^-5; upper limit of the share 1 - 0.025^(1/5)
	 */
	CHECK_NEAR(c.p, 0.0625, 1e-9);
	CHECK(c.ratio <= 0 && c.ratio_low <= 0);
	CHECK_NEAR(c.ratio_high, 1 / pow(0.025, 0.2) - 1, 1e-9);
}

/* R: poisson.test(c(11, 6+8+7), c(800, 1083+1050+878)), the example of its manual page:
 * ratio 1.971488, interval 0.8584264 to 4.2772659; both tails twice, 0.112017, by scipy.
 */
TEST(a_ratio_has_the_limits_that_r_gives)
{
	struct survival_obs a[21], b[11];
	struct survival_comparison c;

	for (int i = 0; i < 21; i++)
		a[i] = failed(3011.0 / 21);
	for (int i = 0; i < 11; i++)
		b[i] = failed(800.0 / 11);
	survival_compare(a, 21, b, 11, &c);
	CHECK_NEAR(c.ratio, 1.971488, 1e-5);
	CHECK_NEAR(c.ratio_low, 0.8584264, 1e-6);
	CHECK_NEAR(c.ratio_high, 4.2772659, 1e-6);
	CHECK_NEAR(c.p, 0.1120173, 1e-6);
}

/* Freireich 1963, weeks of remission under 6-MP and placebo; log-rank chi-square 16.79
 * with one degree of freedom (Kleinbaum and Klein, Survival Analysis, 2.IV). */
TEST(the_log_rank_test_is_that_of_the_books)
{
	static const int drug[] = { 6, 6, 6, 7, 10, 13, 16, 22, 23 }; /* came back */
	static const int drug_censored[] = {
		6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35
	};
	static const int placebo[] = { 1, 1, 2,  2,  3,  4,  4,  5,  5,  8, 8,
				       8, 8, 11, 11, 12, 12, 15, 17, 22, 23 };
	struct survival_obs a[21], b[21];
	struct survival_comparison c;

	for (int i = 0; i < 21; i++) {
		a[i] = i < 9 ? failed(drug[i]) : clean(drug_censored[i - 9]);
		b[i] = failed(placebo[i]);
	}
	survival_compare(a, 21, b, 21, &c);
	CHECK_NEAR(c.logrank_p, pchisq(16.79, 1, 0, 0), 0.005);
	CHECK(c.ratio > 3 && c.p < 1e-3);
}

TEST(a_comparison_says_its_limits_and_both_tests)
{
	struct survival_obs a[] = { failed(100), failed(200), failed(300), failed(400) };
	struct survival_obs b[] = { failed(1000), clean(3000) };
	struct survival_comparison c;

	survival_compare(a, 4, b, 2, &c);
	CHECK_SAYS(
		survival_say_comparison(out, "dirty", "clean", &c),
		"clean against dirty: rate times 0.062 (95 %: 0.0013 to 0.63), p = 0.013 "
		"if both rates were the same and constant; log-rank p = 0.049");
	survival_compare(b + 1, 1, b + 1, 1, &c);
	CHECK_SAYS(survival_say_comparison(out, "a", "b", &c),
		   "b against a: no failure in either, nothing to compare");
	survival_compare(b + 1, 1, a, 4, &c);
	CHECK_SAYS(survival_say_comparison(out, "clean", "dirty", &c),
		   "dirty against clean: clean never failed, rate times 2 or more "
		   "(95 %), p = 0.0078 if both rates were the same and constant; "
		   "log-rank p = 0.16");
}

TEST(a_group_without_a_boot_is_not_called_one_without_a_failure)
{
	struct survival_obs a[] = { failed(100), failed(200) };
	struct survival_comparison c;

	survival_compare(a, 2, NULL, 0, &c);
	CHECK_SAYS(survival_say_comparison(out, "a", "c", &c),
		   "c against a: no boot of c was under test, nothing to compare");
	survival_compare(NULL, 0, a, 2, &c);
	CHECK_SAYS(survival_say_comparison(out, "a", "c", &c),
		   "c against a: no boot of a was under test, nothing to compare");
	survival_compare(NULL, 0, NULL, 0, &c);
	CHECK_SAYS(survival_say_comparison(out, "a", "c", &c),
		   "c against a: no boot of either was under test, nothing to compare");
}

TEST(a_probability_that_no_double_can_hold_is_said)
{
	struct survival_old v1 = { "v1", 500, 60, 0 };
	struct survival_clean c;

	survival_clean(3600, &v1, &c);
	CHECK(c.p_old <= 0);
	CHECK_SAYS(
		survival_say_clean(out, &c, &v1),
		"60 min clean: if v1's rate of one in 0.1 s (500 failures) still held, "
		"p < 1e-99; rate now below 3 per hour at 95 %");
}

TEST(what_fails_within_milliseconds_is_said_in_them)
{
	CHECK_SAYS(survival_say_duration(out, 0), "0.0 s");
	CHECK_SAYS(survival_say_duration(out, 2e-5), "0.0 s");
	CHECK_SAYS(survival_say_duration(out, 0.0146), "15 ms");
	CHECK_SAYS(survival_say_duration(out, 0.0994), "99 ms");
	CHECK_SAYS(survival_say_duration(out, 0.0996), "0.1 s");
	CHECK_SAYS(survival_say_duration(out, 9.94), "9.9 s");
	CHECK_SAYS(survival_say_duration(out, 119), "119 s");
	CHECK_SAYS(survival_say_duration(out, 120), "2 min");
	CHECK_SAYS(survival_say_duration(out, INFINITY), "ever");
}

TEST(a_rate_is_said_with_its_limits_and_what_they_assume)
{
	struct survival_obs v[] = { failed(18 * 60), failed(30 * 60), clean(3600) };
	struct survival_rate r;

	survival_rate(v, 3, SURVIVAL_STOP_TIME, &r);
	CHECK_SAYS(
		survival_say_rate(out, &r),
		"2 failures in 108 min under test, 3 boots: one in 54 min (95 %: 15 min "
		"to 7.4 h if the rate is constant), 1.1 per hour");
}

TEST(what_is_not_known_is_null_in_json)
{
	struct survival_obs v[] = { clean(60) };
	struct survival_rate r;
	json_t *o;

	survival_rate(v, 1, SURVIVAL_STOP_TIME, &r);
	o = survival_rate_json(&r);
	CHECK(json_is_null(json_object_get(o, "mttf_s")));
	CHECK(json_is_null(json_object_get(o, "mttf_high_s")));
	CHECK(json_is_real(json_object_get(o, "rate_high_h")));
	json_decref(o);
}

TESTS(T(limits_of_the_mean_are_those_of_the_nist_handbook),
      T(ten_failures_have_the_factors_of_the_nist_handbook),
      T(a_soak_that_waits_for_its_last_failure_has_a_narrower_lower_limit),
      T(no_failure_bounds_the_rate_from_above_only),
      T(no_boot_at_all_says_nothing_and_divides_by_nothing),
      T(of_campaigns_that_end_by_a_failure_95_percent_have_the_truth_within_their_limits),
      T(campaigns_that_end_by_time_have_the_truth_within_their_limits_at_least_as_often),
      T(eighteen_to_thirtyone_minutes_over_five_boots_is_not_memoryless),
      T(the_shape_of_the_ball_bearings_is_that_of_the_books),
      T(the_shape_of_a_censored_test_is_that_of_the_nist_handbook),
      T(few_failures_or_one_cannot_tell_a_shape),
      T(of_memoryless_kernels_one_in_twenty_is_called_otherwise),
      T(a_kernel_with_a_warm_up_is_found_out),
      T(a_long_soak_of_a_memoryless_kernel_looks_memoryless),
      T(a_shape_is_the_same_each_time_and_in_any_unit),
      T(times_that_are_all_the_same_or_not_there_have_limits),
      T(a_clean_stretch_against_a_known_rate_says_what_the_handbook_says),
      T(a_clean_stretch_proves_less_when_the_old_rate_is_known_from_few_failures),
      T(a_clean_stretch_without_an_old_rate_still_bounds_the_new_one),
      T(two_rates_are_compared_exactly), T(a_ratio_has_the_limits_that_r_gives),
      T(the_log_rank_test_is_that_of_the_books),
      T(a_comparison_says_its_limits_and_both_tests),
      T(a_group_without_a_boot_is_not_called_one_without_a_failure),
      T(a_probability_that_no_double_can_hold_is_said),
      T(what_fails_within_milliseconds_is_said_in_them),
      T(a_rate_is_said_with_its_limits_and_what_they_assume),
      T(what_is_not_known_is_null_in_json))
