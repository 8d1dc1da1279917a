// SPDX-License-Identifier: GPL-2.0-or-later
/* One line for each step of a plan, under the name of its phase. */
#include "cmd/plan_page.h"

#include "report/text.h"
#include "util/jsonx.h"

enum { MAX_DIFFERENCES = 4 };

static void add_value(struct strbuf *out, const json_t *v)
{
	size_t i;
	json_t *item;

	if (json_is_string(v)) {
		text_add_line(out, json_string_value(v));
	} else if (json_is_array(v)) {
		json_array_foreach((json_t *)(uintptr_t)v, i, item)
		{
			strbuf_addstr(out, i ? ", " : "");
			add_value(out, item);
		}
	} else if (json_is_true(v) || json_is_false(v)) {
		strbuf_addstr(out, json_is_true(v) ? "yes" : "no");
	} else if (json_is_integer(v)) {
		strbuf_addf(out, "%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		strbuf_addf(out, "%.12g", json_real_value(v));
	} else {
		strbuf_addch(out, '-');
	}
}

static void add_limit(struct strbuf *out, const json_t *step, const char *before)
{
	double s = json_number_value(json_object_get(step, "limit_s"));

	if (!json_object_get(step, "limit_s"))
		return;
	if (s >= 7200)
		strbuf_addf(out, "%s%.4g h", before, s / 3600);
	else if (s >= 120)
		strbuf_addf(out, "%s%.4g min", before, s / 60);
	else
		strbuf_addf(out, "%s%.4g s", before, s);
}

/* Blanks and control keys can be seen: " ", ^C. */
static void say_type(struct strbuf *out, const json_t *step)
{
	const char *text = json_get_str(step, "text", "");

	if (text[0] > 0 && text[0] < ' ' && !text[1])
		strbuf_addf(out, "^%c", text[0] + '@');
	else {
		strbuf_addch(out, '"');
		text_add_line(out, text);
		strbuf_addch(out, '"');
	}
}

static void say_wait(struct strbuf *out, const json_t *step)
{
	const json_t *patterns = json_object_get(step, "patterns");

	if (strcmp(json_get_str(step, "for", ""), "time") == 0) {
		add_limit(out, step, "");
		return;
	}
	strbuf_addf(out, "for %s", json_get_str(step, "for", ""));
	if (patterns) {
		strbuf_addstr(out, ": ");
		add_value(out, patterns);
	}
	add_limit(out, step, ", at most ");
}

static void say_relay(struct strbuf *out, const json_t *step)
{
	long long ms = (long long)json_get_int(step, "ms", 0);

	strbuf_addf(out, "%s %s", json_get_str(step, "act", ""),
		    json_get_str(step, "line", ""));
	if (ms)
		strbuf_addf(out, " for %lld ms", ms);
	if (json_object_get(step, "unless"))
		strbuf_addf(out, ", unless the board is %s",
			    json_get_str(step, "unless", ""));
}

static void say_file(struct strbuf *out, const json_t *step)
{
	double size = (double)json_get_int(step, "size", -1);
	const char *from = json_get_str(step, "url", json_get_str(step, "member", NULL));

	strbuf_addf(out, "%s ", json_get_str(step, "role", ""));
	if (from) {
		text_add_line(out, from);
		strbuf_addstr(out, ", ");
	}
	if (size >= 0)
		strbuf_addf(out, size < 1e6 ? "%.0f bytes" : "%.1f MB",
			    size < 1e6 ? size : size / 1e6);
	else
		strbuf_addstr(out, json_get_str(step, "state", ""));
	if (json_object_get(step, "sha256"))
		strbuf_addf(out, ", sha256 %.12s…", json_get_str(step, "sha256", ""));
	if (json_object_get(step, "to"))
		strbuf_addf(out, " -> %s", json_get_str(step, "to", ""));
}

/* The file, line by line, under its name. */
static void say_write(struct strbuf *out, const json_t *step)
{
	const char *text = json_get_str(step, "text", "");

	strbuf_addstr(out, json_get_str(step, "to", ""));
	for (size_t n; *text; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		strbuf_addstr(out, "\n        | ");
		text_add_clean(out, text, n);
	}
}

/* All members in their order, by name where the name says more than the value. */
static void say_members(struct strbuf *out, const json_t *step)
{
	static const char *const silent[] = { "what", "command", "text", "name",
					      "key",  "files",   "suite" };
	const char *key, *gap = "";
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)step, key, v)
	{
		bool is_silent = false;

		if (strcmp(key, "phase") == 0 || strcmp(key, "do") == 0 ||
		    strcmp(key, "limit_s") == 0 || json_is_null(v) ||
		    (json_is_array(v) && !json_array_size(v)))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
			is_silent |= strcmp(key, silent[i]) == 0;
		strbuf_addf(out, "%s%s%s", gap, is_silent ? "" : key,
			    is_silent ? "" : "=");
		add_value(out, v);
		gap = "  ";
	}
	add_limit(out, step, gap[0] ? ", at most " : "at most ");
}

static void say_step(struct strbuf *out, const json_t *step)
{
	static const struct {
		const char *what;
		void (*say)(struct strbuf *out, const json_t *step);
	} sayers[] = {
		{ "type", say_type }, { "wait", say_wait },   { "relay", say_relay },
		{ "file", say_file }, { "write", say_write },
	};
	const char *what = json_get_str(step, "do", "");

	strbuf_addf(out, "    %-13s", what);
	for (size_t i = 0; i < ARRAY_SIZE(sayers); i++)
		if (strcmp(what, sayers[i].what) == 0) {
			sayers[i].say(out, step);
			strbuf_addch(out, '\n');
			return;
		}
	say_members(out, step);
	strbuf_addch(out, '\n');
}

/* Steps from one on, until the phase is no longer this one (NULL: to the end). */
static size_t say_steps(struct strbuf *out, const json_t *steps, size_t from,
			const char *only)
{
	const char *phase = NULL;
	size_t i;

	for (i = from; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const char *now = json_get_str(step, "phase", "");

		if (only && strcmp(now, only) != 0)
			break;
		if (now[0] && (!phase || strcmp(now, phase) != 0)) {
			strbuf_addstr(out, "  ");
			text_add_line(out, now);
			strbuf_addch(out, '\n');
		}
		phase = now;
		say_step(out, step);
	}
	return i;
}

/* What differs behind deploy: the line that names the label, and what else few kernels
 * have of their own. False: too much does. */
static bool say_differences(struct strbuf *out, const json_t *a, size_t at_a,
			    const json_t *b)
{
	_cleanup_json_ json_t *own = json_array();
	size_t left = json_array_size(a) - at_a, n = json_array_size(b);

	if (left > n)
		return false;
	for (size_t i = 0; i < left; i++) {
		json_t *step = json_array_get(a, at_a + i);

		if (!json_equal(step, json_array_get(b, n - left + i)))
			json_push(own, json_incref(step));
	}
	if (json_array_size(own) > MAX_DIFFERENCES)
		return false;
	say_steps(out, own, 0, NULL);
	return true;
}

static void say_watch(struct strbuf *out, const json_t *watch)
{
	const char *key;
	json_t *v;

	strbuf_addstr(out, "  watched all the while\n    fatal        ");
	add_value(out, json_object_get(watch, "fatal"));
	strbuf_addf(out, "\n    silence      %g s",
		    json_number_value(json_object_get(watch, "silence_s")));
	json_object_foreach(json_object_get(watch, "silence_of_stage_s"), key, v)
		strbuf_addf(out, ", in %s %g s", key, json_number_value(v));
	strbuf_addf(
		out,
		"\n    loop         %lld boots without the prompt\n    console      lost for longer than %g s is a lab fault\n",
		(long long)json_get_int(watch, "loop_boots", 0),
		json_number_value(json_object_get(watch, "console_gap_s")));
}

void plan_page(const json_t *plan, const json_t *like, struct strbuf *out)
{
	const json_t *steps = json_object_get(plan, "steps"),
		     *failure = json_object_get(plan, "on_failure"),
		     *before = json_object_get(like, "steps");
	size_t at;

	strbuf_addstr(out, json_get_str(plan, "job", ""));
	if (json_get_str(plan, "kernel", NULL))
		strbuf_addf(out, ", kernel %s", json_get_str(plan, "kernel", ""));
	strbuf_addf(out, ", on board %s", json_get_str(plan, "board", ""));
	add_limit(out, plan, ", at most ");
	strbuf_addch(out, '\n');
	at = say_steps(out, steps, 0, "deploy");
	if (like && json_equal(failure, json_object_get(like, "on_failure")) &&
	    say_differences(out, steps, at, before)) {
		strbuf_addf(out, "  … all else as for kernel %s\n",
			    json_get_str(like, "kernel", ""));
		return;
	}
	say_steps(out, steps, at, NULL);
	say_watch(out, json_object_get(plan, "watch"));
	strbuf_addstr(out, json_array_size(failure) ? "if the kernel fails\n" : "");
	say_steps(out, failure, 0, NULL);
}
