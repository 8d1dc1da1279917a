// SPDX-License-Identifier: GPL-2.0-or-later
/* A result to its files and receivers. */
#include <stdio.h>

#include "cmd/run_result.h"
#include "report/post.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

enum { POST_NOW_MS = 4000 };

int run_result_write(const struct run_dir *dir, const json_t *result, struct err *err)
{
	size_t len;
	_cleanup_free_ char *text = json_pretty(result, &len);

	return run_dir_write(dir, "result.json", text, len, err);
}

int run_result_write_to(const json_t *result, const char *path, struct err *err)
{
	_cleanup_free_ char *full = json_pretty(result, NULL);
	int r;

	if (strcmp(path, "-") == 0)
		r = io_write_all(STDOUT_FILENO, full, strlen(full));
	else
		r = io_atomic_write(path, full, strlen(full));
	return r ? err_set(err, ERR_LAB, r, "%s: %s", path, strerror(-r)) : 0;
}

void run_result_post(const char *command, const json_t *result, const json_t *kcidb,
		     const struct destinations *to)
{
	_cleanup_spool_ struct spool *s = NULL;
	struct post_opts o = POST_OPTS_INIT;
	struct post_summary sum = { 0 };
	struct err err = ERR_INIT;
	int r;

	if (!to->n)
		return;
	r = spool_open(NULL, &s, &err);
	if (!r)
		r = post_enqueue(s, result, kcidb, to, false, NULL, &err);
	o.run_id = json_get_str(result, "id", NULL);
	o.deadline = deadline_in_ms(POST_NOW_MS);
	o.connect_ms = o.request_ms = POST_NOW_MS;
	if (!r)
		r = post_flush(s, &o, &sum, &err);
	if (r)
		fprintf(stderr, "bootrig %s: posting: %s\n", command, err.msg);
	else if (sum.pending)
		fprintf(stderr, "bootrig %s: %zu result%s waiting in the outbox %s\n",
			command, sum.pending, sum.pending == 1 ? "" : "s", spool_path(s));
}
