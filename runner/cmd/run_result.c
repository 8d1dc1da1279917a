// SPDX-License-Identifier: GPL-2.0-or-later
/* A result to its files and receivers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

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

/* A pipe, /dev/null: no rename puts a file in their place. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !slash ? xstrdup(".") : xstrndup(path, (size_t)(slash - path) + 1);
}

int run_result_can_write_to(const char *path, struct err *err)
{
	struct stat st;
	int r = 0;

	if (!path || strcmp(path, "-") == 0)
		return 0;
	_cleanup_free_ char *dir = dir_of(path);
	size_t n = strlen(path);
	if (is_special(path))
		r = access(path, W_OK) ? -errno : 0;
	else if (!n || path[n - 1] == '/' || (!stat(path, &st) && S_ISDIR(st.st_mode)))
		r = -EISDIR;
	else if (access(dir, W_OK | X_OK)) /* it appears there by rename */
		r = -errno;
	return r ? err_set(err, ERR_JOB, r, "--json %s: %s", path, strerror(-r)) : 0;
}

static int write_special(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
}

int run_result_write_to(const json_t *result, const char *path, struct err *err)
{
	_cleanup_free_ char *full = json_pretty(result, NULL);
	int r;

	if (strcmp(path, "-") == 0)
		r = io_write_all(STDOUT_FILENO, full, strlen(full));
	else if (is_special(path))
		r = write_special(path, full);
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
