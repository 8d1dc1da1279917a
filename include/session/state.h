// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of session/ share about one running job. Not for other layers. */
#pragma once

#include <errno.h>

#include "boot/stage.h"
#include "boot/uboot.h"
#include "hw/power.h"
#include "session/board_lock.h"
#include "session/definition.h"
#include "session/journal.h"
#include "session/session.h"
#include "session/upload.h"
#include "session/watch.h"

struct session {
	const struct session_opts *opts;
	const struct job_spec *job;
	const struct board_spec *board;
	struct run_dir *dir;
	struct journal *journal;
	struct watch *watch;
	struct console *console;
	struct power *power;
	struct board_lock lock;
	struct deadline job_deadline;
	int64_t start_ns; /* run time 0 */

	const struct job_deploy *deploy; /* of the running namespace; NULL = none */
	struct staged staged;
	bool is_staged;
	bool self_check_ok; /* power commands worked and TFTP served, as far as tried */
	char nonce[33];
	char *append; /* the whole kernel command line; NULL = none */
	/* The same of staged.beside, so that a wrong label tells its name. */
	struct session_label {
		char nonce[33];
		char *append;
	} * beside;
	size_t n_beside;
	struct definition_set definitions;

	uint32_t attempt; /* number of the running or last one; 0 = none yet */
	bool attempt_open;
	bool *commands_done; /* which user commands of the board ran; NULL = none */
	const struct job_boot *boot;  /* what the running attempt booted; NULL = none */
	const struct strvec *prompts; /* of the system that runs; NULL = unknown */
	bool helpers_ready;           /* lava-test-case and friends are in PATH */
	bool stretch_begun;           /* of the running attempt, by session_test */
	struct deadline stretch_end;  /* what still runs then has survived */
	uint32_t marker;              /* number of the next shell marker */
	bool shell_ready;             /* it tells us when it ends */
	bool shell_gone;              /* a command ended it */
	bool tx_held, tx_warned;      /* held low, while the board is off */
	const struct board_label *label; /* known-good set that is staged in place of the
					    job's; NULL = the job's */
	struct strvec
		modules_unseen; /* of provenance_modules: no build id on the board yet */
	uint32_t n_proved;      /* how often they were asked for again */
	struct upload *upload;  /* takes files while there is one */
	size_t n_harvested;     /* by the recovery so far */
	int64_t power_on_ns;    /* run time of the last power move */
	uint64_t power_on_offset; /* of the console then */
	int64_t latency_ns; /* of the last fatal incident, from its byte to us; -1 = none
			     */
};

/* How an action of the job ended. Kernel faults are no errors: the watch holds them. */
enum outcome {
	OUT_OK,
	OUT_KERNEL,  /* a fatal incident was seen */
	OUT_TIMEOUT, /* a prompt or an end never came */
	OUT_TEST, /* lava-test-raise, or an interactive test's failure that ends the job
		   */
	OUT_LAB,
	OUT_JOB,
	OUT_CANCELED,
	OUT_BUG,
};
/* session/outcome.c */
const char *outcome_to_str(enum outcome o);
/* What r and err of a step mean; waiting_for goes into the reason of a time-out. */
enum outcome session_outcome(struct session *s, int r, struct err *err,
			     const char *waiting_for);

/* session/session.c: the parts that the doctor runs without a job's actions, in this
 * order. After session_open_record() the caller ends with session_leave_board() (off;
 * nothing of ours left) and, in any case, session_release(). */
void session_init(struct session *s, const struct session_opts *opts,
		  struct run_dir *dir);
MUST_CHECK int session_open_record(struct session *s, struct err *err);
MUST_CHECK int session_claim(struct session *s, struct err *err); /* -EBUSY */
MUST_CHECK int session_open_board(struct session *s, struct err *err);
void session_leave_board(struct session *s);
void session_release(struct session *s);

/* session/describe.c: the action "run". */
void session_describe(struct session *s);

/* session/act_power.c, act.c, act_wait.c: what we do to the board, each recorded before
 * it is done. */
/* what: on, off, reset, maskrom, or any further sequence of the board file. */
MUST_CHECK int session_power(struct session *s, const char *what, struct err *err);
/* The same for a start that is no move of relays: recorded, and the console is made ready
 * for a new boot. */
void session_power_begin(struct session *s, const char *what);
/* The power backend's wait. What a console says or does not say never cuts a power move
 * short: only a cancel does, where it is not masked. */
MUST_CHECK int session_power_wait(void *session, int fd, struct deadline d,
				  struct err *err);
/* The same for a sequence's expect: a pattern in what comes from now on. */
MUST_CHECK int session_power_expect(void *session, const char *pattern, struct deadline d,
				    struct err *err);
/* Records a relay's move before it is made: act is "set", "clear" or "press". */
void session_power_did(void *session, const char *line, const char *act, int64_t ms);
void session_power_warn(void *session, const char *text); /* recorded */
void session_phase(struct session *s, const char *fmt, ...) PRINTF(2, 3);
/* Type a line; secret text is recorded as ***. */
MUST_CHECK int session_type(struct session *s, const char *text, bool is_secret,
			    struct err *err);
void session_reached(struct session *s, const char *what);
/* console_wait with the silence timer: quiet for longer than the job allows, and no
 * answer to a probe, becomes an incident and -EINTR. probe = false where a newline could
 * do harm (a password prompt). */
MUST_CHECK int session_wait(struct session *s, struct pattern *const patterns[], size_t n,
			    struct deadline d, bool probe, struct console_hit *hit,
			    struct err *err);
struct uboot session_uboot(struct session *s);

/* session/stage_job.c */
MUST_CHECK int session_stage(struct session *s, const struct job_action *deploy,
			     const struct job_boot *boot, struct deadline d,
			     struct err *err);
void session_forget_beside(struct session *s);
void session_unstage(struct session *s);

/* session/boot.c */
void session_attempt_begin(struct session *s, const struct job_boot *boot, uint32_t try,
			   uint32_t of);
void session_attempt_end(struct session *s, enum outcome o, const struct err *err);
enum outcome session_boot(struct session *s, const struct job_action *action,
			  struct err *err);
/* From power-on to the kernel's start: what was staged, by the board's own way to boot.
 */
MUST_CHECK int session_talk_to_loader(struct session *s, const struct job_action *action,
				      struct deadline d, struct err *err);
/* Log in where a login prompt comes, until one of the prompts stands there. */
MUST_CHECK int session_login(struct session *s, const struct job_auto_login *login,
			     const struct strvec *prompts, struct deadline d,
			     struct err *err);

/* session/ram.c: is what lies in the board's RAM what was staged? For the job's own
 * kernel, not for known-good sets. */
bool session_verifies_ram(const struct session *s);
/* Types U-Boot's crc32; ERR_LAB -EIO when it is another than that of the staged file. */
struct loader_step;
MUST_CHECK int session_sum_ram(struct session *s, struct uboot *u,
			       const struct loader_step *step, struct deadline d,
			       struct err *err);

/* session/boot.c: an incident of what the loader said, and who has to act. fault NULL:
 * what it said is not known. */
void session_record_no_boot(struct session *s, const struct loader_fault *fault,
			    const char *reason);

struct loader_steps;
/* session/fdtdir.c: the device tree that U-Boot chose, for the record. */
void session_record_dtb(struct session *s);
/* The step asks_tree: which one U-Boot will take, for the steps about it. */
MUST_CHECK int session_choose_dtb(struct session *s, struct uboot *u,
				  struct loader_steps *steps, struct deadline d,
				  struct err *err);
/* uboot's is_lost: what it asks for is none of those that were staged. */
bool session_dtb_is_wrong(void *session);
/* -EREMOTEIO in any case; in words of what has to be done, where it is this. */
MUST_CHECK int session_explain_dtb(struct session *s, struct uboot *u, struct err *err);

/* session/provenance.c: what runs is what was staged; ERR_LAB when the nonce says no. */
MUST_CHECK int session_prove(struct session *s, struct deadline d, struct err *err);
/* Behind a test: modules that were not loaded before may be now. */
MUST_CHECK int session_prove_again(struct session *s, struct deadline d, struct err *err);

/* Whose build ids are wanted, each once: of what board and job name, and of vb2, in case
 * the kernel brings it as modules. */
void session_module_names(const struct session *s, struct strvec *names);

/* session/fingerprint.c: which root file system the kernel runs on, for the record. */
MUST_CHECK int session_fingerprint(struct session *s, struct deadline d, struct err *err);

/* session/shell.c: a POSIX shell at the prompt. SHELL_GONE: the command before ended it
 * (exit, set -e), and no other came. */
enum { SHELL_GONE = -EPIPE };
MUST_CHECK int shell_run(struct session *s, const char *command, struct deadline d,
			 int *exit_status, struct err *err);
/* The same for a command with a secret in it: recorded as ***. */
MUST_CHECK int shell_run_secret(struct session *s, const char *command, struct deadline d,
				int *exit_status, struct err *err);
/* The same as shell_run, and what it printed, byte for byte as the console gave it, to a
 * file below artifacts/. */
MUST_CHECK int shell_capture(struct session *s, const char *command, const char *artifact,
			     struct deadline d, int *exit_status, struct err *err);

/* session/test.c, session/interactive.c, session/monitor.c */
enum outcome session_test(struct session *s, const struct job_action *action,
			  struct err *err);
enum outcome session_interactive(struct session *s, const struct job_interactive *it,
				 struct deadline d, struct err *err);
enum outcome session_monitor(struct session *s, const struct job_monitor *m,
			     struct deadline d, struct err *err);
enum outcome session_command(struct session *s, const struct job_action *action,
			     struct err *err);
/* At the end of the run: the undo of every user command that was begun. */
void session_undo_commands(struct session *s);

/* session/stretch.c: the part of a boot that is under test */
void stretch_reset(struct session *s); /* a new attempt */
/* What opts->stretch wants typed, before the first test of an attempt. */
MUST_CHECK int stretch_begin(struct session *s, struct deadline d, struct err *err);
bool stretch_is_over(const struct session *s);
/* After the last action of a boot that lives: as opts->stretch says, else the power
 * stays on until the console is quiet. */
enum outcome stretch_finish(struct session *s, struct err *err);

/* session/aftermath.c: after a failure */
/* Let the report settle, ask a wedged kernel what it hangs on, and watch a board that
 * boots again by itself. */
void session_watch_on(struct session *s, enum outcome o);

/* session/capture.c: before anything is reset */
void session_capture(struct session *s, enum outcome o);
/* A BREAK on the console, by whatever can send one; -EOPNOTSUPP (ERR_NONE): nothing. */
MUST_CHECK int session_break(struct session *s, struct err *err);
/* BREAK and a letter, or the words of a FIQ debugger that answers to the BREAK. */
MUST_CHECK int session_sysrq(struct session *s, char key, struct err *err);

/* session/recovery.c: the ladder that brings the board back */
bool session_needs_recovery(const struct session *s, enum outcome o);
void session_recover(struct session *s);
/* Only what reads the evidence that a power cut would destroy. */
void session_keep_evidence(struct session *s, enum outcome o);
/* ERR_LAB when an earlier run marked the board as wedged. */
MUST_CHECK int session_refuse_wedged(struct session *s, struct err *err);
