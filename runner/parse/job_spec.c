// SPDX-License-Identifier: GPL-2.0-or-later
/* The top of a job file: its own keys, timeouts, the list of actions; loading and
 * freeing. What each action holds is job_spec_{deploy,boot,test}.c. */
#include "parse/job_spec.h"

#include <errno.h>
#include <fcntl.h>

#include "parse/spec_load.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { MAX_ACTIONS = 1000 };

static struct job_action *add_action(struct job_spec *job)
{
	job->actions =
		xreallocarray(job->actions, job->n_actions + 1, sizeof(*job->actions));
	struct job_action *a = &job->actions[job->n_actions++];

	memset(a, 0, sizeof(*a));
	a->failure_retry = a->repeat = 1;
	return a;
}

void job_load_action_timeout(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *action)
{
	struct job_action *a = action;
	bool skip = false;

	a->timeout_mark = n->mark;
	spec_read_timeout(r, n, what, true, &a->timeout_ms, &skip);
	a->skip_on_timeout = skip && a->kind == JOB_TEST;
	if (skip && a->kind != JOB_TEST)
		spec_complain(
			r, n->mark,
			"%s with skip: true is not supported here; expected it in a test only",
			what);
}

void job_load_namespace(struct spec_report *r, const struct yaml_node *n,
			const char *what, void *ns)
{
	spec_load_name(r, n, what, ns);
	if (*(char **)ns && strcmp(*(char **)ns, "common") == 0)
		spec_complain(r, n->mark,
			      "%s: common is LAVA's own name; expected another", what);
}

static void load_actions(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *job);

/* LAVA's older block of actions, run as often as it says: unrolled. */
static void load_repeat(struct spec_report *r, const struct yaml_node *n,
			struct job_spec *job)
{
	const struct yaml_node *count = yaml_find(n, "count");
	const struct yaml_node *actions = yaml_find(n, "actions");
	uint64_t times = 0;

	for (size_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		if (n->vals[i] != count && n->vals[i] != actions)
			spec_complain(
				r, n->keys[i]->mark,
				"unknown key \"%.60s\" in repeat; expected one of: count, actions",
				n->keys[i]->text);
	if (!count || !actions) {
		spec_complain(
			r, n->mark,
			"repeat is incomplete; expected {count: N, actions: [...]}");
		return;
	}
	if (!yaml_get_u64(r, count, "repeat.count", 1, MAX_ACTIONS, &times))
		return;
	/* A round that adds nothing or complains would do so again, for ever when nested.
	 */
	const size_t known = r->n;

	for (size_t before = SIZE_MAX;
	     times && r->n == known && job->n_actions != before &&
	     job->n_actions < MAX_ACTIONS && r->n_again <= YAML_MAX_NODES;
	     times--) {
		before = job->n_actions;
		r->n_again += actions->weight;
		load_actions(r, actions, "repeat.actions", job);
	}
	if (times && r->n == known)
		spec_complain(
			r, n->mark,
			"the job is too long once repeats are unrolled; expected at most %d actions and %d values",
			MAX_ACTIONS, YAML_MAX_NODES);
}

static void load_action(struct spec_report *r, const struct yaml_node *item,
			struct job_spec *job)
{
	static const char *const names[] = { "deploy", "boot", "test", "command" };
	const struct yaml_node *key, *val;
	size_t kind;

	if (!yaml_want_map(r, item, "the action"))
		return;
	if (item->n != 1) {
		spec_complain(
			r, item->mark,
			"the action has %zu keys; expected one: deploy, boot, test or command",
			item->n);
		return;
	}
	key = item->keys[0];
	val = item->vals[0];
	if (strcmp(key->text, "repeat") == 0) {
		load_repeat(r, val, job);
		return;
	}
	if (!yaml_get_word(r, key, "the action", names, ARRAY_SIZE(names), &kind))
		return;
	struct job_action *a = add_action(job);

	a->kind = (enum job_action_kind)kind;
	a->mark = key->mark;
	switch (a->kind) {
	case JOB_DEPLOY:
		job_load_deploy(r, val, a);
		return;
	case JOB_BOOT:
		job_load_boot(r, val, a);
		return;
	case JOB_TEST:
		job_load_test(r, val, a);
		return;
	case JOB_COMMAND:
		job_load_command(r, val, a);
		return;
	}
}

static void load_actions(struct spec_report *r, const struct yaml_node *n,
			 const char *what, void *base)
{
	struct job_spec *job = base;

	if (!yaml_want_list(r, n, what))
		return;
	if (!n->n)
		spec_complain(
			r, n->mark,
			"%s is empty; expected one action or more: deploy, boot, test, command",
			what);
	for (size_t i = 0; i < n->n; i++) {
		if (job->n_actions >= MAX_ACTIONS) {
			spec_complain(
				r, n->mark,
				"the job has too many actions; expected at most %d, repeats counted",
				MAX_ACTIONS);
			return;
		}
		load_action(r, n->vals[i], job);
	}
}

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

static void load_timeouts(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *base)
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

static void load_job_name(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	const char *s;

	if (!yaml_get_str(r, n, what, &s))
		return;
	if (!s[0] || strlen(s) > 200 || strpbrk(s, "\r\n"))
		spec_complain(r, n->mark, "%s is %s; expected one line of 1 to 200 bytes",
			      what, s[0] ? "too long" : "empty");
	else
		*(char **)str = xstrdup(s);
}

static void load_visibility(struct spec_report *r, const struct yaml_node *n,
			    const char *what, void *str)
{
	static const char *const words[] = { "public", "personal" };
	_cleanup_strvec_ struct strvec groups = STRVEC_INIT;
	const struct yaml_node *group = yaml_find(n, "group");
	size_t i;

	if (n->kind != YAML_MAP) {
		if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i))
			*(char **)str = xstrdup(words[i]);
		return;
	}
	if (n->n != 1 || !group) {
		spec_complain(
			r, n->mark,
			"%s is a mapping without group; expected public, personal or {group: [...]}",
			what);
		return;
	}
	if (!yaml_get_strs(r, group, "visibility.group", &groups))
		return;
	struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "group:");
	for (i = 0; i < groups.n; i++)
		strbuf_addf(&sb, "%s%s", i ? ", " : " ", groups.v[i]);
	*(char **)str = strbuf_take(&sb);
}

static void load_priority(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *str)
{
	static const char *const words[] = { "high", "medium", "low" };
	uint64_t v;
	size_t i;

	if (n->kind == YAML_SCALAR && n->text[0] >= '0' && n->text[0] <= '9') {
		if (yaml_get_u64(r, n, what, 0, 100, &v))
			*(char **)str = xstrdup(n->text);
	} else if (yaml_get_word(r, n, what, words, ARRAY_SIZE(words), &i)) {
		*(char **)str = xstrdup(words[i]);
	}
}

static void load_metadata(struct spec_report *r, const struct yaml_node *n,
			  const char *what, void *json)
{
	if (yaml_want_map(r, n, what))
		*(void **)json = yaml_to_json(n, false);
}

/* Shell variables for every definition, below what those set themselves. Kept with the
 * job until the actions are there. */
static void load_environment(struct spec_report *r, const struct yaml_node *n,
			     const char *what, void *base)
{
	struct job_spec *job = base;

	job_load_params(r, n, what, true, &job->environment, &job->n_environment);
}

static const struct yaml_field job_fields[] = {
	YAML_FN_REQUIRED("job_name", load_job_name, struct job_spec, job_name),
	YAML_LINE("device_type", struct job_spec, device_type),
	YAML_FN_BASE_REQUIRED("timeouts", load_timeouts),
	YAML_FN("priority", load_priority, struct job_spec, priority),
	YAML_FN("visibility", load_visibility, struct job_spec, visibility),
	YAML_FN("metadata", load_metadata, struct job_spec, metadata),
	YAML_FN("context", job_load_context, struct job_spec, context),
	YAML_LINES("tags", struct job_spec, tags),
	YAML_FN_BASE("environment", load_environment),
	YAML_FN_BASE("reboot_to_fastboot", spec_load_only_false),
	YAML_FN_BASE_REQUIRED("actions", load_actions),
	YAML_FN_BASE("bootrig", job_load_bootrig),
	YAML_REFUSED("notify",
		     "name where results go under bootrig: results: [{post: URL}]"),
	YAML_REFUSED("secrets", "what is typed on a console is recorded; leave it out"),
	YAML_REFUSED("protocols",
		     "one job runs on one board, without LAVA's MultiNode, LXC or VLANd"),
};

static struct spec_mark mark_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_find(map, key);

	return n ? n->mark : (struct spec_mark){ 0, 0 };
}

static int parse(const char *path, bool is_copy, const char *text, size_t len,
		 struct job_spec **out, struct spec_messages *msgs, struct err *err)
{
	_cleanup_free_ char *dir = spec_dir_of(path);
	_cleanup_spec_report_ struct spec_report r = { .path = path,
						       .dir = dir,
						       .is_copy = is_copy };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	_cleanup_job_spec_ struct job_spec *job = xcalloc(1, sizeof(*job));

	*out = NULL;
	job->path = xstrdup(path);
	job->text = xstrndup(text, len);
	job->text_len = len;
	job->recover = -1;
	job->loop_boots = 3;
	memset(job->watch.fatal, -1, sizeof(job->watch.fatal));
	if (yaml_parse(text, len, &doc, &r) == 0 &&
	    yaml_load_map(&r, yaml_root(doc), "", job_fields, ARRAY_SIZE(job_fields),
			  job)) {
		job->device_type_mark = mark_of(yaml_root(doc), "device_type");
		job->tags_mark = mark_of(yaml_root(doc), "tags");
		job_settle(&r, job);
		job_settle_kernels(&r, job);
	}
	int ret = spec_report_finish(&r, msgs, err);

	if (ret)
		return ret;
	*out = TAKE_PTR(job);
	return 0;
}

int job_spec_parse(const char *path, const char *text, size_t len, struct job_spec **out,
		   struct spec_messages *msgs, struct err *err)
{
	return parse(path, false, text, len, out, msgs, err);
}

int job_spec_parse_copy(const char *path, const char *text, size_t len,
			struct job_spec **out, struct spec_messages *msgs,
			struct err *err)
{
	return parse(path, true, text, len, out, msgs, err);
}

int spec_read_file(const char *path, struct strbuf *out, struct spec_messages *msgs,
		   struct err *err)
{
	int r = io_read_file_at(AT_FDCWD, path, YAML_MAX_BYTES, out);

	if (!r)
		return 0;
	if (r == -EFBIG) {
		strvec_addf(&msgs->v, "%s:1:1: too large; expected at most %d bytes",
			    path, YAML_MAX_BYTES);
		return err_set(err, ERR_JOB, -EINVAL, "%s", msgs->v.v[msgs->v.n - 1]);
	}
	strvec_addf(&msgs->v, "%s:1:1: cannot be read: %s", path, strerror(-r));
	return err_set(err, ERR_JOB, r, "%s: %s", path, strerror(-r));
}

int job_spec_load(const char *path, struct job_spec **out, struct spec_messages *msgs,
		  struct err *err)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	int r = spec_read_file(path, &sb, msgs, err);

	*out = NULL;
	if (r)
		return r;
	return job_spec_parse(path, strbuf_str(&sb), sb.len, out, msgs, err);
}

int64_t job_timeout_ms(const struct job_spec *job, const char *lava_action,
		       int64_t dflt_ms)
{
	for (size_t i = 0; i < job->n_named_timeouts; i++)
		if (strcmp(job->named_timeouts[i].action, lava_action) == 0)
			return job->named_timeouts[i].ms;
	return dflt_ms;
}

enum spec_kind spec_kind_of(const char *path, const char *text, size_t len,
			    struct spec_messages *msgs)
{
	_cleanup_spec_report_ struct spec_report r = { .path = path };
	_cleanup_yaml_doc_ struct yaml_doc *doc = NULL;
	struct err err = ERR_INIT;

	if (yaml_parse(text, len, &doc, &r) == 0) {
		const struct yaml_node *root = yaml_root(doc);

		if (yaml_find(root, "actions") || yaml_find(root, "job_name"))
			return SPEC_JOB;
		if (yaml_find(root, "board") || yaml_find(root, "console") ||
		    yaml_find(root, "power"))
			return SPEC_BOARD;
		if (root->kind == YAML_LIST || yaml_find(root, "hypotheses") ||
		    yaml_find(root, "name"))
			return SPEC_HYPOTHESES;
		spec_complain(
			&r, root->mark,
			"neither a job nor a board nor a hypothesis file; expected a mapping with job_name and actions, with board, console and power, or with name and clauses");
	}
	/* The messages are the result here. */
	if (spec_report_finish(&r, msgs, &err) == 0)
		BUG("a file of unknown kind without a complaint");
	return SPEC_UNKNOWN;
}

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
