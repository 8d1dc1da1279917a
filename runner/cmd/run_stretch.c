// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of a command line, held against `bootrig: soak:` of the job. */
#include "cmd/run_stretch.h"

#include <errno.h>
#include <stdio.h>

#include "util/duration.h"

static const struct job_level *find_level(const struct job_soak *soak, const char *word,
					  size_t len)
{
	const char *eq = memchr(word, '=', len);
	size_t n_factor = eq ? (size_t)(eq - word) : 0, n_level = len - n_factor - 1;

	for (size_t i = 0; eq && i < soak->n_factors; i++) {
		const struct job_factor *f = &soak->factors[i];

		if (strlen(f->name) != n_factor || strncmp(f->name, word, n_factor) != 0)
			continue;
		for (size_t k = 0; k < f->n_levels; k++)
			if (strlen(f->levels[k].name) == n_level &&
			    strncmp(f->levels[k].name, eq + 1, n_level) == 0)
				return &f->levels[k];
	}
	return NULL;
}

static void add_all(struct strvec *to, const struct strvec *from)
{
	for (size_t i = 0; i < from->n; i++)
		strvec_add(to, from->v[i]);
}

/* "root=dirty,load=gpu" */
static int apply_levels(struct run_stretch *rs, const char *command, struct job_spec *job)
{
	for (const char *p = rs->level; p && *p;) {
		size_t len = strcspn(p, ",");
		const struct job_level *l = find_level(&job->soak, p, len);

		if (!l) {
			fprintf(stderr,
				"bootrig %s: --level %.*s: the job's bootrig: soak: "
				"factors: has no such FACTOR=LEVEL\n",
				command, (int)len, p);
			return -EINVAL;
		}
		add_all(&rs->commands, &l->commands);
		add_all(&job->kernel_args, &l->kernel_args);
		p += len + (p[len] == ',');
	}
	return 0;
}

static int apply_end(struct run_stretch *rs, const char *command)
{
	if (!rs->end)
		return 0;
	if (strcmp(rs->end, "shutdown") == 0)
		rs->stretch.end = JOB_END_SHUTDOWN;
	else if (strcmp(rs->end, "cut") == 0)
		rs->stretch.end = JOB_END_CUT;
	else if (strcmp(rs->end, "any") != 0) {
		fprintf(stderr,
			"bootrig %s: --end is \"%s\"; expected any, shutdown or cut\n",
			command, rs->end);
		return -EINVAL;
	}
	return 0;
}

int run_stretch_apply(struct run_stretch *rs, const char *command, struct job_spec *job)
{
	if (rs->test_for && duration_parse_ms(rs->test_for, &rs->stretch.test_ms)) {
		fprintf(stderr,
			"bootrig %s: --for is \"%s\"; expected a duration such as 6h, "
			"30m or 90s\n",
			command, rs->test_for);
		return -EINVAL;
	}
	int r = apply_end(rs, command);

	if (!r)
		r = apply_levels(rs, command, job);
	rs->stretch.level = rs->level;
	rs->stretch.commands = &rs->commands;
	rs->stretch.shutdown = job->soak.shutdown;
	return r;
}

const struct session_stretch *run_stretch_of(const struct run_stretch *rs)
{
	return rs->level || rs->test_for || rs->end ? &rs->stretch : NULL;
}

void run_stretch_release(struct run_stretch *rs)
{
	strvec_release(&rs->commands);
}
