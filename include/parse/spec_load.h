// SPDX-License-Identifier: GPL-2.0-or-later
/* What the loaders of job and board files share: durations, patterns, paths and URLs,
 * logins. Private to parse/spec_*.c, parse/job_spec*.c and
 * parse/board_spec*.c. */
#pragma once

#include "parse/job_spec.h"
#include "parse/yaml.h"
#include "util/strbuf.h"

/* The absolute directory that relative paths of a file start at. The caller owns it. */
char *spec_dir_of(const char *path);
/* dir + path with leading ./ and ../ taken away, or path itself when absolute. */
char *spec_resolve(const char *dir, const char *path);
/* The whole file, with a message when it cannot be read or is too large. */
MUST_CHECK int spec_read_file(const char *path, struct strbuf *out,
			      struct spec_messages *msgs, struct err *err);

/* One line, not empty, without tabs; borrowed. false after a complaint. */
bool spec_get_line(struct spec_report *r, const struct yaml_node *n, const char *what,
		   const char **out);
/* str is a char **: what stood there is freed. */
void spec_store_str(void *str, char *take_s);
/* One of words, stored the same way. */
void spec_load_word(struct spec_report *r, const struct yaml_node *n, const char *what,
		    const char *const *words, size_t n_words, void *str);

/* yaml_load_fn for tables; base is the member named. */

/* int64_t ms, from LAVA's mapping of days, hours, minutes, seconds; at least 1 s. */
void spec_load_timeout(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *ms);
/* int64_t ms, from the same mapping (also milliseconds) or from a number of seconds; 0 is
 * fine. */
void spec_load_duration(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ms);
/* char *: a file:, http: or https: URL or a path, resolved. */
void spec_load_url(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *str);
/* char *: the path of a file on this host, from a path or a file: URL. */
void spec_load_local_file(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str);
/* uint64_t: bit i = enum incident_kind i, from one kind or a list; adds to it. */
void spec_load_kinds(struct spec_report *r, const struct yaml_node *n, const char *what,
		     void *u64);
/* char *: a path, resolved. */
void spec_load_path(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str);
/* char *: a PCRE2 pattern. */
void spec_load_pattern(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *str);
/* struct strvec of PCRE2 patterns, one or a list. */
void spec_load_patterns(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *strvec);
/* char *: letters, digits, "-", "_" and "."; LAVA's rule for suites and cases. */
void spec_load_name(struct spec_report *r, const struct yaml_node *n, const char *what,
		    void *str);
/* struct strvec of kernel module names, one or a list; "-" becomes "_". */
void spec_load_module_names(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *strvec);
/* struct job_auto_login. */
void spec_load_auto_login(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *auto_login);
/* A bool that may only be false (or only true); base unused. The name says which. */
void spec_load_only_false(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *base);
void spec_load_only_true(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base);
/* Any bool; the value means nothing here. */
void spec_load_any_bool(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *base);

/* The timeout of an action, which may say skip. */
void spec_read_timeout(struct spec_report *r, const struct yaml_node *n, const char *what,
		       bool may_skip, int64_t *ms, bool *skip);

void spec_release_auto_login(struct job_auto_login *a);

/* The parts of a job; base is the struct job_action, kind already set. */
void job_load_deploy(struct spec_report *r, const struct yaml_node *n,
		     struct job_action *a);
void job_load_boot(struct spec_report *r, const struct yaml_node *n,
		   struct job_action *a);
void job_load_test(struct spec_report *r, const struct yaml_node *n,
		   struct job_action *a);
void job_load_command(struct spec_report *r, const struct yaml_node *n,
		      struct job_action *a);
void job_load_bootrig(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *job);
/* kernel: of bootrig:; base is the struct job_kernels. */
void job_load_kernels(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *kernels);
void job_release_kernels(struct job_kernels *k);
/* What kernel: needs from elsewhere in the file. */
void job_settle_kernels(struct spec_report *r, const struct job_spec *job);
/* One file, with LAVA's words: base is the struct job_file. */
void job_load_file_kernel(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *file);
void job_load_file_ramdisk(struct spec_report *r, const struct yaml_node *n,
			   const char *what, void *file);
void job_load_file_plain(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *file);
void job_release_file(struct job_file *f);
/* soak: of bootrig:; base is the struct job_soak. */
void job_load_soak(struct spec_report *r, const struct yaml_node *n, const char *what,
		   void *soak);
/* One item of definitions:. */
void job_load_definition(struct spec_report *r, const struct yaml_node *n,
			 struct job_definition *d);
void job_release_definition(struct job_definition *d);
void job_release_params(struct job_param *v, size_t n);
void job_release_test(struct job_test *t);

/* Name and value pairs, as params: of a definition; appended to *v. */
void job_load_params(struct spec_report *r, const struct yaml_node *n, const char *what,
		     bool is_weak, struct job_param **v, size_t *n_params);
/* Set name in *v unless a value stands there that is not weak. */
void job_add_param(struct job_param **v, size_t *n, const char *name, const char *value,
		   bool is_weak);

/* LAVA's context:; base is the json_t * member. */
void job_load_context(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *json);
/* What context: adds to the kernel command line, or NULL. The caller owns it. */
char *job_context_kernel_args(const struct job_spec *job);

/* What no single mapping can tell: order of actions, namespaces, limits. */
void job_settle(struct spec_report *r, struct job_spec *job);

/* base is the struct job_spec. */
void job_load_timeouts(struct spec_report *r, const struct yaml_node *n, const char *what,
		       void *base);
/* Appends; repeats are unrolled. */
void job_load_actions(struct spec_report *r, const struct yaml_node *n, const char *what,
		      void *base);
/* timeout: of any action, with its mark. */
void job_load_action_timeout(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *action);
void job_load_namespace(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ns);

/* Keys that each kind of action has. */
#define JOB_ACTION_FIELDS                                                                \
	YAML_FN_BASE("timeout", job_load_action_timeout),                                \
		YAML_FN("namespace", job_load_namespace, struct job_action, namespace),  \
		YAML_U32("failure_retry", struct job_action, failure_retry, 1, 100),     \
		YAML_U32("repeat", struct job_action, repeat, 1, 1000),                  \
		YAML_REFUSED("failure_retry_interval",                                   \
			     "each attempt starts from power off, which takes the "      \
			     "board's power.off_settle"),                                \
		YAML_REFUSED("timeouts",                                                 \
			     "name the action under timeouts.actions of the job"),       \
		YAML_REFUSED("connection-namespace",                                     \
			     "a board has one connection, its serial console"),          \
		YAML_REFUSED("protocols", "one job runs on one board, without LAVA's "   \
					  "MultiNode, LXC or VLANd"),                    \
		YAML_REFUSED("role",                                                     \
			     "one job runs on one board, without LAVA's MultiNode")
