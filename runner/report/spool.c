// SPDX-License-Identifier: GPL-2.0-or-later
/* The outbox on disk: its directories, and what is put into it. Every step is one rename,
 * so that a kill leaves the state before it or after it. An entry is immutable. */
#include "report/spool_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "report/result_read.h"
#include "util/clock.h"
#include "util/io.h"
#include "util/jsonx.h"
#include "util/mem.h"

static const char *const dir_names[SPOOL_N_DIRS] = { "pending", "state", "sent", "dead" };

char *spool_default_path(void)
{
	const char *own = getenv("BOOTRIG_SPOOL"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (own && *own)
		return xstrdup(own);
	if (state && *state == '/')
		return xasprintf("%s/bootrig/spool", state);
	return xasprintf("%s/.local/state/bootrig/spool", home && *home ? home : "/root");
}

/* A directory below fd that is there after a power cut, too. */
static int open_dir(int fd, const char *name)
{
	if (!mkdirat(fd, name, 0700)) {
		if (fsync(fd))
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	int dir = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return dir < 0 ? -errno : dir;
}

/* The spool itself: 0700, its parents as mkdir -p makes them. */
static int open_root(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash && slash > path) {
		_cleanup_free_ char *parent = xstrndup(path, (size_t)(slash - path));
		int r = io_mkdir_p(parent);

		if (r)
			return r;
	}
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int spool_open(const char *path, struct spool **out, struct err *err)
{
	_cleanup_spool_ struct spool *s = xcalloc(1, sizeof(*s));
	_cleanup_close_ int root = -1;

	*out = NULL;
	s->path = path ? xstrdup(path) : spool_default_path();
	for (int i = 0; i < SPOOL_N_DIRS; i++)
		s->dirs[i] = -1;
	root = open_root(s->path);
	if (root < 0)
		return err_set(err, ERR_LAB, root,
			       "outbox %s: %s; $BOOTRIG_SPOOL names another", s->path,
			       strerror(-root));
	for (int i = 0; i < SPOOL_N_DIRS; i++) {
		int fd = open_dir(root, dir_names[i]);

		if (fd < 0)
			return err_set(err, ERR_LAB, fd, "outbox %s/%s: %s", s->path,
				       dir_names[i], strerror(-fd));
		s->dirs[i] = fd;
	}
	*out = TAKE_PTR(s);
	return 0;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	for (int i = 0; i < SPOOL_N_DIRS; i++)
		if (s->dirs[i] >= 0)
			close(s->dirs[i]);
	free(s->path);
	free(s);
}

const char *spool_path(const struct spool *s)
{
	return s->path;
}

bool spool_is_in(const struct spool *s, enum spool_dir dir, const char *name)
{
	return !faccessat(s->dirs[dir], name, F_OK, AT_SYMLINK_NOFOLLOW);
}

char *spool_entry_name(const char *run_id, const struct destination *to,
		       struct sha256_hex body)
{
	_cleanup_free_ char *where =
		xasprintf("%s %s", spool_kind_to_str(to->kind), to->url);

	return xasprintf("%s~%.12s~%.12s", run_id, sha256_of(where, strlen(where)).str,
			 body.str);
}

int spool_enqueue(const struct spool *s, const char *run_id, const struct destination *to,
		  const void *body, size_t len, bool again, enum spool_added *added,
		  struct err *err)
{
	struct sha256_hex sha = sha256_of(body, len);
	_cleanup_json_ json_t *header = json_object();
	_cleanup_strbuf_ struct strbuf file = STRBUF_INIT;
	enum spool_added ignored;

	if (!added)
		added = &ignored;
	if (!run_id_is_valid(run_id))
		return err_set(err, ERR_JOB, -EINVAL, "\"%s\" is no run id", run_id);
	if (len > SPOOL_MAX_BODY)
		return err_set(err, ERR_JOB, -EFBIG, "%s: %zu bytes are too much to post",
			       run_id, len);
	_cleanup_free_ char *name = spool_entry_name(run_id, to, sha);
	*added = SPOOL_WAS_PENDING;
	if (spool_is_in(s, SPOOL_PENDING, name))
		return 0;
	*added = SPOOL_WAS_SENT;
	if (!again && spool_is_in(s, SPOOL_SENT, name))
		return 0;
	json_put(header, "schema", json_string(SPOOL_SCHEMA));
	json_put(header, "run", json_lossy_str(run_id));
	json_put(header, "kind", json_string(spool_kind_to_str(to->kind)));
	json_put(header, "url", json_lossy_str(to->url));
	json_put(header, "operators", json_boolean(to->is_operators));
	json_put(header, "sha256", json_string(sha.str));
	json_put(header, "queued", json_string(clock_wall().str));
	size_t n;
	_cleanup_free_ char *line = json_line(header, &n);
	if (n > SPOOL_HEADER_MAX)
		return err_set(err, ERR_JOB, -EINVAL, "the URL is too long");
	strbuf_add(&file, line, n);
	strbuf_add(&file, body, len);
	int r = io_atomic_write_at(s->dirs[SPOOL_PENDING], name, file.buf, file.len);
	if (r)
		return err_set(err, ERR_LAB, r, "outbox %s: cannot queue %s: %s", s->path,
			       run_id, strerror(-r));
	*added = SPOOL_ADDED;
	return 0;
}
