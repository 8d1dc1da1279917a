// SPDX-License-Identifier: GPL-2.0-or-later
/* Durations of job and board files: LAVA's mappings of units, and numbers of seconds. */
#include "parse/spec_load.h"

#include <ctype.h>

#include "util/num.h"

static const int64_t max_duration_ms = 366LL * 24 * 3600 * 1000;

/* "90", "0.25": a number of `unit_ms` milliseconds. */
static bool number_to_ms(const char *s, int64_t unit_ms, bool may_be_decimal, int64_t *ms)
{
	size_t whole = strspn(s, "0123456789");
	uint64_t v, frac = 0, scale = 1;

	if (!whole || parse_u64n(s, whole, 10, (uint64_t)max_duration_ms, &v))
		return false;
	if (s[whole] == '.' && may_be_decimal) {
		size_t digits = strspn(s + whole + 1, "0123456789");

		if (!digits || s[whole + 1 + digits])
			return false;
		for (size_t i = 0; i < digits && i < 6; i++) {
			frac = frac * 10 + (uint64_t)(s[whole + 1 + i] - '0');
			scale *= 10;
		}
	} else if (s[whole]) {
		return false;
	}
	if (v > (uint64_t)(max_duration_ms / unit_ms))
		return false;
	*ms = (int64_t)v * unit_ms + (int64_t)(frac * (uint64_t)unit_ms / scale);
	return *ms <= max_duration_ms;
}

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "days", 24 * 3600 * 1000 }, { "hours", 3600 * 1000 }, { "minutes", 60 * 1000 },
	{ "seconds", 1000 },          { "milliseconds", 1 },
};

static const struct unit *find_unit(const char *name, size_t n_units)
{
	for (size_t i = 0; i < n_units; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* Parts add up, as in LAVA. skip is NULL where the key makes no sense. */
static bool map_to_ms(struct spec_report *r, const struct yaml_node *n, const char *what,
		      size_t n_units, int64_t *ms, bool *skip)
{
	bool any = false;

	*ms = 0;
	for (size_t i = 0; i < n->n; i++) {
		const struct yaml_node *key = n->keys[i], *val = n->vals[i];
		const struct unit *u = find_unit(key->text, n_units);
		int64_t part;

		if (skip && strcmp(key->text, "skip") == 0) {
			if (!yaml_get_bool(r, val, "timeout.skip", skip))
				return false;
			continue;
		}
		if (!u) {
			spec_complain(
				r, key->mark,
				"unknown key \"%.60s\" in %s; expected days, hours, minutes or seconds",
				key->text, what);
			return false;
		}
		if (val->kind != YAML_SCALAR ||
		    !number_to_ms(val->text, u->ms, false, &part) ||
		    *ms > max_duration_ms - part) {
			spec_complain(
				r, val->mark,
				"%s.%s is \"%.40s\"; expected a whole number, and no more than a year",
				what, u->name,
				val->kind == YAML_SCALAR ? val->text : "…");
			return false;
		}
		*ms += part;
		any = true;
	}
	if (!any)
		spec_complain(r, n->mark,
			      "%s names no time; expected for example {minutes: 5}",
			      what);
	return any;
}

void spec_read_timeout(struct spec_report *r, const struct yaml_node *n, const char *what,
		       bool may_skip, int64_t *ms, bool *skip)
{
	int64_t v;

	if (n->kind != YAML_MAP) {
		spec_complain(r, n->mark,
			      "%s is no duration; expected for example {minutes: 5}",
			      what);
		return;
	}
	if (!map_to_ms(r, n, what, ARRAY_SIZE(units) - 1, &v, may_skip ? skip : NULL))
		return;
	if (v < 1)
		spec_complain(r, n->mark, "%s is 0; expected 1 second or more", what);
	else
		*ms = v;
}

void spec_load_timeout(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *ms)
{
	spec_read_timeout(r, n, what, false, ms, NULL);
}

void spec_load_duration(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ms)
{
	int64_t v;

	if (n->kind == YAML_MAP) {
		if (map_to_ms(r, n, what, ARRAY_SIZE(units), &v, NULL))
			*(int64_t *)ms = v;
		return;
	}
	if (n->kind == YAML_SCALAR && number_to_ms(n->text, 1000, true, &v)) {
		*(int64_t *)ms = v;
		return;
	}
	spec_complain(
		r, n->mark,
		"%s is no duration; expected for example {seconds: 3} or a number of seconds",
		what);
}
