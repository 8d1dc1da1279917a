// SPDX-License-Identifier: GPL-2.0-or-later
/* The numbers of survival.h in words and as JSON. Each sentence names what it assumes,
 * and none says more than its interval does. */
#include <math.h>

#include "campaign/survival_int.h"
#include "util/jsonx.h"

const char *survival_memory_to_str(enum survival_memory memory)
{
	static const char *const names[] = { [SURVIVAL_CANNOT_TELL] = "cannot-tell",
					     [SURVIVAL_MEMORYLESS] = "memoryless",
					     [SURVIVAL_WEARS_IN] = "wears-in",
					     [SURVIVAL_FAILS_EARLY] = "fails-early" };

	return names[memory];
}

void survival_say_duration(struct strbuf *out, double seconds)
{
	double hours = seconds / SECONDS_PER_HOUR;

	if (!isfinite(seconds))
		strbuf_addstr(out, "ever");
	else if (seconds >= 0.0005 && seconds < 0.0995)
		strbuf_addf(out, "%.0f ms", seconds * 1e3);
	else if (seconds < 9.95)
		strbuf_addf(out, "%.1f s", seconds);
	else if (seconds < 119.5)
		strbuf_addf(out, "%.0f s", seconds);
	else if (hours < 2)
		strbuf_addf(out, "%.0f min", seconds / 60);
	else
		strbuf_addf(out, hours < 99.95 ? "%.1f h" : "%.0f h", hours);
}

/* Two digits, without an exponent as long as people read it easily. */
static void say_number(struct strbuf *out, double v)
{
	if (isinf(v))
		strbuf_addstr(out, "any");
	else if (v != 0 && (fabs(v) < 1e-3 || fabs(v) >= 1e6))
		strbuf_addf(out, "%.1e", v);
	else
		strbuf_addf(out, fabs(v) >= 99.5 ? "%.0f" : "%.2g", v);
}

/* One digit below 0.001, else two; never 0 or 1 of something that is neither. */
static void say_p(struct strbuf *out, double p)
{
	if (p < 1e-99) /* also what is 0 in a double */
		strbuf_addstr(out, "p < 1e-99");
	else if (p < 1e-3) { /* 3e-7, not 3e-07 */
		int exponent = (int)floor(log10(p));
		double digits = p / pow(10, exponent);

		if (digits >= 9.5) {
			digits = 1;
			exponent++;
		}
		strbuf_addf(out, "p = %.0fe%d", digits, exponent);
	} else if (p > 0.995)
		strbuf_addstr(out, "p > 0.99");
	else
		strbuf_addf(out, "p = %.2g", p);
}

static void say_plural(struct strbuf *out, size_t n, const char *what)
{
	strbuf_addf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

void survival_say_rate(struct strbuf *out, const struct survival_rate *rate)
{
	say_plural(out, rate->n_failures, "failure");
	strbuf_addstr(out, " in ");
	survival_say_duration(out, rate->exposure_s);
	strbuf_addstr(out, " under test, ");
	say_plural(out, rate->n, "boot");
	if (rate->n == 0)
		return;
	if (rate->n_failures == 0) {
		strbuf_addstr(out, ": if the rate is constant, below ");
		say_number(out, rate->rate_high_h);
		strbuf_addstr(out, " per hour, one in ");
		survival_say_duration(out, rate->mttf_low_s);
		strbuf_addstr(out, " or more, at 95 %");
		return;
	}
	strbuf_addstr(out, ": one in ");
	survival_say_duration(out, rate->mttf_s);
	strbuf_addstr(out, " (95 %: ");
	survival_say_duration(out, rate->mttf_low_s);
	strbuf_addstr(out, " to ");
	survival_say_duration(out, rate->mttf_high_s);
	strbuf_addstr(out, " if the rate is constant), ");
	say_number(out, rate->rate_h);
	strbuf_addstr(out, " per hour");
}

static void say_shape_numbers(struct strbuf *out, const struct survival_shape *s)
{
	strbuf_addf(out, " (shape %.2g, 95 %%: %.2g to ", s->shape, s->low);
	say_number(out, s->high);
	strbuf_addstr(out, "; of a constant rate, ");
	say_p(out, s->p);
	strbuf_addch(out, ')');
}

void survival_say_shape(struct strbuf *out, const struct survival_shape *s)
{
	switch (s->memory) {
	case SURVIVAL_CANNOT_TELL:
		strbuf_addstr(out, "memoryless or not: cannot tell with ");
		say_plural(out, s->n_failures, "failure");
		break;
	case SURVIVAL_MEMORYLESS:
		strbuf_addstr(out, "looks memoryless: the rate is about constant");
		break;
	case SURVIVAL_WEARS_IN:
		strbuf_addstr(out, "not memoryless: it needs time before it fails");
		break;
	case SURVIVAL_FAILS_EARLY:
		strbuf_addstr(out, "not memoryless: it fails early or hardly at all");
		break;
	}
	if (s->n_failures >= 2)
		say_shape_numbers(out, s);
}

static void say_old_rate(struct strbuf *out, const struct survival_old *old)
{
	double mean_s = old->n_failures ? old->exposure_s / (double)old->n_failures
					: SECONDS_PER_HOUR / old->rate_h;

	if (old->name)
		strbuf_addf(out, "%s's rate of one in ", old->name);
	else
		strbuf_addstr(out, "the old rate of one in ");
	survival_say_duration(out, mean_s);
	if (old->n_failures) {
		strbuf_addstr(out, " (");
		say_plural(out, old->n_failures, "failure");
		strbuf_addch(out, ')');
	}
}

void survival_say_clean(struct strbuf *out, const struct survival_clean *clean,
			const struct survival_old *old)
{
	survival_say_duration(out, clean->seconds);
	strbuf_addstr(out, " clean: ");
	if (old && !isnan(clean->p_old)) {
		strbuf_addstr(out, "if ");
		say_old_rate(out, old);
		strbuf_addstr(out, " still held, ");
		say_p(out, clean->p_old);
		strbuf_addstr(out, "; ");
	}
	strbuf_addstr(out, "rate now below ");
	say_number(out, clean->rate_below_h);
	strbuf_addstr(out, " per hour at 95 %");
	if (clean->needed_s > 0) {
		strbuf_addstr(out, "; ");
		survival_say_duration(out, clean->needed_s);
		strbuf_addstr(out, " more to p = 0.01");
	}
}

/* A level or kernel whose turn never came, or whose boots were all the lab's. */
static void say_no_boot(struct strbuf *out, const char *name_a, const char *name_b,
			const struct survival_comparison *c)
{
	if (c->n_a || c->n_b)
		strbuf_addf(out, "no boot of %s", c->n_a ? name_b : name_a);
	else
		strbuf_addstr(out, "no boot of either");
	strbuf_addstr(out, " was under test, nothing to compare");
}

static void say_ratio(struct strbuf *out, const char *name_a,
		      const struct survival_comparison *c)
{
	if (isinf(c->ratio)) {
		strbuf_addf(out, "%s never failed, rate times ", name_a);
		say_number(out, c->ratio_low);
		strbuf_addstr(out, " or more (95 %), ");
		return;
	}
	strbuf_addstr(out, "rate times ");
	say_number(out, c->ratio);
	strbuf_addstr(out, " (95 %: ");
	say_number(out, c->ratio_low);
	strbuf_addstr(out, " to ");
	say_number(out, c->ratio_high);
	strbuf_addstr(out, "), ");
}

void survival_say_comparison(struct strbuf *out, const char *name_a, const char *name_b,
			     const struct survival_comparison *c)
{
	strbuf_addf(out, "%s against %s: ", name_b, name_a);
	if (!c->n_a || !c->n_b) {
		say_no_boot(out, name_a, name_b, c);
		return;
	}
	if (isnan(c->p)) {
		strbuf_addstr(out, "no failure in either, nothing to compare");
		return;
	}
	say_ratio(out, name_a, c);
	say_p(out, c->p);
	strbuf_addstr(out, " if both rates were the same and constant");
	if (isnan(c->logrank_p))
		return;
	strbuf_addstr(out, "; log-rank ");
	say_p(out, c->logrank_p);
}

/* JSON has neither infinity nor NaN. */
static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *survival_rate_json(const struct survival_rate *rate)
{
	json_t *o = json_object();

	json_put(o, "n", json_integer((json_int_t)rate->n));
	json_put(o, "n_failures", json_integer((json_int_t)rate->n_failures));
	json_put(o, "exposure_s", number(rate->exposure_s));
	json_put(o, "mttf_s", number(rate->mttf_s));
	json_put(o, "mttf_low_s", number(rate->mttf_low_s));
	json_put(o, "mttf_high_s", number(rate->mttf_high_s));
	json_put(o, "rate_h", number(rate->rate_h));
	json_put(o, "rate_low_h", number(rate->rate_low_h));
	json_put(o, "rate_high_h", number(rate->rate_high_h));
	return o;
}

json_t *survival_shape_json(const struct survival_shape *shape)
{
	json_t *o = json_object();

	json_put(o, "n_failures", json_integer((json_int_t)shape->n_failures));
	json_put(o, "memory", json_string(survival_memory_to_str(shape->memory)));
	json_put(o, "shape", number(shape->shape));
	json_put(o, "low", number(shape->low));
	json_put(o, "high", number(shape->high));
	json_put(o, "p", number(shape->p));
	json_put(o, "is_bootstrap", json_boolean(shape->is_bootstrap));
	return o;
}

json_t *survival_clean_json(const struct survival_clean *clean)
{
	json_t *o = json_object();

	json_put(o, "seconds", number(clean->seconds));
	json_put(o, "p_old", number(clean->p_old));
	json_put(o, "p_old_known", number(clean->p_old_known));
	json_put(o, "rate_below_h", number(clean->rate_below_h));
	json_put(o, "needed_s", number(clean->needed_s));
	return o;
}

json_t *survival_comparison_json(const struct survival_comparison *c)
{
	json_t *o = json_object();

	json_put(o, "ratio", number(c->ratio));
	json_put(o, "ratio_low", number(c->ratio_low));
	json_put(o, "ratio_high", number(c->ratio_high));
	json_put(o, "p", number(c->p));
	json_put(o, "logrank_p", number(c->logrank_p));
	return o;
}
