// SPDX-License-Identifier: GPL-2.0-or-later
/* The reports inside a run directory. */
#include "report/run_files.h"

#include <errno.h>
#include <fcntl.h>

#include "report/junit.h"
#include "report/kcidb.h"
#include "report/result.h"
#include "util/io.h"
#include "util/jsonx.h"

static size_t read_console(void *arg, uint64_t offset, char *buf, size_t cap)
{
	int fd = *(const int *)arg;
	size_t len = 0;

	while (len < cap && offset <= INT64_MAX - cap) {
		ssize_t n = pread(fd, buf + len, cap - len, (off_t)(offset + len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

int run_files_kcidb(int run_dirfd, const json_t *result, const char *origin, json_t **out,
		    struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct kcidb_opts opts = { .origin = origin, .arg = &fd };

	if (run_dirfd >= 0)
		fd = openat(run_dirfd, "console.raw", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		opts.read_console = read_console;
	return kcidb_from_result(result, &opts, out, err);
}

static int write_file(int dirfd, const char *name, const char *data, size_t len,
		      struct err *err)
{
	int r = io_atomic_write_at(dirfd, name, data, len);

	return r ? err_set(err, ERR_LAB, r, "cannot write %s: %s", name, strerror(-r))
		 : 0;
}

int run_files_write(int run_dirfd, const json_t *result, const char *origin,
		    json_t **kcidb, struct err *err)
{
	_cleanup_strbuf_ struct strbuf xml = STRBUF_INIT;
	_cleanup_json_ json_t *doc = NULL;

	if (kcidb)
		*kcidb = NULL;
	junit_from_result(result, &xml);
	int r = write_file(run_dirfd, "junit.xml", xml.buf, xml.len, err);
	if (r)
		return r;
	r = run_files_kcidb(run_dirfd, result, origin, &doc, err);
	if (r)
		return r;
	size_t len;
	_cleanup_free_ char *text = json_pretty(doc, &len);

	r = write_file(run_dirfd, "kcidb.json", text, len, err);
	if (!r && kcidb)
		*kcidb = TAKE_PTR(doc);
	return r;
}

static bool is_missing(const struct run_dir *dir, const char *name)
{
	return faccessat(dir->dirfd, name, F_OK, 0) != 0;
}

int run_files_add_missing(const struct run_dir *dir, const struct strbuf *events,
			  const json_t *result, struct err *err)
{
	size_t len;
	_cleanup_free_ char *text = json_pretty(result, &len);
	int r = 0;

	if (events && is_missing(dir, "events.jsonl"))
		r = run_dir_write(dir, "events.jsonl", strbuf_str(events), events->len,
				  err);
	if (!r && is_missing(dir, "result.json"))
		r = run_dir_write(dir, "result.json", text, len, err);
	return r;
}

static void keep_event(void *arg, const json_t *event)
{
	struct strbuf *events = arg;
	size_t len;
	_cleanup_free_ char *line = json_line(event, &len);

	strbuf_add(events, line, len);
}

int run_files_complete(const struct run_dir *dir, json_t **result, struct err *err)
{
	_cleanup_strbuf_ struct strbuf events = STRBUF_INIT;
	bool keep = is_missing(dir, "events.jsonl");
	int r = result_replay(dir->dirfd, keep ? keep_event : NULL, &events, result, err);

	if (!r)
		r = run_files_add_missing(dir, keep ? &events : NULL, *result, err);
	return r ? r : run_files_write(dir->dirfd, *result, NULL, NULL, err);
}
