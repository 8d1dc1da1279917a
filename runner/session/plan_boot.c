// SPDX-License-Identifier: GPL-2.0-or-later
/* One attempt of a plan: from power-off to the proof that what runs is what was staged.
 */
#include "boot/loader_steps.h"
#include "session/label.h"
#include "session/plan_int.h"
#include "util/mem.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static json_t *one(const char *text)
{
	json_t *a = json_array();

	json_push(a, json_lossy_str(text));
	return a;
}

static json_t *loader_prompt(const struct board_boot *b)
{
	return one(b->loader_prompt_pattern ? b->loader_prompt_pattern
					    : b->loader_prompt);
}

void plan_stop_autoboot(struct plan *p, int64_t limit_ms)
{
	const struct board_boot *b = &p->board->boot;

	if (b->interrupt_early)
		plan_wait(p, "first byte", NULL, limit_ms);
	else if (b->interrupt_prompt)
		plan_wait(p, "autoboot", one(b->interrupt_prompt), limit_ms);
	if (b->interrupt_delay_ms)
		plan_wait(p, "time", NULL, b->interrupt_delay_ms);
	if (b->interrupt_prompt || b->interrupt_early)
		plan_type(p, b->interrupt_char, false);
	plan_wait(p, "loader-prompt", loader_prompt(b), limit_ms);
}

static void wait_kernel(struct plan *p, const struct job_boot *boot, int64_t limit_ms)
{
	plan_wait(p, "kernel",
		  one(boot->kernel_start_message ? boot->kernel_start_message
						 : "Starting kernel"),
		  limit_ms);
}

static void type_lines(struct plan *p, const struct job_action *action)
{
	const struct loader_words words =
		loader_words_of(label_name(&p->staged), &p->staged);
	_cleanup_loader_steps_ struct loader_steps steps = LOADER_STEPS_INIT;
	int64_t limit_ms = job_timeout_ms(p->job, "uboot-commands", action->timeout_ms);

	limit_ms = job_timeout_ms(p->job, "bootloader-commands", limit_ms);
	loader_steps(&p->board->boot, &action->boot, &words, &p->staged,
		     p->is_staged && p->board->boot.verify_ram, &steps);
	for (size_t i = 0; i < steps.n; i++) {
		plan_type(p, steps.v[i].line, false);
		if (i + 1 < steps.n)
			plan_wait(p, "loader-prompt", loader_prompt(&p->board->boot),
				  limit_ms);
		else
			wait_kernel(p, &action->boot, limit_ms);
	}
}

void plan_loader(struct plan *p, const struct job_action *action)
{
	int64_t firmware_ms = job_timeout_ms(p->job, "bootloader-interrupt",
					     p->board->limits.firmware_ms);

	plan_phase(p, "u-boot");
	if (p->board->boot.never_stop) {
		plan_wait(p, "first byte", NULL, firmware_ms);
		wait_kernel(p, &action->boot, action->timeout_ms);
		return;
	}
	plan_stop_autoboot(p, least(firmware_ms, action->timeout_ms));
	type_lines(p, action);
}

void plan_login(struct plan *p, const struct job_auto_login *login,
		const struct strvec *prompts, int64_t limit_ms)
{
	if (login->username) {
		plan_wait(p, "login",
			  one(login->login_prompt ? login->login_prompt : "login:"),
			  limit_ms);
		plan_type(p, login->username, false);
	}
	if (login->username && login->password) {
		plan_wait(p, "password",
			  one(login->password_prompt ? login->password_prompt
						     : "[Pp]assword:"),
			  limit_ms);
		plan_type(p, login->password, true);
	}
	plan_wait(p, "prompt", json_lossy_strs(prompts), limit_ms);
	for (size_t i = 0; i < login->login_commands.n; i++) {
		plan_type(p, login->login_commands.v[i], false);
		plan_wait(p, "prompt", json_lossy_strs(prompts), limit_ms);
	}
}

static void read_id(struct plan *p, const char *of, const char *name)
{
	json_t *o = plan_step(p, "build-id");

	plan_text(o, "of", of);
	plan_text(o, "name", name);
}

static void prove(struct plan *p)
{
	const struct strvec *lists[] = { &p->board->boot.provenance_modules,
					 &p->job->provenance_modules };

	if (p->is_staged) {
		plan_phase(p, "provenance");
		plan_text(plan_step(p, "shell"), "command", "cat /proc/cmdline");
		read_id(p, "kernel", "kernel");
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			read_id(p, "module", lists[i]->v[j]);
	if (p->is_staged)
		plan_text(plan_step(p, "rootfs"), "what",
			  "which root file system this is");
}

void plan_attempt(struct plan *p, const struct job_action *action)
{
	const struct job_boot *boot = &action->boot;
	int64_t login_ms =
		job_timeout_ms(p->job, "auto-login-action", action->timeout_ms);
	json_t *attempt = plan_step(p, "attempt");

	json_put(attempt, "of", json_integer(action->failure_retry));
	plan_limit(attempt, action->timeout_ms);
	plan_power(p, "off");
	plan_phase(p, "power-on");
	plan_power(p, "on");
	if (boot->method == JOB_BOOT_UBOOT)
		plan_loader(p, action);
	plan_phase(p, "boot");
	if (boot->method == JOB_BOOT_MINIMAL &&
	    p->board->power.backend == BOARD_POWER_NONE)
		plan_type(p, "", false);
	plan_login(p, &boot->auto_login, &boot->prompts,
		   least(login_ms, action->timeout_ms));
	prove(p);
}
