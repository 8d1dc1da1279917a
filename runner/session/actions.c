// SPDX-License-Identifier: GPL-2.0-or-later
/* Pairs of deploy and boot actions: the job's own, and those of a recovery rung. */
#include "session/actions.h"

const struct job_action *deploy_of_boot(const struct job_spec *job, size_t boot_at)
{
	const char *ns = job->actions[boot_at].namespace;

	for (size_t i = boot_at; i-- > 0;) {
		const struct job_action *a = &job->actions[i];

		if (a->kind == JOB_DEPLOY &&
		    (!ns || (a->namespace && strcmp(a->namespace, ns) == 0)))
			return a;
	}
	return NULL;
}

void label_actions(const struct board_rung *rung, struct job_action *deploy,
		   struct job_action *boot)
{
	*deploy =
		(struct job_action){ .kind = JOB_DEPLOY, .timeout_ms = rung->timeout_ms };
	deploy->deploy.kernel = rung->label->kernel;
	deploy->deploy.ramdisk = rung->label->ramdisk;
	deploy->deploy.dtb = rung->label->dtb;
	*boot = (struct job_action){ .kind = JOB_BOOT, .timeout_ms = rung->timeout_ms };
	boot->boot.method = JOB_BOOT_UBOOT;
	boot->boot.commands = JOB_COMMANDS_RAMDISK;
}
