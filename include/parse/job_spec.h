// SPDX-License-Identifier: GPL-2.0-or-later
/* A job file as a checked struct: LAVA v2 vocabulary (lava documentation, "Writing a job
 * definition") plus our own words under the one key `bootrig:`. What LAVA knows and we do
 * not do is refused by name with line and column; nothing is ignored silently. Loading
 * touches no hardware and no network (test definitions from git are fetched later by
 * session/). Strings are owned by the job. */
#pragma once

#include <stdbool.h>

#include "parse/hypothesis_spec.h"
#include "parse/incident.h"
#include "parse/job_file.h"
#include "parse/job_kernel.h"
#include "parse/job_soak.h"
#include "parse/yaml.h"
#include "util/err.h"
#include "util/strvec.h"

enum job_action_kind { JOB_DEPLOY, JOB_BOOT, JOB_TEST, JOB_COMMAND };

struct job_deploy {
	/* kernel's url is NULL where `bootrig: kernel:` names the kernels. modules:
	 * LAVA's, an archive of lib/modules/<release> */
	struct job_file kernel, dtb, ramdisk, modules;
	/* Of a kernel that was selected, see kernel/select.h. */
	struct job_file *overlays; /* .dtbo */
	size_t n_overlays;
	struct job_file fdtdir; /* a directory, or the kernel's archive; then no dtb */
	char *label;            /* NULL = "bootrig" */
	bool is_bundle;         /* kernel is an archive that holds the rest as well */
	bool modules_optional;  /* those that come with the kernel, if any do */
	/* `stage: all`: the job's other kernels, each with a label of its own; of these
	 * the ramdisk is this one's. */
	struct job_deploy *beside;
	size_t n_beside;
	struct strvec kernel_args; /* of one beside: the job's, then the kernel's own */
	bool is_tftp;              /* else it was refused, and nothing of it was read */
};

enum job_boot_method { JOB_BOOT_UBOOT, JOB_BOOT_MINIMAL };
/* RAMDISK is LAVA's named command set: it goes through our extlinux label. LIST is typed.
 */
enum job_boot_commands {
	JOB_COMMANDS_NONE,
	JOB_COMMANDS_RAMDISK, /* what was deployed */
	JOB_COMMANDS_MEDIA,   /* what the board's own media hold; nothing is deployed */
	JOB_COMMANDS_LIST
};

struct job_auto_login {
	char *login_prompt, *username, *password_prompt,
		*password; /* regexes and texts; NULL = not given */
	struct strvec login_commands;
};

struct job_boot {
	enum job_boot_method method;
	enum job_boot_commands commands;
	struct strvec command_list;
	struct strvec prompts;            /* PCRE2 patterns, at least one */
	struct job_auto_login auto_login; /* username NULL = none */
	char *extra_kernel_args; /* LAVA context/boot: appended to APPEND; NULL = none */
	char *kernel_start_message; /* LAVA boot.parameters.kernel-start-message or NULL
				     */
	struct spec_mark soft_reboot_mark; /* soft_reboot: was given; it means something
					      on boards without power control only */
};

enum job_definition_from { JOB_FROM_INLINE, JOB_FROM_GIT, JOB_FROM_FILE };

struct job_param {
	char *name, *value;
	bool is_weak; /* from the job's environment: a definition's own value goes before
			 it */
};

struct job_definition {
	char *name; /* the test suite in results */
	enum job_definition_from from;
	char *repository; /* git URL; NULL when inline */
	char *path; /* inside the repository, or the file's path (resolved); NULL when
		       inline */
	char *branch, *revision; /* git; NULL = the default */
	struct strvec steps;     /* inline: as given; else empty until the definition was
				    fetched and parsed */
	struct strvec skip_install; /* parts of install: to leave out */
	struct job_param *params;   /* definition's own, then overridden by the job's */
	size_t n_params;
	struct spec_mark mark;
};

/* One pattern of an interactive command. message is a regex, as in LAVA; the named groups
 * of a success stand for {NAME} in later commands. */
struct job_interactive_match {
	char *message;
	char *exception; /* "InfrastructureError" "JobError" "TestError" …, or NULL */
	char *error;     /* text for the result, or NULL */
};

struct job_interactive_step {
	char *name;    /* test case, or NULL */
	char *command; /* NULL = only wait */
	struct job_interactive_match *successes, *failures;
	size_t n_successes, n_failures;
	bool wait_for_prompt; /* default true */
	int64_t delay_ms; /* given: the step waits this long and does nothing else; -1 =
			     not given */
};

struct job_interactive {
	char *name;            /* suite */
	struct strvec prompts; /* regexes */
	bool echo_discard;
	struct job_interactive_step *steps;
	size_t n_steps;
};

struct job_monitor {
	char *name;                  /* suite */
	char *start, *end, *pattern; /* PCRE2; pattern has the groups test_case_id,
					result, measurement, units */
	struct job_param *fixup;     /* result text → pass/fail/skip/unknown */
	size_t n_fixup;
	struct strvec expected; /* case names that must appear */
};

struct job_test {
	struct job_definition *definitions;
	size_t n_definitions;
	struct job_interactive *interactive;
	size_t n_interactive;
	struct job_monitor *monitors;
	size_t n_monitors;
};

struct job_action {
	enum job_action_kind kind;
	char *namespace;    /* LAVA; NULL = "common" */
	int64_t timeout_ms; /* of this action, from its timeout, timeouts.actions or
			       timeouts.action */
	struct spec_mark timeout_mark; /* of its own timeout; 0 = a default */
	bool skip_on_timeout; /* timeout {…, skip: true}, tests only: a test that runs out
				 of time ends its action, the job goes on */
	uint32_t failure_retry; /* attempts in all; 1 = none */
	uint32_t repeat;        /* LAVA `repeat: N`; 1 = once */
	struct spec_mark mark;
	union {
		struct job_deploy deploy;
		struct job_boot boot;
		struct job_test test;
		struct {
			char *name;
		} command;
	};
};

/* Raised (fatal) or lowered (recorded) against incident_kind_is_fatal(); -1 = as the
 * default says. */
struct job_watch {
	signed char fatal[INCIDENT_N_KINDS];
};

struct job_expect { /* bootrig: expect: — what "the bug" is; a failure that does not match
		       is untestable */
	bool given;
	uint64_t kinds;                  /* bit i = enum incident_kind i; 0 = any */
	struct strvec functions, titles; /* globs; empty = any */
	bool test_failure;               /* a failed test counts */
};

struct job_timeout_name {
	char *action; /* LAVA action name: "login-action", "auto-login-action",
			 "uboot-commands", … */
	int64_t ms;
};

struct job_spec {
	char *path; /* as given on the command line, for messages */
	char *job_name;
	char *device_type;           /* NULL when not given */
	char *visibility, *priority; /* text form; recorded only */
	struct strvec tags;
	struct spec_mark device_type_mark, tags_mark;
	void *metadata; /* json_t *: metadata:, as it stands; NULL when none */
	void *context;  /* json_t *: context:, strings; extra_kernel_args is the one that
			   we read */
	int64_t job_timeout_ms, action_timeout_ms;
	struct job_param *environment; /* merged into every definition's params already
					*/
	size_t n_environment;
	struct job_timeout_name *named_timeouts;
	size_t n_named_timeouts;
	struct job_action *actions;
	size_t n_actions;
	/* bootrig: */
	int64_t silence_ms;       /* 0 = the board's default */
	int64_t silence_probe_ms; /* how long a probe waits for an answer; 0 = default 3 s
				   */
	struct job_watch watch;
	struct job_expect expect;
	struct strvec kernel_args; /* bootrig: kernel_args: appended to APPEND */
	struct strvec harvest; /* bootrig: harvest: commands run in the recovery system
				  after the board's */
	int recover;           /* bootrig: recovery: true|false; -1 = as the board says */
	uint32_t loop_boots;   /* boots without the goal that make a boot-loop; 3 */
	struct strvec result_urls;    /* bootrig: results: [{post: URL}] */
	struct hypotheses hypotheses; /* bootrig: hypotheses:, files read in */
	char *vmlinux;                /* bootrig: vmlinux: absolute path; NULL = none */
	struct strvec modules; /* bootrig: modules: .ko files with DWARF, absolute */
	struct strvec provenance_modules; /* bootrig: provenance_modules: whose build ids
					     are read after the login */
	struct spec_mark vmlinux_mark;
	struct job_kernels kernels; /* bootrig: kernel: */
	struct job_soak soak;       /* bootrig: soak: */
	char *text; /* the file as read, for job.yaml in the run directory (mask secrets)
		     */
	size_t text_len;
};

#define _cleanup_job_spec_ _cleanup_(cleanup_job_spec)
static inline void cleanup_job_spec(struct job_spec **j);

/* Load YAML 1.2 or JSON. 0 and *out, or -EINVAL with at least one message and err set to
 * the first (ERR_JOB); -ENOENT and friends when the file cannot be read. */
MUST_CHECK int job_spec_load(const char *path, struct job_spec **out,
			     struct spec_messages *msgs, struct err *err);
/* The same from memory; path is for messages and for relative URLs. */
MUST_CHECK int job_spec_parse(const char *path, const char *text, size_t len,
			      struct job_spec **out, struct spec_messages *msgs,
			      struct err *err);
/* job.yaml of a run directory: the files that it names need not be there any more. Its
 * hypotheses are only those that stand in it; actions.jsonl has all. */
MUST_CHECK int job_spec_parse_copy(const char *path, const char *text, size_t len,
				   struct job_spec **out, struct spec_messages *msgs,
				   struct err *err);
void job_spec_free(struct job_spec *job); /* NULL is fine */

/* The text of a job or board file with the values of passwords, tokens, secrets and of
 * user:password@ in URLs replaced by ***, for the run directory. The caller owns it. Text
 * that is no YAML comes back as a comment that says so. */
MUST_CHECK char *spec_masked_text(const char *text, size_t len);
/* The same for what of a file gets into results: one text, and JSON (a new reference;
 * NULL gives JSON null). */
MUST_CHECK char *spec_masked_url(const char *url); /* NULL gives NULL */
struct json_t;
MUST_CHECK struct json_t *spec_masked_json(const struct json_t *value);
/* Does a key of that name hold a password, token or secret? */
bool spec_is_secret_name(const char *key);

/* What a file is, by its keys. */
enum spec_kind { SPEC_UNKNOWN, SPEC_JOB, SPEC_BOARD, SPEC_HYPOTHESES };
/* SPEC_UNKNOWN comes with a message. */
enum spec_kind spec_kind_of(const char *path, const char *text, size_t len,
			    struct spec_messages *msgs);

/* A LAVA test definition file (metadata, params, run.steps) fetched for def: fills
 * def->steps and merges its params or parameters below those of the job. Messages name
 * `path`. */
MUST_CHECK int job_definition_parse(struct job_definition *def, const char *path,
				    const char *text, size_t len,
				    struct spec_messages *msgs, struct err *err);

/* The limit for a LAVA action name inside an action: timeouts.actions[name] or dflt_ms.
 */
int64_t job_timeout_ms(const struct job_spec *job, const char *lava_action,
		       int64_t dflt_ms);

static inline void cleanup_job_spec(struct job_spec **j)
{
	job_spec_free(*j);
}
