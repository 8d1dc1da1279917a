// SPDX-License-Identifier: GPL-2.0-or-later
/* A URL of a job file as an open local file, hashed. Knows nothing of what the bytes are.
 */
#include "kernel/fetch.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>

#include "kernel/transfer.h"
#include "util/io.h"
#include "util/mem.h"

/* Freed memory stays with us: a large step would stay in the process for good. */
enum { IDLE_MS = 60000, HASH_STEP = 1 << 17 };

const char *fetch_local_dir(const char *url)
{
	struct stat st;

	if (strncmp(url, "file:", 5) != 0 || stat(url + 5, &st) || !S_ISDIR(st.st_mode))
		return NULL;
	return url + 5;
}

void fetched_release(struct fetched *f)
{
	cleanup_close(&f->fd);
	*f = (struct fetched)FETCHED_INIT;
}

/* The path that a file: URL or a bare path means, or NULL for another scheme. Borrowed
 * from url. */
static const char *path_of(const char *url)
{
	if (strncasecmp(url, "file://localhost/", 17) == 0)
		return url + 16;
	if (strncasecmp(url, "file:///", 8) == 0)
		return url + 7;
	if (strncasecmp(url, "file://", 7) == 0)
		return NULL; /* another host */
	if (strncasecmp(url, "file:", 5) == 0)
		return url + 5;
	size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return n && url[n] == ':' ? NULL : url;
}

/* Never blocks on a FIFO; follows symbolic links, because it is the user's own path. */
static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT && strchr(path, '%')) {
		char *plain = curl_easy_unescape(NULL, path, 0, NULL);

		fd = plain ? open(plain, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
			   : -1;
		int e = fd < 0 ? ENOENT : 0;
		curl_free(plain);
		errno = e;
	}
	return fd < 0 ? -errno : fd;
}

static int64_t mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static int open_local(const struct fetch *f, const char *path, struct fetched *out,
		      struct err *err)
{
	struct stat st;
	int fd = open_path(path);

	if (fd < 0)
		return err_set(err, fd == -EIO || fd == -EMFILE ? ERR_LAB : ERR_JOB, fd,
			       "%s: %s", f->url, strerror(-fd));
	out->fd = fd;
	out->in_place = true;
	if (fstat(fd, &st))
		return err_set(err, ERR_LAB, -errno, "%s: %s", f->url, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_JOB, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
			       "%s: not a regular file", f->url);
	out->size = (uint64_t)st.st_size;
	out->mtime_ns = mtime_ns(&st);
	if (out->size > f->max_bytes)
		return err_set(err, ERR_JOB, -EFBIG, "%s: more than %llu bytes", f->url,
			       (unsigned long long)f->max_bytes);
	return 0;
}

static int keep(void *arg, const void *data, size_t len)
{
	return io_write_all(*(const int *)arg, data, len);
}

static int download(const struct fetch *f, const struct task *task, struct fetched *out,
		    struct err *err)
{
	struct transfer t = { .url = f->url,
			      .max_bytes = f->max_bytes,
			      .idle_ms = IDLE_MS,
			      .sink = keep,
			      .sink_arg = &out->fd };
	struct transferred done;

	out->fd = openat(f->tmp_dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (out->fd < 0)
		return err_set(err, ERR_LAB, -errno, "no room for a download: %s",
			       strerror(errno));
	int r = transfer_get(&t, task, &done, err);
	out->size = done.bytes;
	if (!r && lseek(out->fd, 0, SEEK_SET) < 0)
		r = err_set(err, ERR_LAB, -errno, "a download: %s", strerror(errno));
	return r;
}

static int hash_all(const struct fetch *f, const struct task *task, struct fetched *out,
		    struct err *err)
{
	_cleanup_free_ char *buf = xmalloc(HASH_STEP);
	struct sha256 *h = sha256_new();
	uint64_t at = 0;
	int r = 0;

	while (!r && at < out->size) {
		ssize_t n = pread(out->fd, buf, HASH_STEP, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? err_set(err, ERR_LAB, -errno, "%s: %s", f->url,
					    strerror(errno))
				  : err_set(err, ERR_JOB, -ESTALE,
					    "%s: became shorter while it was read",
					    f->url);
			break;
		}
		sha256_update(h, buf, (size_t)n);
		at += (uint64_t)n;
		r = task_check(task, f->url, err);
	}
	out->sha256 = sha256_finish(h);
	return r;
}

static int check_sum(const struct fetch *f, const struct fetched *out, struct err *err)
{
	if (!f->sha256sum || strcasecmp(f->sha256sum, out->sha256.str) == 0)
		return 0;
	return err_set(err, ERR_JOB, -EBADMSG, "%s: sha256 is %s, the job says %s",
		       f->url, out->sha256.str, f->sha256sum);
}

int fetch_open(const struct fetch *f, const struct task *task, struct fetched *out,
	       struct err *err)
{
	_cleanup_free_ char *shown = url_masked(f->url);
	struct fetch mine = *f;
	const char *path = path_of(f->url);
	int r = task_check(task, shown, err);

	*out = (struct fetched)FETCHED_INIT;
	if (!mine.max_bytes)
		mine.max_bytes = FETCH_MAX_BYTES;
	if (!r && path)
		r = open_local(&mine, path, out, err);
	else if (!r && (strncasecmp(f->url, "http://", 7) == 0 ||
			strncasecmp(f->url, "https://", 8) == 0))
		r = download(&mine, task, out, err);
	else if (!r)
		r = err_set(err, ERR_JOB, -EPROTONOSUPPORT,
			    "%s: want a file:, http: or https: URL", shown);
	mine.url = shown; /* no password in what follows */
	if (!r)
		r = hash_all(&mine, task, out, err);
	if (!r)
		r = check_sum(&mine, out, err);
	if (r)
		fetched_release(out);
	return r;
}

int fetched_recheck(const struct fetched *f, const char *url, struct err *err)
{
	struct stat st;

	if (!f->in_place)
		return 0;
	if (fstat(f->fd, &st))
		return err_set(err, ERR_LAB, -errno, "%s: %s", url, strerror(errno));
	if ((uint64_t)st.st_size == f->size && mtime_ns(&st) == f->mtime_ns)
		return 0;
	return err_set(err, ERR_JOB, -ESTALE, "%s: changed while it was read", url);
}
