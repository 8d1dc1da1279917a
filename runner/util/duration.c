// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers with units, added up. */
#include "util/duration.h"

#include <errno.h>
#include <string.h>

#include "util/num.h"

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 3600 * 1000 },
	{ "d", 24 * 3600 * 1000 },
	{ "", 1000 },
};

static const int64_t max_ms = INT64_C(10) * 366 * 24 * 3600 * 1000;

int duration_parse_ms(const char *s, int64_t *ms)
{
	int64_t sum = 0;

	if (!*s)
		return -EINVAL;
	while (*s) {
		size_t digits = strspn(s, "0123456789");
		size_t letters = strspn(s + digits, "dhms");
		int64_t unit = 0;
		uint64_t n;

		if (parse_u64n(s, digits, 10, (uint64_t)max_ms, &n))
			return -EINVAL;
		s += digits;
		for (size_t i = 0; i < ARRAY_SIZE(units); i++)
			if (strlen(units[i].name) == letters &&
			    strncmp(units[i].name, s, letters) == 0)
				unit = units[i].ms;
		if (!unit || (!letters && s[0]))
			return -EINVAL;
		if ((int64_t)n > (max_ms - sum) / unit)
			return -ERANGE;
		sum += (int64_t)n * unit;
		s += letters;
	}
	*ms = sum;
	return 0;
}
