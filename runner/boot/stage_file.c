// SPDX-License-Identifier: GPL-2.0-or-later
/* One file on its way from a URL into the run's directory. Knows nothing of what it is.
 */
#include "boot/stage_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel/transfer.h"
#include "util/io.h"
#include "util/mem.h"

enum { COPY_STEP = 1 << 18 };

int stage_disk_failed(struct err *err, const char *name, int code)
{
	return err_set(err, ERR_LAB, code, "TFTP root: %s: %s", name, strerror(-code));
}

/* A new file in the run's directory, readable for the TFTP server, or a negative errno.
 */
int stage_file_create(const struct staged *s, const char *name, struct err *err)
{
	int fd = openat(s->dir.fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? stage_disk_failed(err, name, -errno) : fd;
}

int stage_file_unnamed(const struct staged *s, struct err *err)
{
	int fd = openat(s->dir.fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? stage_disk_failed(err, "a piece of the kernel", -errno) : fd;
}

/* Flush it, make it read-only for everybody, and give it its name. */
int stage_file_finish(const struct staged *s, int fd, const char *tmp, const char *name,
		      struct err *err)
{
	if (fchmod(fd, 0444) || fsync(fd) || renameat(s->dir.fd, tmp, s->dir.fd, name))
		return stage_disk_failed(err, name, -errno);
	return 0;
}

void stage_file_record(const struct staged *s, struct staged_file *f, const char *name,
		       const char *url, const struct sha256_hex *source)
{
	f->name = xstrdup(name);
	f->boot_path = xasprintf("%s/%s", s->dir.name, name);
	f->tftp_path =
		xasprintf("%s%s%s", s->subdir, s->subdir[0] ? "/" : "", f->boot_path);
	f->url = url_masked(url);
	f->source_sha256 = *source;
}

/* `len` bytes from `at`, appended to to_fd and to the hash. */
int stage_file_copy(int from_fd, uint64_t at, uint64_t len, int to_fd,
		    struct sha256 *hash, const struct task *task, const char *url,
		    struct err *err)
{
	_cleanup_free_ char *buf = xmalloc(COPY_STEP);
	int r = 0;

	while (!r && len) {
		ssize_t n = pread(from_fd, buf, len < COPY_STEP ? (size_t)len : COPY_STEP,
				  (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_LAB, -errno, "%s: %s", url,
				       strerror(errno));
		if (n == 0)
			return err_set(err, ERR_JOB, -ESTALE,
				       "%s: became shorter while it was read", url);
		sha256_update(hash, buf, (size_t)n);
		r = io_write_all(to_fd, buf, (size_t)n);
		if (r)
			return stage_disk_failed(err, url, r);
		at += (uint64_t)n;
		len -= (uint64_t)n;
		r = task_check(task, url, err);
	}
	return r;
}

int stage_file_fetch(const struct stage_request *req, const struct staged *s,
		     const struct job_file *file, uint64_t max_bytes, struct fetched *out,
		     struct err *err)
{
	struct fetch f = { .url = file->url,
			   .sha256sum = file->sha256sum,
			   .max_bytes = max_bytes,
			   .tmp_dirfd = s->dir.fd };

	return fetch_open(&f, &req->task, out, err);
}

int stage_file_head(int fd, uint8_t *head, size_t size, size_t *n, const char *url,
		    struct err *err)
{
	ssize_t got = pread(fd, head, size, 0);

	*n = got < 0 ? 0 : (size_t)got;
	return got < 0 ? err_set(err, ERR_LAB, -errno, "%s: %s", url, strerror(errno))
		       : 0;
}

void stage_file_release(struct staged_file *f)
{
	free(f->name);
	free(f->boot_path);
	free(f->tftp_path);
	free(f->url);
	*f = (struct staged_file){ .name = NULL };
}
