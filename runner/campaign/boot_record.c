// SPDX-License-Identifier: GPL-2.0-or-later
/* From a run directory, or from none, to the record of a boot. */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "campaign/alive.h"
#include "campaign/boot_int.h"
#include "report/result_read.h"
#include "report/run_files.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

static bool is_known(const struct campaign *c, const char *name)
{
	const json_t *b;
	size_t i;

	json_array_foreach(campaign_boots(c), i, b)
	{
		const char *run = json_get_str(b, "run", "");

		if (strncmp(run, "runs/", 5) == 0 && strcmp(run + 5, name) == 0)
			return true;
	}
	return false;
}

/* One boot runs at a time, and each is recorded before the next: what no record knows is
 * the pending one's. NULL in *name: it made none. */
static int find_run(const struct campaign *c, char **name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/runs", c->dir.path);
	_cleanup_strvec_ struct strvec runs = STRVEC_INIT;
	int r = io_list_at(AT_FDCWD, path, &runs);

	*name = NULL;
	if (r && r != -ENOENT)
		return err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r));
	for (size_t i = 0; i < runs.n; i++) {
		if (runs.v[i][0] == '.' || is_known(c, runs.v[i]))
			continue;
		if (*name)
			return err_set(err, ERR_LAB, -ENOTUNIQ,
				       "%s: %s and %s are no runs of this campaign's "
				       "record; move those away that were put there",
				       path, *name, runs.v[i]);
		*name = xstrdup(runs.v[i]);
	}
	return 0;
}

/* A run that was killed has no result: its bytes tell. A directory without even a journal
 * is one that ended before it began. */
static json_t *load_result(const struct campaign *c, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/runs/%s", c->dir.path, name);
	struct run_dir dir = RUN_DIR_INIT;
	struct err ignored = ERR_INIT;
	json_t *result = NULL;

	if (!result_load(path, &result, &ignored))
		return result;
	if (!run_dir_open(path, &dir, &ignored) &&
	    run_files_complete(&dir, &result, &ignored)) {
		json_decref(result);
		result = NULL;
	}
	run_dir_release(&dir);
	return result;
}

static const char *status_of_exit(int code)
{
	if (code == 129)
		return "job";
	if (code == 130)
		return "canceled";
	return code == 134 ? "bug" : "lab";
}

/* One that was told to end so early that it died of it was canceled as well. */
static void fill_without_run(json_t *record, const struct boot_end *end)
{
	int code =
		end->is_known && WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1;
	const char *words = end->words && end->words[0]
				    ? end->words
				    : "it ended before there was a run";

	json_put(record, "status",
		 json_string(end->is_canceled ? "canceled" : status_of_exit(code)));
	json_put(record, "kind", json_null());
	json_put(record, "reason",
		 end->is_canceled ? json_string("canceled")
		 : code < 0       ? json_string("bootrig or its host was stopped")
				  : json_lossy_str(words));
	json_put(record, "exit_code", code < 0 ? json_null() : json_integer(code));
	json_put(record, "boots", json_integer(0));
	json_put(record, "seconds", json_real(0));
	json_put(record, "broke_off", json_boolean(code < 0));
}

static void fill_from_result(json_t *record, const json_t *result)
{
	const json_t *v = json_object_get(result, "verdict");

	json_put(record, "status", json_string(json_get_str(v, "status", "bug")));
	json_put(record, "kind", json_lossy_str(json_get_str(v, "kind", NULL)));
	json_put(record, "reason", json_lossy_str(json_get_str(v, "reason", "")));
	json_put(record, "exit_code",
		 json_integer(json_get_int(result, "exit_code", 134)));
	json_put(record, "boots", json_integer(json_get_int(result, "boots", 0)));
	json_put(record, "seconds", json_real(result_number(result, "duration_s", 0)));
	json_put(record, "broke_off",
		 json_boolean(!json_get_str(result, "end_time", NULL)));
}

/* The record of a run that was killed ends at the board's last word. */
static void add_silence(const struct campaign *c, json_t *record)
{
	double alive_s = campaign_alive_seconds(c, json_get_int(record, "n", -1));

	if (json_get_bool(record, "broke_off", false) &&
	    alive_s > result_number(record, "seconds", 0))
		json_put(record, "seconds", json_real(alive_s));
}

int boot_fill_record(const struct campaign *c, json_t *record, const struct boot_end *end,
		     json_t **result, struct err *err)
{
	_cleanup_free_ char *name = NULL;
	int r = find_run(c, &name, err);

	*result = NULL;
	if (r)
		return r;
	json_put(record, "run", name ? json_sprintf("runs/%s", name) : json_null());
	*result = name ? load_result(c, name) : NULL;
	if (*result)
		fill_from_result(record, *result);
	else
		fill_without_run(record, end);
	add_silence(c, record);
	return 0;
}

json_t *campaign_result_of(const struct campaign *c, const json_t *record)
{
	const char *run = json_get_str(record, "run", NULL);
	struct err ignored = ERR_INIT;
	json_t *result = NULL;

	if (!run)
		return NULL;
	_cleanup_free_ char *path = xasprintf("%s/%s", c->dir.path, run);
	return result_load(path, &result, &ignored) ? NULL : result;
}
