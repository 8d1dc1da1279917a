// SPDX-License-Identifier: GPL-2.0-or-later
/* One run's directory. */
#include "session/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "util/io.h"
#include "util/mem.h"
#include "util/path.h"
#include "util/random.h"
#include "util/strbuf.h"

enum { NAME_PART_MAX = 40 };

/* What may stand in a file name, a URL and a KCIDB id alike. */
static void add_name(struct strbuf *sb, const char *s)
{
	for (size_t i = 0; s[i] && i < NAME_PART_MAX; i++) {
		char c = s[i];
		int ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			 (c >= '0' && c <= '9') || c == '_' || c == '.';

		strbuf_addch(sb, ok ? c : '-');
	}
}

static char *make_id(const char *board, const char *job)
{
	struct strbuf sb = STRBUF_INIT;
	struct wall_time now = clock_wall();
	char rnd[9];

	for (const char *p = now.str; *p && *p != '.'; p++)
		if (*p != '-' && *p != ':')
			strbuf_addch(&sb, *p);
	strbuf_addstr(&sb, "Z-");
	add_name(&sb, board);
	strbuf_addch(&sb, '-');
	add_name(&sb, job);
	random_hex(rnd, sizeof(rnd) / 2);
	strbuf_addf(&sb, "-%s", rnd);
	return strbuf_take(&sb);
}

void run_dir_release(struct run_dir *d)
{
	if (d->dirfd >= 0)
		close(d->dirfd);
	free(d->path);
	free(d->id);
	*d = (struct run_dir)RUN_DIR_INIT;
}

int run_dir_open(const char *path, struct run_dir *out, struct err *err)
{
	char real[PATH_MAX];

	*out = (struct run_dir)RUN_DIR_INIT;
	if (!realpath(path, real))
		return err_set(err, ERR_LAB, -errno, "run directory %s: %s", path,
			       strerror(errno));
	out->dirfd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dirfd < 0)
		return err_set(err, ERR_LAB, -errno, "run directory %s: %s", path,
			       strerror(errno));
	out->path = xstrdup(real);
	out->id = xstrdup(path_last(real));
	return 0;
}

int run_dir_create(const char *runs_dir, const char *board, const char *job,
		   struct run_dir *out, struct err *err)
{
	_cleanup_free_ char *id = make_id(board, job);
	_cleanup_free_ char *path = xasprintf("%s/%s", runs_dir, id);
	_cleanup_free_ char *artifacts = xasprintf("%s/artifacts", path);
	/* A file in its place is told from a directory that is closed to us. */
	_cleanup_free_ char *inside = xasprintf("%s/.", runs_dir);
	int r = io_mkdir_p(runs_dir);

	*out = (struct run_dir)RUN_DIR_INIT;
	if (r || access(inside, W_OK | X_OK))
		return err_set(err, ERR_LAB, r ? r : -errno,
			       "no runs can be written to %s: %s; --runs names another "
			       "directory",
			       runs_dir, strerror(r ? -r : errno));
	if (mkdir(path, 0755) || mkdir(artifacts, 0755))
		r = -errno;
	if (r)
		return err_set(err, ERR_LAB, r, "run directory %s: %s", path,
			       strerror(-r));
	return run_dir_open(path, out, err);
}

int run_dir_write(const struct run_dir *d, const char *name, const void *data, size_t len,
		  struct err *err)
{
	int r = io_atomic_write_at(d->dirfd, name, data, len);

	return r ? err_set(err, ERR_LAB, r, "%s/%s: %s", d->path, name, strerror(-r)) : 0;
}
