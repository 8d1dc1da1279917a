// SPDX-License-Identifier: GPL-2.0-or-later
/* Soaks for a person at a terminal. */
#include "cmd/soak_page.h"

#include "campaign/survival.h"
#include "report/grid.h"
#include "report/result_read.h"
#include "report/text.h"
#include "util/jsonx.h"

static double seconds_of(const json_t *record)
{
	const json_t *o;
	double sum = 0;
	size_t i;

	json_array_foreach(json_object_get(record, "observations"), i, o) sum +=
		result_number(o, "seconds", 0);
	return sum;
}

void soak_page_boot(const struct campaign_page *p, const json_t *record)
{
	_cleanup_strbuf_ struct strbuf took = STRBUF_INIT;

	survival_say_duration(&took, seconds_of(record));
	campaign_page_line(p, "  %s after %s under test: %s",
			   json_get_str(record, "counted", "lab"), strbuf_str(&took),
			   json_get_str(record, "reason", ""));
}

static void add_count(struct grid *g, const json_t *group, const char *key,
		      const char *color)
{
	char text[32];
	int64_t n = json_get_int(group, key, 0);

	snprintf(text, sizeof(text), "%lld", (long long)n);
	grid_add(g, text, n ? color : NULL);
}

static void add_duration(struct grid *g, const json_t *rate, const char *key)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;

	if (json_is_number(json_object_get(rate, key)))
		survival_say_duration(&text, result_number(rate, key, 0));
	grid_add(g, text.len ? text.buf : NULL, NULL);
}

static void add_row(struct grid *g, const json_t *group)
{
	const json_t *rate = json_object_get(group, "rate");

	grid_add(g, json_get_str(group, "cell", NULL), NULL);
	grid_add(g, json_get_str(group, "level", NULL), NULL);
	add_count(g, group, "failures", "\033[31m");
	add_count(g, group, "survived", NULL);
	add_count(g, group, "other", "\033[33m");
	add_count(g, group, "early", "\033[33m");
	add_count(g, group, "lab", "\033[33m");
	add_duration(g, rate, "exposure_s");
	add_duration(g, rate, "mttf_s");
	add_duration(g, rate, "mttf_low_s");
	add_duration(g, rate, "mttf_high_s");
}

void soak_page_print(const json_t *soak, bool color, size_t width, struct strbuf *out)
{
	static const struct grid_column columns[] = {
		{ .title = "KERNEL", .max = 40 },
		{ .title = "LEVEL", .max = 40 },
		{ .title = "FAILED", .is_right = true },
		{ .title = "SURVIVED", .is_right = true },
		{ .title = "OTHER", .is_right = true },
		{ .title = "EARLY", .is_right = true },
		{ .title = "LAB", .is_right = true },
		{ .title = "UNDER TEST", .is_right = true },
		{ .title = "MEAN TO FAILURE", .is_right = true },
		{ .title = "95 % FROM", .is_right = true },
		{ .title = "TO", .is_right = true },
	};
	struct grid *g = grid_new(columns, ARRAY_SIZE(columns));
	const json_t *group, *line;
	size_t i;

	json_array_foreach(json_object_get(soak, "groups"), i, group) add_row(g, group);
	strbuf_addch(out, '\n');
	grid_print(g, color, width, out);
	strbuf_addch(out, '\n');
	json_array_foreach(json_object_get(soak, "lines"), i, line)
	{
		text_add_line(out, json_is_string(line) ? json_string_value(line) : "");
		strbuf_addch(out, '\n');
	}
	grid_free(g);
}
