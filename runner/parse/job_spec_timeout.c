// SPDX-License-Identifier: GPL-2.0-or-later
/* timeouts: of a job. */
#include "parse/spec_load.h"

#include "util/mem.h"

static void load_named_timeouts(struct spec_report *r, const struct yaml_node *n,
				const char *what, struct job_spec *job)
{
	if (!yaml_want_map(r, n, what))
		return;
	for (size_t i = 0; i < n->n; i++) {
		_cleanup_free_ char *name = xasprintf("%s.%.60s", what, n->keys[i]->text);
		int64_t ms = 0;

		spec_load_timeout(r, n->vals[i], name, &ms);
		if (!ms)
			continue;
		if (job->job_timeout_ms && ms > job->job_timeout_ms)
			spec_complain(
				r, n->vals[i]->mark,
				"%s is longer than timeouts.job; expected at most that",
				name);
		job->named_timeouts =
			xreallocarray(job->named_timeouts, job->n_named_timeouts + 1,
				      sizeof(*job->named_timeouts));
		job->named_timeouts[job->n_named_timeouts++] =
			(struct job_timeout_name){ .action = xstrdup(n->keys[i]->text),
						   .ms = ms };
	}
}

static void load_timeout_actions(struct spec_report *r, const struct yaml_node *n,
				 const char *what, void *job)
{
	load_named_timeouts(r, n, what, job);
}

/* Read, to find mistakes: a wait for a prompt ends with its action, and a job run by hand
 * waits in no queue. */
static void load_unused_timeout(struct spec_report *r, const struct yaml_node *n,
				const char *what, void *job)
{
	int64_t ms;

	spec_load_timeout(r, n, what, &ms);
}

static void load_unused_timeouts(struct spec_report *r, const struct yaml_node *n,
				 const char *what, void *job)
{
	if (!yaml_want_map(r, n, what))
		return;
	for (size_t i = 0; i < n->n; i++) {
		_cleanup_free_ char *name = xasprintf("%s.%.60s", what, n->keys[i]->text);

		load_unused_timeout(r, n->vals[i], name, job);
	}
}

static const struct yaml_field timeouts_fields[] = {
	YAML_FN_REQUIRED("job", spec_load_timeout, struct job_spec, job_timeout_ms),
	YAML_FN("action", spec_load_timeout, struct job_spec, action_timeout_ms),
	YAML_FN_BASE("connection", load_unused_timeout),
	YAML_FN_BASE("actions", load_timeout_actions),
	YAML_FN_BASE("connections", load_unused_timeouts),
	YAML_FN_BASE("queue", load_unused_timeout),
};

void job_load_timeouts(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *base)
{
	const struct yaml_node *limit = yaml_find(n, "job");
	struct job_spec *job = base;

	/* First, because the others are measured against it wherever they stand. */
	if (limit && limit->kind == YAML_MAP) {
		_cleanup_spec_report_ struct spec_report quiet = { .path = r->path };

		spec_load_timeout(&quiet, limit, what, &job->job_timeout_ms);
	}
	if (!yaml_load_map(r, n, what, timeouts_fields, ARRAY_SIZE(timeouts_fields), job))
		return;
	if (!job->job_timeout_ms)
		return;
	if (job->action_timeout_ms > job->job_timeout_ms)
		spec_complain(
			r, yaml_find(n, "action")->mark,
			"timeouts.action is longer than timeouts.job; expected at most that");
}

int64_t job_timeout_ms(const struct job_spec *job, const char *lava_action,
		       int64_t dflt_ms)
{
	for (size_t i = 0; i < job->n_named_timeouts; i++)
		if (strcmp(job->named_timeouts[i].action, lava_action) == 0)
			return job->named_timeouts[i].ms;
	return dflt_ms;
}
