// SPDX-License-Identifier: GPL-2.0-or-later
/* console.raw and console.idx: what came, and when. Written before anybody interprets it,
 * never edited. */
#include "console/record.h"

#include <errno.h>
#include <fcntl.h>

#include "util/io.h"

/* Bytes closer than this share one line of the index. */
#define INDEX_STEP_NS INT64_C(2000000)

int record_open(struct record *r, int dirfd, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

	*r = (struct record)RECORD_INIT;
	r->raw_fd = openat(dirfd, "console.raw", flags, 0644);
	r->idx_fd = r->raw_fd < 0 ? -1 : openat(dirfd, "console.idx", flags, 0644);
	if (r->idx_fd < 0)
		return err_set(err, ERR_LAB, -errno, "console.raw: %s", strerror(errno));
	return 0;
}

static void sync_and_close(int fd)
{
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

void record_close(struct record *r)
{
	sync_and_close(TAKE_FD(r->raw_fd));
	sync_and_close(TAKE_FD(r->idx_fd));
}

int record_sync(const struct record *r, struct err *err)
{
	if (fsync(r->raw_fd) || fsync(r->idx_fd))
		return err_set(err, ERR_LAB, -errno, "console.raw: fsync: %s",
			       strerror(errno));
	return 0;
}

int record_stamp(struct record *r, int64_t now_ns, int64_t told_ns, int64_t *t_ns,
		 struct err *err)
{
	char line[64];

	if (r->idx_t_ns >= 0 && now_ns - r->idx_t_ns < INDEX_STEP_NS &&
	    r->idx_t_ns >= told_ns) {
		*t_ns = r->idx_t_ns;
		return 0;
	}
	int n = snprintf(line, sizeof(line), "%lld %llu\n", (long long)now_ns,
			 (unsigned long long)r->offset);
	int e = io_write_all(r->idx_fd, line, (size_t)n);
	if (e)
		return err_set(err, ERR_LAB, e, "console.idx: %s", strerror(-e));
	r->idx_t_ns = now_ns;
	*t_ns = now_ns;
	return 0;
}

int record_write(struct record *r, const char *data, size_t len, struct err *err)
{
	int e = io_write_all(r->raw_fd, data, len);

	if (e)
		return err_set(err, ERR_LAB, e, "console.raw: %s", strerror(-e));
	r->offset += len;
	return 0;
}
