// SPDX-License-Identifier: GPL-2.0-or-later
/* --dry-run: the plan of each run, what is posted where, and how often a soak repeats it.
 * Nothing is touched. */
#include "cmd/dry_run.h"

#include "cmd/cmd.h"
#include "cmd/plan_page.h"
#include "cmd/run_result.h"
#include "report/text.h"
#include "session/plan.h"
#include "util/jsonx.h"

static int add_plan(const struct dry_run *d, const struct job_cell *cell, json_t *runs,
		    struct err *err)
{
	json_t *plan;
	int r = plan_run(d->loaded->job, d->loaded->board, cell, &plan, err);

	if (!r)
		json_push(runs, plan);
	return r;
}

static int add_plans(const struct dry_run *d, json_t *runs, struct err *err)
{
	int r = 0;

	if (d->only || !d->cells->n)
		return add_plan(d, d->only, runs, err);
	for (size_t i = 0; i < d->cells->n && !r; i++)
		if (!d->chosen || strvec_has(d->chosen, d->cells->v[i].name))
			r = add_plan(d, &d->cells->v[i], runs, err);
	return r;
}

static json_t *posted_json(const struct destinations *to)
{
	json_t *a = json_array();

	for (size_t i = 0; i < to->n; i++) {
		_cleanup_free_ char *url = spec_masked_url(to->v[i].url);
		json_t *o = json_object();

		json_put(o, "what", json_string(spool_kind_to_str(to->v[i].kind)));
		json_put(o, "url", json_lossy_str(url));
		json_push(a, o);
	}
	return a;
}

static const char *end_name(enum job_soak_end end)
{
	switch (end) {
	case JOB_END_ANY:
		return "any";
	case JOB_END_SHUTDOWN:
		return "shutdown";
	case JOB_END_CUT:
		return "cut";
	}
	BUG("end %d", (int)end);
}

static json_t *levels_json(const struct job_factor *f)
{
	json_t *a = json_array();

	for (size_t i = 0; i < f->n_levels; i++) {
		const struct job_level *l = &f->levels[i];
		json_t *o = json_object();

		json_put(o, "name", json_lossy_str(l->name));
		json_put(o, "end", json_string(end_name(l->end)));
		json_put(o, "commands", json_lossy_strs(&l->commands));
		json_put(o, "kernel_args", json_lossy_strs(&l->kernel_args));
		json_push(a, o);
	}
	return a;
}

static json_t *soak_json(const struct job_soak *s)
{
	json_t *o = json_object(), *factors = json_array();

	json_put(o, "for_s",
		 s->for_ms ? json_real((double)s->for_ms / 1e3) : json_null());
	json_put(o, "each_s",
		 s->each_ms ? json_real((double)s->each_ms / 1e3) : json_null());
	json_put(o, "boots", s->boots ? json_integer(s->boots) : json_null());
	json_put(o, "failures", s->failures ? json_integer(s->failures) : json_null());
	for (size_t i = 0; i < s->n_factors; i++) {
		json_t *f = json_object();

		json_put(f, "name", json_lossy_str(s->factors[i].name));
		json_put(f, "levels", levels_json(&s->factors[i]));
		json_push(factors, f);
	}
	json_put(o, "factors", factors);
	return o;
}

static void say_lines(struct strbuf *out, const json_t *lines, const char *what)
{
	size_t i;
	json_t *line;

	json_array_foreach((json_t *)(uintptr_t)lines, i, line)
	{
		strbuf_addf(out, "                 %s ", what);
		text_add_line(out, json_string_value(line));
		strbuf_addch(out, '\n');
	}
}

static void say_level(struct strbuf *out, const char *factor, const json_t *level)
{
	strbuf_addf(out, "    level        %s=%s, a boot ends by %s\n", factor,
		    json_get_str(level, "name", ""), json_get_str(level, "end", ""));
	say_lines(out, json_object_get(level, "commands"), "types");
	say_lines(out, json_object_get(level, "kernel_args"), "kernel argument");
}

static void say_soak(struct strbuf *out, const json_t *soak)
{
	static const char *const limits[] = { "for_s", "each_s", "boots", "failures" };
	size_t i, j;
	json_t *f, *l;

	strbuf_addstr(out, "repeated until one of these is reached\n");
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (!json_is_null(json_object_get(soak, limits[i])))
			strbuf_addf(out, "    %-13s%.12g\n", limits[i],
				    json_number_value(json_object_get(soak, limits[i])));
	json_array_foreach(json_object_get(soak, "factors"), i, f)
		json_array_foreach(json_object_get(f, "levels"), j, l)
			say_level(out, json_get_str(f, "name", ""), l);
}

static void say(const json_t *all)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	const json_t *runs = json_object_get(all, "runs");
	size_t i;
	json_t *o;

	if (json_object_get(all, "soak"))
		say_soak(&out, json_object_get(all, "soak"));
	json_array_foreach((json_t *)(uintptr_t)runs, i, o)
		plan_page(o, i ? json_array_get(runs, 0) : NULL, &out);
	json_array_foreach(json_object_get(all, "posted"), i, o)
		strbuf_addf(&out, "%s    %-13s%s\n", i ? "" : "posted at the end\n",
			    json_get_str(o, "what", ""), json_get_str(o, "url", ""));
	strbuf_addstr(&out, "Nothing was touched.\n");
	fputs(strbuf_str(&out), stdout);
}

int dry_run(const char *command, const struct dry_run *d)
{
	_cleanup_json_ json_t *all = json_object();
	json_t *runs = json_array();
	struct err err = ERR_INIT;
	int r;

	json_put(all, "schema", json_string("bootrig.dry-run/1"));
	if (d->is_soak)
		json_put(all, "soak", soak_json(&d->loaded->job->soak));
	json_put(all, "runs", runs);
	json_put(all, "posted", posted_json(&d->loaded->to));
	r = add_plans(d, runs, &err);
	if (!r && d->json_path)
		r = run_result_write_to(all, d->json_path, &err);
	else if (!r)
		say(all);
	return r ? cmd_failed(command, &err) : EXIT_PASS;
}
