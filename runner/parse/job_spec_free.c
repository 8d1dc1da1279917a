// SPDX-License-Identifier: GPL-2.0-or-later
/* Gives back what a job holds. */
#include "parse/spec_load.h"

#include "util/jsonx.h"

static void release_boot(struct job_boot *b)
{
	strvec_release(&b->command_list);
	strvec_release(&b->prompts);
	spec_release_auto_login(&b->auto_login);
	free(b->extra_kernel_args);
	free(b->kernel_start_message);
}

static void release_deploy(struct job_deploy *d)
{
	job_release_file(&d->kernel);
	job_release_file(&d->dtb);
	job_release_file(&d->ramdisk);
	job_release_file(&d->modules);
	job_release_file(&d->fdtdir);
	for (size_t i = 0; i < d->n_overlays; i++)
		job_release_file(&d->overlays[i]);
	free(d->overlays);
	free(d->label);
	strvec_release(&d->kernel_args);
	for (size_t i = 0; i < d->n_beside; i++)
		release_deploy(&d->beside[i]);
	free(d->beside);
}

static void release_action(struct job_action *a)
{
	free(a->namespace);
	switch (a->kind) {
	case JOB_DEPLOY:
		release_deploy(&a->deploy);
		return;
	case JOB_BOOT:
		release_boot(&a->boot);
		return;
	case JOB_TEST:
		job_release_test(&a->test);
		return;
	case JOB_COMMAND:
		free(a->command.name);
		return;
	}
}

void job_spec_free(struct job_spec *job)
{
	if (!job)
		return;
	for (size_t i = 0; i < job->n_actions; i++)
		release_action(&job->actions[i]);
	for (size_t i = 0; i < job->n_named_timeouts; i++)
		free(job->named_timeouts[i].action);
	free(job->actions);
	free(job->named_timeouts);
	free(job->path);
	free(job->job_name);
	free(job->device_type);
	free(job->visibility);
	free(job->priority);
	strvec_release(&job->tags);
	json_decref(job->metadata);
	json_decref(job->context);
	job_release_params(job->environment, job->n_environment);
	strvec_release(&job->expect.functions);
	strvec_release(&job->expect.titles);
	strvec_release(&job->kernel_args);
	strvec_release(&job->harvest);
	strvec_release(&job->result_urls);
	hypotheses_release(&job->hypotheses);
	free(job->vmlinux);
	strvec_release(&job->modules);
	strvec_release(&job->provenance_modules);
	job_release_kernels(&job->kernels);
	job_soak_release(&job->soak);
	free(job->text);
	free(job);
}
