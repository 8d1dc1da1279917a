// SPDX-License-Identifier: GPL-2.0-or-later
/* What no single mapping of a job can tell: the order of its actions, namespaces, limits
 * that come from elsewhere in the file. */
#include "parse/spec_load.h"

#include "util/mem.h"

static const char *namespace_of(const struct job_action *a)
{
	return a->namespace ? a->namespace : "common";
}

static bool shares_namespace(const struct job_action *a, const struct job_action *b)
{
	return strcmp(namespace_of(a), namespace_of(b)) == 0;
}

/* Names of LAVA's pipeline for each of our actions, under which timeouts.actions may
 * limit it. */
static const char *const *lava_names(const struct job_action *a)
{
	static const char *const deploy[] = { "tftp-deploy", NULL };
	static const char *const uboot[] = { "uboot-action", NULL };
	static const char *const minimal[] = { "minimal-boot", NULL };
	static const char *const shell[] = { "lava-test-retry", "lava-test-shell", NULL };
	static const char *const interactive[] = { "lava-test-interactive-retry",
						   "lava-test-interactive", NULL };
	static const char *const monitor[] = { "lava-test-monitor-retry",
					       "lava-test-monitor", NULL };
	static const char *const command[] = { "user-command", NULL };

	switch (a->kind) {
	case JOB_DEPLOY:
		return deploy;
	case JOB_BOOT:
		return a->boot.method == JOB_BOOT_MINIMAL ? minimal : uboot;
	case JOB_TEST:
		return a->test.n_interactive ? interactive
		       : a->test.n_monitors  ? monitor
					     : shell;
	case JOB_COMMAND:
		return command;
	}
	BUG("action kind %d", (int)a->kind);
}

/* Its own, then by name, then the job's default, then the job's whole time. */
static void settle_timeouts(struct spec_report *r, const struct job_spec *job,
			    struct job_action *a)
{
	if (a->timeout_mark.line && a->timeout_ms > job->job_timeout_ms &&
	    job->job_timeout_ms)
		spec_complain(
			r, a->timeout_mark,
			"the action's timeout is longer than timeouts.job; expected at most that");
	for (const char *const *s = lava_names(a); *s && !a->timeout_ms; s++)
		a->timeout_ms = job_timeout_ms(job, *s, 0);
	if (!a->timeout_ms)
		a->timeout_ms = job->action_timeout_ms ? job->action_timeout_ms
						       : job->job_timeout_ms;
}

/* The latest action of a kind before actions[i]; of its namespace, or of any. */
static const struct job_action *latest(const struct job_spec *job, size_t i,
				       enum job_action_kind kind, bool of_any_namespace)
{
	const struct job_action *self = &job->actions[i];

	while (i-- > 0) {
		const struct job_action *a = &job->actions[i];

		if (a->kind == kind && (of_any_namespace || shares_namespace(a, self)))
			return a;
	}
	return NULL;
}

/* A typed command that names a file which nobody deploys. */
static void check_file(struct spec_report *r, const struct job_action *a,
		       const char *word, const char *key, const struct job_file *f,
		       const struct job_action *deploy)
{
	for (size_t i = 0; i < a->boot.command_list.n && !f->mark.line; i++)
		if (strstr(a->boot.command_list.v[i], word)) {
			spec_complain(
				r, a->mark,
				"boot uses %s, which is not deployed; expected %s in the deploy at line %u",
				word, key, deploy->mark.line);
			return;
		}
}

static void check_boot(struct spec_report *r, const struct job_spec *job, size_t i)
{
	const struct job_action *a = &job->actions[i];
	const struct job_action *deploy = latest(job, i, JOB_DEPLOY, false);

	/* A boot without a prompt was refused already, and said so. */
	if (a->boot.method == JOB_BOOT_MINIMAL || !a->boot.prompts.n)
		return;
	if (a->boot.commands == JOB_COMMANDS_MEDIA)
		return;
	if (!deploy) {
		const struct job_action *other = latest(job, i, JOB_DEPLOY, true);

		spec_complain(
			r, a->mark,
			"boot by u-boot has no deploy before it%s%s%s; expected deploy to: tftp first, or method: minimal",
			other ? " in namespace \"" : "", other ? namespace_of(a) : "",
			other ? "\"" : "");
		return;
	}
	/* Nothing in it: the deploy itself was refused, and said so. commands: ramdisk
	 * without a ramdisk is a kernel with its own. */
	if (!deploy->deploy.kernel.mark.line && !job->kernels.mark.line)
		return;
	check_file(r, a, "{RAMDISK}", "ramdisk", &deploy->deploy.ramdisk, deploy);
	if (!job->kernels.mark.line) /* else a kernel may bring one */
		check_file(r, a, "{DTB}", "dtb", &deploy->deploy.dtb, deploy);
}

static void check_deploy(struct spec_report *r, const struct job_spec *job,
			 const struct job_action *a)
{
	const struct job_deploy *d = &a->deploy;

	if (!d->is_tftp)
		return;
	if (!d->kernel.mark.line && !job->kernels.mark.line)
		spec_complain(
			r, a->mark,
			"deploy has no \"kernel\"; expected one, or kernels under bootrig: kernel:");
	if (d->kernel.mark.line && job->kernels.mark.line)
		spec_complain(
			r, d->kernel.mark,
			"deploy.kernel stands beside bootrig: kernel: at line %u; expected one of the two",
			job->kernels.mark.line);
	if (d->modules.mark.line && !d->ramdisk.mark.line)
		spec_complain(
			r, d->modules.mark,
			"deploy.modules has no ramdisk to go into; expected ramdisk in the same deploy");
}

/* There is one board: a boot ends the system that an earlier boot brought up, whatever
 * its namespace. */
static void check_needs_boot(struct spec_report *r, const struct job_spec *job, size_t i)
{
	const struct job_action *a = &job->actions[i];
	const struct job_action *any = latest(job, i, JOB_BOOT, true);
	const struct job_action *own = latest(job, i, JOB_BOOT, false);

	if (!own)
		spec_complain(
			r, a->mark,
			"test has no boot before it%s%s%s; expected a boot action first",
			any ? " in namespace \"" : "", any ? namespace_of(a) : "",
			any ? "\"" : "");
	else if (any != own)
		spec_complain(
			r, a->mark,
			"test in namespace \"%s\" has lost its system: line %u boots namespace \"%s\" on the same board; expected the test before that",
			namespace_of(a), any->mark.line, namespace_of(any));
}

static void check_namespaces(struct spec_report *r, const struct job_spec *job)
{
	const struct job_action *with = NULL;

	for (size_t i = 0; i < job->n_actions && !with; i++)
		if (job->actions[i].namespace)
			with = &job->actions[i];
	for (size_t i = 0; with && i < job->n_actions; i++)
		if (!job->actions[i].namespace)
			spec_complain(
				r, job->actions[i].mark,
				"the action has no namespace while the one at line %u has; expected one in every action",
				with->mark.line);
}

static void give_environment(const struct job_spec *job, struct job_test *t)
{
	for (size_t d = 0; d < t->n_definitions; d++)
		for (size_t i = 0; i < job->n_environment; i++)
			job_add_param(&t->definitions[d].params,
				      &t->definitions[d].n_params,
				      job->environment[i].name, job->environment[i].value,
				      true);
}

void job_settle(struct spec_report *r, struct job_spec *job)
{
	for (size_t i = 0; i < job->n_actions; i++) {
		struct job_action *a = &job->actions[i];

		settle_timeouts(r, job, a);
		switch (a->kind) {
		case JOB_BOOT:
			a->boot.extra_kernel_args = job_context_kernel_args(job);
			check_boot(r, job, i);
			break;
		case JOB_TEST:
			give_environment(job, &a->test);
			check_needs_boot(r, job, i);
			break;
		case JOB_DEPLOY:
			check_deploy(r, job, a);
			break;
		case JOB_COMMAND:
			break;
		}
	}
	check_namespaces(r, job);
}
