// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of actions of a job, repeats unrolled, and the keys that all kinds have. What
 * each kind holds is job_spec_{deploy,boot,test}.c. */
#include "parse/spec_load.h"

#include "util/mem.h"

enum { MAX_ACTIONS = 1000 };

static struct job_action *add_action(struct job_spec *job)
{
	job->actions =
		xreallocarray(job->actions, job->n_actions + 1, sizeof(*job->actions));
	struct job_action *a = &job->actions[job->n_actions++];

	memset(a, 0, sizeof(*a));
	a->failure_retry = a->repeat = 1;
	return a;
}

void job_load_action_timeout(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *action)
{
	struct job_action *a = action;
	bool skip = false;

	a->timeout_mark = n->mark;
	spec_read_timeout(r, n, what, true, &a->timeout_ms, &skip);
	a->skip_on_timeout = skip && a->kind == JOB_TEST;
	if (skip && a->kind != JOB_TEST)
		spec_complain(
			r, n->mark,
			"%s with skip: true is not supported here; expected it in a test only",
			what);
}

void job_load_namespace(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ns)
{
	spec_load_name(r, n, what, ns);
	if (*(char **)ns && strcmp(*(char **)ns, "common") == 0)
		spec_complain(r, n->mark,
			      "%s: common is LAVA's own name; expected another", what);
}

/* LAVA's older block of actions, run as often as it says: unrolled. */
static void load_repeat(struct spec_report *r, const struct yaml_node *n,
			struct job_spec *job)
{
	const struct yaml_node *count = yaml_find(n, "count");
	const struct yaml_node *actions = yaml_find(n, "actions");
	uint64_t times = 0;

	for (size_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		if (n->vals[i] != count && n->vals[i] != actions)
			spec_complain(
				r, n->keys[i]->mark,
				"unknown key \"%.60s\" in repeat; expected one of: count, actions",
				n->keys[i]->text);
	if (!count || !actions) {
		spec_complain(
			r, n->mark,
			"repeat is incomplete; expected {count: N, actions: [...]}");
		return;
	}
	if (!yaml_get_u64(r, count, "repeat.count", 1, MAX_ACTIONS, &times))
		return;
	/* A round that adds nothing or complains would do so again, for ever when nested.
	 */
	const size_t known = r->n;

	for (size_t before = SIZE_MAX;
	     times && r->n == known && job->n_actions != before &&
	     job->n_actions < MAX_ACTIONS && r->n_again <= YAML_MAX_NODES;
	     times--) {
		before = job->n_actions;
		r->n_again += actions->weight;
		job_load_actions(r, actions, "repeat.actions", job);
	}
	if (times && r->n == known)
		spec_complain(
			r, n->mark,
			"the job is too long once repeats are unrolled; expected at most %d actions and %d values",
			MAX_ACTIONS, YAML_MAX_NODES);
}

static void load_action(struct spec_report *r, const struct yaml_node *item,
			struct job_spec *job)
{
	static const char *const names[] = { "deploy", "boot", "test", "command" };
	const struct yaml_node *key, *val;
	size_t kind;

	if (!yaml_want_map(r, item, "the action"))
		return;
	if (item->n != 1) {
		spec_complain(
			r, item->mark,
			"the action has %zu keys; expected one: deploy, boot, test or command",
			item->n);
		return;
	}
	key = item->keys[0];
	val = item->vals[0];
	if (strcmp(key->text, "repeat") == 0) {
		load_repeat(r, val, job);
		return;
	}
	if (!yaml_get_word(r, key, "the action", names, ARRAY_SIZE(names), &kind))
		return;
	struct job_action *a = add_action(job);

	a->kind = (enum job_action_kind)kind;
	a->mark = key->mark;
	switch (a->kind) {
	case JOB_DEPLOY:
		job_load_deploy(r, val, a);
		return;
	case JOB_BOOT:
		job_load_boot(r, val, a);
		return;
	case JOB_TEST:
		job_load_test(r, val, a);
		return;
	case JOB_COMMAND:
		job_load_command(r, val, a);
		return;
	}
}

void job_load_actions(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base)
{
	struct job_spec *job = base;

	if (!yaml_want_list(r, n, what))
		return;
	if (!n->n)
		spec_complain(
			r, n->mark,
			"%s is empty; expected one action or more: deploy, boot, test, command",
			what);
	for (size_t i = 0; i < n->n; i++) {
		if (job->n_actions >= MAX_ACTIONS) {
			spec_complain(
				r, n->mark,
				"the job has too many actions; expected at most %d, repeats counted",
				MAX_ACTIONS);
			return;
		}
		load_action(r, n->vals[i], job);
	}
}
