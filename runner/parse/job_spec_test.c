// SPDX-License-Identifier: GPL-2.0-or-later
/* `test:` of a job: which of definitions, interactive and monitors it is, and the latter
 * two. */
#include "parse/spec_load.h"

#include "util/mem.h"

#define LAVA_MULTINODE "one job runs on one board, without LAVA's MultiNode"

static void load_exception(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *str)
{
	static const char *const words[] = { "InfrastructureError", "JobError",
					     "TestError" };

	spec_load_word(r, n, what, words, ARRAY_SIZE(words), str);
}

static const struct yaml_field success_fields[] = {
	YAML_FN_REQUIRED("message", spec_load_pattern, struct job_interactive_match,
			 message),
};

static const struct yaml_field failure_fields[] = {
	YAML_FN_REQUIRED("message", spec_load_pattern, struct job_interactive_match,
			 message),
	YAML_FN("exception", load_exception, struct job_interactive_match, exception),
	YAML_LINE("error", struct job_interactive_match, error),
};

static void load_matches(struct spec_report *r, const struct yaml_node *n,
			 const char *what, const struct yaml_field *fields,
			 size_t n_fields, struct job_interactive_match **v, size_t *count)
{
	if (!yaml_want_list(r, n, what) || *v)
		return;
	*v = xcalloc(n->n ? n->n : 1, sizeof(**v));
	*count = n->n;
	for (size_t i = 0; i < n->n; i++)
		yaml_load_map(r, n->vals[i], what, fields, n_fields, &(*v)[i]);
}

static void load_successes(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *step)
{
	struct job_interactive_step *s = step;

	load_matches(r, n, what, success_fields, ARRAY_SIZE(success_fields),
		     &s->successes, &s->n_successes);
}

static void load_failures(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *step)
{
	struct job_interactive_step *s = step;

	load_matches(r, n, what, failure_fields, ARRAY_SIZE(failure_fields), &s->failures,
		     &s->n_failures);
}

static void load_delay(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *ms)
{
	uint64_t s;

	if (yaml_get_u64(r, n, what, 0, 86400, &s))
		*(int64_t *)ms = (int64_t)s * 1000;
}

static const struct yaml_field step_fields[] = {
	{ .key = "command",
	  .type = YAML_F_LINE,
	  .may_be_null = true,
	  .offset = offsetof(struct job_interactive_step, command) },
	YAML_FN("name", spec_load_name, struct job_interactive_step, name),
	YAML_FN("delay", load_delay, struct job_interactive_step, delay_ms),
	YAML_BOOL("wait_for_prompt", struct job_interactive_step, wait_for_prompt),
	YAML_FN_BASE("successes", load_successes),
	YAML_FN_BASE("failures", load_failures),
	YAML_REFUSED("lava-send", LAVA_MULTINODE),
	YAML_REFUSED("lava-sync", LAVA_MULTINODE),
	YAML_REFUSED("lava-wait", LAVA_MULTINODE),
	YAML_REFUSED("lava-wait-all", LAVA_MULTINODE),
};

static void load_script(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *interactive)
{
	struct job_interactive *in = interactive;

	if (!yaml_want_list(r, n, what))
		return;
	in->steps = xcalloc(n->n ? n->n : 1, sizeof(*in->steps));
	in->n_steps = n->n;
	for (size_t i = 0; i < n->n; i++) {
		in->steps[i].wait_for_prompt = true;
		in->steps[i].delay_ms = -1;
		yaml_load_map(r, n->vals[i], what, step_fields, ARRAY_SIZE(step_fields),
			      &in->steps[i]);
	}
	if (!n->n)
		spec_complain(r, n->mark, "%s is empty; expected one step or more", what);
}

static void load_echo(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *echo_discard)
{
	static const char *const words[] = { "discard" };
	size_t i;

	if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
		*(bool *)echo_discard = true;
}

static const struct yaml_field interactive_fields[] = {
	YAML_FN_REQUIRED("name", spec_load_name, struct job_interactive, name),
	YAML_FN_REQUIRED("prompts", spec_load_patterns, struct job_interactive, prompts),
	YAML_FN("echo", load_echo, struct job_interactive, echo_discard),
	YAML_FN_BASE_REQUIRED("script", load_script),
};

static void load_interactive(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *test)
{
	struct job_test *t = test;

	if (!yaml_want_list(r, n, what))
		return;
	t->interactive = xcalloc(n->n ? n->n : 1, sizeof(*t->interactive));
	t->n_interactive = n->n;
	for (size_t i = 0; i < n->n; i++)
		yaml_load_map(r, n->vals[i], "interactive", interactive_fields,
			      ARRAY_SIZE(interactive_fields), &t->interactive[i]);
}

static void load_fixupdict(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *monitor)
{
	static const char *const results[] = { "pass", "fail", "skip", "unknown" };
	struct job_monitor *m = monitor;
	size_t k;

	if (!yaml_want_map(r, n, what))
		return;
	for (size_t i = 0; i < n->n; i++)
		if (yaml_get_word(r, n->vals[i], what, results, ARRAY_SIZE(results), &k))
			job_add_param(&m->fixup, &m->n_fixup, n->keys[i]->text,
				      results[k], false);
}

static bool has_group(const char *pattern, const char *name)
{
	_cleanup_free_ char *with_p = xasprintf("(?P<%s>", name);
	_cleanup_free_ char *without = xasprintf("(?<%s>", name);

	return strstr(pattern, with_p) || strstr(pattern, without);
}

/* LAVA reads the groups of the pattern by name: which case, and what came of it. */
static void load_result_pattern(struct spec_report *r, const struct yaml_node *n,
				const char *what, void *str)
{
	spec_load_pattern(r, n, what, str);
	const char *pattern = *(char **)str;

	if (!pattern)
		return;
	if (!has_group(pattern, "test_case_id"))
		spec_complain(
			r, n->mark,
			"%s has no group test_case_id; expected (?P<test_case_id>…) in it",
			what);
	if (!has_group(pattern, "result") && !has_group(pattern, "measurement"))
		spec_complain(
			r, n->mark,
			"%s has no group result; expected (?P<result>…) or (?P<measurement>…) in it",
			what);
}

static const struct yaml_field monitor_fields[] = {
	YAML_FN_REQUIRED("name", spec_load_name, struct job_monitor, name),
	YAML_FN_REQUIRED("start", spec_load_pattern, struct job_monitor, start),
	YAML_FN_REQUIRED("end", spec_load_pattern, struct job_monitor, end),
	YAML_FN_REQUIRED("pattern", load_result_pattern, struct job_monitor, pattern),
	YAML_FN_BASE("fixupdict", load_fixupdict),
	YAML_LINES("expected", struct job_monitor, expected),
};

static void load_monitors(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *test)
{
	struct job_test *t = test;

	if (!yaml_want_list(r, n, what))
		return;
	t->monitors = xcalloc(n->n ? n->n : 1, sizeof(*t->monitors));
	t->n_monitors = n->n;
	for (size_t i = 0; i < n->n; i++)
		yaml_load_map(r, n->vals[i], "monitors", monitor_fields,
			      ARRAY_SIZE(monitor_fields), &t->monitors[i]);
}

static void load_definitions(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *test)
{
	struct job_test *t = test;

	if (!yaml_want_list(r, n, what))
		return;
	t->definitions = xcalloc(n->n ? n->n : 1, sizeof(*t->definitions));
	t->n_definitions = n->n;
	for (size_t i = 0; i < n->n; i++)
		job_load_definition(r, n->vals[i], &t->definitions[i]);
}

static const struct yaml_field test_fields[] = {
	YAML_FN("definitions", load_definitions, struct job_action, test),
	YAML_FN("interactive", load_interactive, struct job_action, test),
	YAML_FN("monitors", load_monitors, struct job_action, test),
	JOB_ACTION_FIELDS,
	YAML_REFUSED("docker", "bootrig tests on the board, not in a container"),
	YAML_REFUSED("services", "bootrig tests on the board, not in a container"),
};

void job_load_test(struct spec_report *r, const struct yaml_node *n, struct job_action *a)
{
	static const char *const kinds[] = { "definitions", "interactive", "monitors" };
	const struct yaml_node *first = NULL;

	if (!yaml_load_map(r, n, "test", test_fields, ARRAY_SIZE(test_fields), a))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct yaml_node *key = yaml_find_key(n, kinds[i]);

		if (key && first)
			spec_complain(
				r, key->mark,
				"test has %s beside %s; expected one of them in each test action",
				key->text, first->text);
		else if (key)
			first = key;
		if (key && yaml_find(n, kinds[i])->kind == YAML_LIST &&
		    !yaml_find(n, kinds[i])->n)
			spec_complain(r, yaml_find(n, kinds[i])->mark,
				      "test.%s is empty; expected one item or more",
				      kinds[i]);
	}
	if (!first && !yaml_find(n, "docker") && !yaml_find(n, "services"))
		spec_complain(
			r, n->mark,
			"test has nothing to run; expected definitions, interactive or monitors");
}

static void release_matches(struct job_interactive_match *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].message);
		free(v[i].exception);
		free(v[i].error);
	}
	free(v);
}

static void release_interactive(struct job_interactive *in)
{
	for (size_t i = 0; i < in->n_steps; i++) {
		struct job_interactive_step *s = &in->steps[i];

		free(s->name);
		free(s->command);
		release_matches(s->successes, s->n_successes);
		release_matches(s->failures, s->n_failures);
	}
	free(in->steps);
	free(in->name);
	strvec_release(&in->prompts);
}

static void release_monitor(struct job_monitor *m)
{
	free(m->name);
	free(m->start);
	free(m->end);
	free(m->pattern);
	job_release_params(m->fixup, m->n_fixup);
	strvec_release(&m->expected);
}

void job_release_test(struct job_test *t)
{
	for (size_t i = 0; i < t->n_definitions; i++)
		job_release_definition(&t->definitions[i]);
	for (size_t i = 0; i < t->n_interactive; i++)
		release_interactive(&t->interactive[i]);
	for (size_t i = 0; i < t->n_monitors; i++)
		release_monitor(&t->monitors[i]);
	free(t->definitions);
	free(t->interactive);
	free(t->monitors);
}
