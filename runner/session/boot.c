// SPDX-License-Identifier: GPL-2.0-or-later
/* A boot action: attempts, each from power-off to a prompt. */
#include <errno.h>

#include "boot/loader_steps.h"
#include "session/label.h"
#include "session/state.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum {
	MAX_PATTERNS = 18,
	PASSWORD_MS = 30000,
	NO_ECHO_MS = 100, /* getpass prints its prompt and then switches the echo off */
	LOGIN_TRIES = 3,
	LOADER_SLICE_MS = 200,
};

struct login_patterns {
	struct pattern *p[MAX_PATTERNS]; /* prompts first, then the login prompt */
	size_t n, n_prompts;
};

static void login_patterns_release(struct login_patterns *lp)
{
	for (size_t i = 0; i < lp->n; i++)
		pattern_free(lp->p[i]);
	lp->n = 0;
}

static int add_regex(struct login_patterns *lp, const char *regex, struct err *err)
{
	if (lp->n == MAX_PATTERNS)
		return err_set(err, ERR_JOB, -E2BIG, "more than %d prompts",
			       MAX_PATTERNS - 2);
	int r = pattern_new(regex, &lp->p[lp->n], err);
	lp->n += !r;
	return r;
}

/* login(1) and sshd greet with "Last login: Mon ..." or "Last failed login: ...", which
 * asks for nothing. */
static int add_login_prompt(struct login_patterns *lp, const char *prompt,
			    struct err *err)
{
	_cleanup_free_ char *regex =
		xasprintf("[Ll]ast (?:failed )?login(*SKIP)(*FAIL)|(?:%s)",
			  prompt ? prompt : "login:");

	return add_regex(lp, regex, err);
}

/* Name and password are typed; what comes next decides: a prompt, or the login prompt
 * again. */
static int answer_login(struct session *s, const struct job_auto_login *login,
			struct login_patterns *lp, struct deadline d,
			struct console_hit *hit, struct err *err)
{
	struct pattern *ask[1 + MAX_PATTERNS] = { NULL };
	int r = session_type(s, login->username, false, err);

	if (r || !login->password)
		return r ? r : session_wait(s, lp->p, lp->n, d, true, hit, err);
	r = pattern_new(login->password_prompt ? login->password_prompt : "[Pp]assword:",
			&ask[0], err);
	memcpy(ask + 1, lp->p, lp->n_prompts * sizeof(ask[0]));
	if (!r)
		r = session_wait(s, ask, 1 + lp->n_prompts,
				 deadline_min(d, deadline_in_ms(PASSWORD_MS)), false, hit,
				 err);
	if (!r && hit->index > 0) {
		hit->index--;
		goto out; /* the prompt came without a password */
	}
	if (!r)
		r = console_wait_fd(s->console, -1, deadline_in_ms(NO_ECHO_MS), err);
	if (!r)
		r = session_type(s, login->password, true, err);
	if (r == -ETIMEDOUT)
		r = session_type(s, "", false,
				 err); /* getty may have eaten the name: ask again */
	if (!r)
		r = session_wait(s, lp->p, lp->n, d, true, hit, err);
out:
	pattern_free(ask[0]);
	return r;
}

static int login_commands(struct session *s, const struct job_auto_login *login,
			  struct login_patterns *lp, struct deadline d, struct err *err)
{
	struct console_hit hit;
	int r = 0;

	for (size_t i = 0; i < login->login_commands.n && !r; i++) {
		r = session_type(s, login->login_commands.v[i], false, err);
		if (!r)
			r = session_wait(s, lp->p, lp->n_prompts, d, true, &hit, err);
	}
	return r;
}

int session_login(struct session *s, const struct job_auto_login *login,
		  const struct strvec *prompts, struct deadline d, struct err *err)
{
	_cleanup_(login_patterns_release) struct login_patterns lp = { .n = 0 };
	struct console_hit hit = { .index = -1 };
	int r = 0;

	for (size_t i = 0; i < prompts->n && !r; i++)
		r = add_regex(&lp, prompts->v[i], err);
	lp.n_prompts = lp.n;
	if (!r && login->username)
		r = add_login_prompt(&lp, login->login_prompt, err);
	if (!r)
		r = session_wait(s, lp.p, lp.n, d, true, &hit, err);
	for (int i = 0; !r && (size_t)hit.index >= lp.n_prompts; i++) {
		if (i == LOGIN_TRIES)
			return err_set(err, ERR_JOB, -EACCES,
				       "login as %s was refused %d times",
				       login->username, LOGIN_TRIES);
		session_reached(s, "login");
		r = answer_login(s, login, &lp, d, &hit, err);
	}
	if (r)
		return r;
	session_reached(s, "prompt");
	s->prompts = prompts;
	return login_commands(s, login, &lp, d, err);
}

static int type_lines(struct session *s, struct uboot *u, const struct job_boot *boot,
		      struct deadline d, struct err *err)
{
	const struct loader_words words =
		loader_words_of(label_name(&s->staged), &s->staged);
	_cleanup_loader_steps_ struct loader_steps steps = LOADER_STEPS_INIT;
	int r = 0;

	loader_steps(&s->board->boot, boot, &words, &s->staged,
		     s->is_staged && session_verifies_ram(s), &steps);
	for (size_t i = 0; i < steps.n && !r; i++) {
		const struct loader_step *step = &steps.v[i];

		if (!step->line)
			continue;
		if (step->asks_tree)
			r = session_choose_dtb(s, u, &steps, d, err);
		else if (step->sum_of)
			r = session_sum_ram(s, u, step, d, err);
		else if (i + 1 < steps.n)
			r = uboot_command(u, step->line, d, err);
		else
			r = uboot_boot(u, step->line, boot->kernel_start_message, d, err);
	}
	return r;
}

/* Firmware may have said all that it has to say before the power's settling was over. */
static uint64_t bytes_since_power_on(const struct session *s)
{
	return console_offset(s->console) - s->power_on_offset;
}

static int no_loader(struct session *s, int64_t limit_ms, struct err *err)
{
	uint64_t n = bytes_since_power_on(s);

	s->self_check_ok = s->self_check_ok && n;
	if (!n)
		return err_set(
			err, ERR_LAB, -ENODATA,
			"not a byte from the console since power-on: UART, cable or relay");
	return err_set(
		err, ERR_LAB, -ETIMEDOUT,
		"no boot loader prompt within %lld ms of power-on (%llu bytes came)",
		(long long)limit_ms, (unsigned long long)n);
}

/* From power-on to the loader's prompt, and what is typed there until the kernel starts.
 */
static int talk_to_loader(struct session *s, struct uboot *u,
			  const struct job_action *action, int64_t firmware_ms,
			  struct deadline d, struct err *err)
{
	struct deadline fw = deadline_min(d, deadline_in_ms(firmware_ms));
	int r = uboot_stop_autoboot(u, fw, err);

	if (r == -ETIMEDOUT && err->class == ERR_NONE && !power_check(s->power, err))
		return no_loader(s, firmware_ms, err);
	/* LAVA's name, and its older one. */
	int64_t typing_ms = job_timeout_ms(s->job, "uboot-commands", action->timeout_ms);
	typing_ms = job_timeout_ms(s->job, "bootloader-commands", typing_ms);
	d = deadline_min(d, deadline_in_ms(typing_ms));
	return r ? r : type_lines(s, u, &action->boot, d, err);
}

/* A loader that cannot be stopped finds our file by itself. Its first byte proves the
 * line; its prompt means that nothing booted. */
static int watch_loader(struct session *s, struct uboot *u, const struct job_boot *boot,
			int64_t firmware_ms, struct deadline d, struct err *err)
{
	struct deadline fw = deadline_min(d, deadline_in_ms(firmware_ms));
	struct uboot_ear ear = { .fault = NULL };
	int r = -ETIMEDOUT;

	while (!watch_state(s->watch)->kernel_seen) {
		r = uboot_watch(u, boot->kernel_start_message, &ear,
				deadline_min(d, deadline_in_ms(LOADER_SLICE_MS)), err);
		if (r != -ETIMEDOUT || err->class != ERR_NONE)
			return r;
		if (!bytes_since_power_on(s) && deadline_passed(fw)) {
			r = power_check(s->power, err);
			return r ? r : no_loader(s, firmware_ms, err);
		}
		if (deadline_passed(d))
			return ear.fault ? uboot_failed(u, &ear, err,
							"U-Boot booted nothing in time")
					 : r;
	}
	return 0;
}

/* What the loader said, and who has to act. */
void session_record_no_boot(struct session *s, const struct loader_fault *fault,
			    const char *reason)
{
	json_t *m = json_object();

	json_put(m, "reason", json_lossy_str(reason));
	if (fault) {
		json_put(m, "blame", json_string(loader_blame_to_str(fault->blame)));
		if (fault->blame == LOADER_NETWORK)
			s->self_check_ok = false;
	}
	journal_action_json(s->journal, "no-boot", m);
}

int session_talk_to_loader(struct session *s, const struct job_action *action,
			   struct deadline d, struct err *err)
{
	int64_t firmware_ms = job_timeout_ms(s->job, "bootloader-interrupt",
					     s->board->limits.firmware_ms);
	struct uboot u = session_uboot(s);
	int r;

	session_phase(s, "u-boot");
	if (s->board->boot.never_stop)
		r = watch_loader(s, &u, &action->boot, firmware_ms, d, err);
	else
		r = talk_to_loader(s, &u, action, firmware_ms, d, err);
	session_record_dtb(s);
	if (r == -EREMOTEIO)
		r = session_explain_dtb(s, &u, err);
	if (r == -EREMOTEIO)
		session_record_no_boot(s, u.fault, err->msg);
	return r;
}

/* off_ns: what the board's own power command and settling took of it. */
static void record_timing(struct session *s, int64_t off_ns)
{
	static const char what[] = "start_to_power_on";

	journal_action(s->journal, "timing", "{s:s, s:f, s:f}", "what", what, "ms",
		       (double)((clock_now_ns() - s->opts->begin_ns) / 1000) / 1e3,
		       "waits_ms", (double)(off_ns / 1000) / 1e3);
}

static int boot_once(struct session *s, const struct job_action *action,
		     struct deadline d, struct err *err)
{
	const struct job_boot *boot = &action->boot;
	int64_t login_ms =
		job_timeout_ms(s->job, "auto-login-action", action->timeout_ms);
	int64_t begin = clock_now_ns();
	int r = session_power(s, "off", err);

	if (r)
		return r;
	session_phase(s, "power-on");
	if (s->attempt == 1)
		record_timing(s, clock_now_ns() - begin);
	r = session_power(s, "on", err);
	if (!r && boot->method == JOB_BOOT_UBOOT)
		r = session_talk_to_loader(s, action, d, err);
	if (r)
		return r;
	session_phase(s, "boot");
	if (boot->method == JOB_BOOT_MINIMAL &&
	    s->board->power.backend == BOARD_POWER_NONE)
		r = session_type(s, "", false,
				 err); /* it may stand at its prompt since long */
	if (!r)
		r = session_login(s, &boot->auto_login, &boot->prompts,
				  deadline_min(d, deadline_in_ms(login_ms)), err);
	if (r == -EREMOTEIO)
		session_record_no_boot(s, watch_state(s->watch)->firmware_fault,
				       err->msg);
	return r ? r : session_prove(s, d, err);
}

void session_attempt_begin(struct session *s, const struct job_boot *boot, uint32_t try,
			   uint32_t of)
{
	s->attempt++;
	s->attempt_open = true;
	s->boot = boot;
	stretch_reset(s);
	journal_action(s->journal, "attempt", "{s:i, s:i, s:i}", "n", (int)s->attempt,
		       "try", (int)try, "of", (int)of);
}

void session_attempt_end(struct session *s, enum outcome o, const struct err *err)
{
	json_t *m;

	if (!s->attempt_open)
		return;
	s->attempt_open = false;
	m = json_object();
	json_put(m, "n", json_integer(s->attempt));
	json_put(m, "outcome", json_string(outcome_to_str(o)));
	json_put(m, "reason", json_lossy_str(err->msg));
	json_put(m, "kernel_started", json_boolean(watch_state(s->watch)->kernel_seen));
	json_put(m, "boots", json_integer(watch_state(s->watch)->attempt_boots));
	journal_action_json(s->journal, "attempt-end", m);
}

enum outcome session_boot(struct session *s, const struct job_action *action,
			  struct err *err)
{
	enum outcome o = OUT_OK;

	for (uint32_t try = 1; try <= action->failure_retry; try++) {
		struct deadline d =
			deadline_min(s->job_deadline, deadline_in_ms(action->timeout_ms));

		*err = (struct err)ERR_INIT;
		session_attempt_begin(s, &action->boot, try, action->failure_retry);
		o = session_outcome(s, boot_once(s, action, d, err), err, "the prompt");
		if (watch_state(s->watch)->supply_loop)
			s->self_check_ok = false;
		if (o != OUT_KERNEL && o != OUT_TIMEOUT && o != OUT_LAB)
			return o;
		if (try == action->failure_retry || deadline_passed(s->job_deadline))
			return o;
		session_watch_on(s, o);
		session_keep_evidence(s, o);
		session_attempt_end(s, o, err);
	}
	return o;
}
