// SPDX-License-Identifier: GPL-2.0-or-later
/* campaign.json: made, found again, written. */
#include "campaign/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "util/hash.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/log.h"
#include "util/mem.h"

static const char schema[] = "bootrig.campaign/1", file_name[] = "campaign.json";

json_t *campaign_plan(const char *kind, const struct job_spec *job,
		      const struct board_spec *board, json_t *take_cells)
{
	struct sha256_hex sha = sha256_of(job->text, job->text_len);
	json_t *plan = json_object(), *j = json_object();

	json_put(j, "name", json_lossy_str(job->job_name));
	json_put(j, "file", json_lossy_str(job->path));
	json_put(j, "sha256", json_string(sha.str));
	json_put(plan, "kind", json_string(kind));
	json_put(plan, "job", j);
	json_put(plan, "board", json_lossy_str(board->board));
	json_put(plan, "cells", take_cells);
	return plan;
}

/* Where the job was called from does not matter; nor, for by_name, what it says. */
static json_t *comparable(const json_t *plan, bool by_name)
{
	json_t *j = json_deep_copy(plan);

	json_object_del(json_object_get(j, "job"), "file");
	if (by_name)
		json_object_del(json_object_get(j, "job"), "sha256");
	return j;
}

static bool is_alike(const json_t *a, const json_t *b, bool by_name)
{
	_cleanup_json_ json_t *x = comparable(a, by_name);
	_cleanup_json_ json_t *y = comparable(b, by_name);

	return json_equal(x, y);
}

static bool is_same_plan(const json_t *a, const json_t *b)
{
	return is_alike(a, b, false);
}

static int lock(const struct campaign *c, struct err *err)
{
	if (!flock(c->dir.dirfd, LOCK_EX | LOCK_NB))
		return 0;
	return err_set(err, ERR_LAB, errno == EWOULDBLOCK ? -EBUSY : -errno,
		       "campaign %s: %s", c->dir.path,
		       errno == EWOULDBLOCK ? "another process runs it"
					    : strerror(errno));
}

static int load_state(struct campaign *c, struct err *err)
{
	_cleanup_strbuf_ struct strbuf text = STRBUF_INIT;
	json_error_t why;
	int r = io_read_file_at(c->dir.dirfd, file_name, CAMPAIGN_MAX_BYTES, &text);

	if (r)
		return err_set(err, ERR_LAB, r, "%s/%s: %s", c->dir.path, file_name,
			       strerror(-r));
	c->state = json_loadb(strbuf_str(&text), text.len, 0, &why);
	if (!c->state)
		return err_set(err, ERR_LAB, -EINVAL, "%s/%s:%d: %s", c->dir.path,
			       file_name, why.line, why.text);
	if (strcmp(json_get_str(c->state, "schema", ""), schema) != 0 ||
	    !json_is_array(campaign_boots(c)) ||
	    !json_is_object(json_object_get(c->state, "plan")))
		return err_set(err, ERR_LAB, -EINVAL, "%s/%s is no state of a campaign",
			       c->dir.path, file_name);
	return 0;
}

static int load(const char *path, struct campaign *c, struct err *err)
{
	int r = run_dir_open(path, &c->dir, err);

	return r ? r : load_state(c, err);
}

/* Read again under the lock: whoever had it may have written since. */
static int take(struct campaign *c, struct err *err)
{
	int r = lock(c, err);

	if (r)
		return r;
	json_decref(c->state);
	c->state = NULL;
	return load_state(c, err);
}

static bool is_unfinished(const struct campaign *c, const json_t *plan)
{
	return !json_get_bool(c->state, "finished", false) &&
	       is_same_plan(json_object_get(c->state, "plan"), plan);
}

/* An edited job begins a new campaign, and nobody may have meant to leave hours behind.
 * Told of the last one of that job only, so not for ever. */
static void note_changed(const struct campaign *c, const json_t *plan, const char *path,
			 bool *is_known, char **changed)
{
	if (*is_known || !is_alike(json_object_get(c->state, "plan"), plan, true))
		return;
	*is_known = true;
	if (!json_get_bool(c->state, "finished", false))
		*changed = xstrdup(path);
}

/* The youngest that fits: names begin with the time. What cannot be read may be what was
 * meant, so it is told. */
static void find(const char *runs_dir, const json_t *plan, struct campaign *out)
{
	_cleanup_free_ char *changed = NULL;
	bool is_known = false;
	_cleanup_strvec_ struct strvec names = STRVEC_INIT;

	if (io_list_at(AT_FDCWD, runs_dir, &names))
		return;
	for (size_t i = names.n; i-- > 0 && !out->state;) {
		_cleanup_free_ char *path = xasprintf("%s/%s", runs_dir, names.v[i]);
		_cleanup_free_ char *inside = xasprintf("%s/%s", path, file_name);
		struct campaign c = CAMPAIGN_INIT;
		struct err why = ERR_INIT;

		if (names.v[i][0] == '.' || access(inside, F_OK))
			continue;
		int r = load(path, &c, &why);
		if (r)
			log_warn("not gone on with: %s", why.msg);
		if (!r && is_unfinished(&c, plan)) {
			*out = c;
			continue;
		}
		if (!r)
			note_changed(&c, plan, path, &is_known, &changed);
		campaign_release(&c);
	}
	if (!out->state && changed)
		log_warn("not gone on with: %s, whose job was changed since", changed);
}

/* The one that goes on, or nothing in *out. It may end while we look at it. */
static int find_and_take(const char *runs_dir, const json_t *plan, struct campaign *out,
			 struct err *err)
{
	find(runs_dir, plan, out);
	if (!out->state)
		return 0;
	int r = take(out, err);
	if (!r && !is_unfinished(out, plan))
		campaign_release(out);
	return r;
}

static int make(const char *runs_dir, const json_t *plan, struct campaign *c,
		struct err *err)
{
	_cleanup_free_ char *name = xasprintf(
		"%.30s-%s", json_get_str(json_object_get(plan, "job"), "name", "job"),
		json_get_str(plan, "kind", ""));
	struct wall_time now = clock_wall();
	int r = run_dir_create(runs_dir, json_get_str(plan, "board", "board"), name,
			       &c->dir, err);

	if (r)
		return r;
	c->state = json_object();
	json_put(c->state, "schema", json_string(schema));
	json_put(c->state, "id", json_string(c->dir.id));
	json_put(c->state, "bootrig", json_string(BOOTRIG_VERSION));
	json_put(c->state, "plan", json_deep_copy(plan));
	json_put(c->state, "start_time", json_string(now.str));
	json_put(c->state, "sessions", json_integer(0));
	json_put(c->state, "finished", json_false());
	json_put(c->state, "boots", json_array());
	json_put(c->state, "pending", json_null());
	return 0;
}

static int check_plan(const struct campaign *c, const json_t *plan, struct err *err)
{
	if (is_same_plan(json_object_get(c->state, "plan"), plan))
		return 0;
	return err_set(err, ERR_JOB, -EINVAL,
		       "%s is a campaign of another job, board or set of kernels, or the "
		       "job was changed since: begin a new one",
		       c->dir.path);
}

int campaign_open(const char *runs_dir, const char *resume, bool is_new,
		  const json_t *plan, struct campaign *out, struct err *err)
{
	int r = 0;

	*out = (struct campaign)CAMPAIGN_INIT;
	if (resume) {
		r = load(resume, out, err);
		if (r == -ENOENT || r == -ENOTDIR)
			r = err_set(err, ERR_JOB, r,
				    "%s is no directory of a matrix or soak", resume);
		if (!r)
			r = check_plan(out, plan, err);
		if (!r)
			r = take(out, err);
	} else if (!is_new) {
		r = find_and_take(runs_dir, plan, out, err);
	}
	if (r)
		return r;
	out->is_resumed = out->state != NULL;
	if (!out->is_resumed) {
		r = make(runs_dir, plan, out, err);
		if (!r)
			r = lock(out, err);
	}
	if (r)
		return r;
	json_put(out->state, "sessions", json_integer(campaign_session(out) + 1));
	json_put(out->state, "finished", json_false());
	return campaign_save(out, err);
}

int campaign_save(const struct campaign *c, struct err *err)
{
	size_t len;
	_cleanup_free_ char *text = json_pretty(c->state, &len);

	return run_dir_write(&c->dir, file_name, text, len, err);
}

void campaign_release(struct campaign *c)
{
	run_dir_release(&c->dir);
	json_decref(c->state);
	*c = (struct campaign)CAMPAIGN_INIT;
}

json_t *campaign_boots(const struct campaign *c)
{
	return json_object_get(c->state, "boots");
}

int64_t campaign_session(const struct campaign *c)
{
	return json_get_int(c->state, "sessions", 0);
}
