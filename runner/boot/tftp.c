// SPDX-License-Identifier: GPL-2.0-or-later
/* Fetch back over TFTP what was staged, and compare. Streams: memory stays constant.
 * Knows nothing of what the files are for. */
#include "boot/tftp.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "boot/tftpd.h"
#include "kernel/transfer.h"
#include "util/crc32.h"
#include "util/mem.h"

enum {
	IDLE_MS = 10000,
	LOOPBACK_BLOCK = 65464, /* RFC 2348's most: each block costs a round trip */
};

struct verify {
	char *base_url; /* with a slash at its end */
	long block_bytes;
	bool wants_crc;
	const struct staged *s;
	struct task task;
	struct tftp_report *out;
	struct err *err;
};

/* Sums of one file. */
struct sums {
	struct sha256 *sha;
	bool wants_crc;
	uint32_t crc;
};

static int sum_sink(void *arg, const void *data, size_t len)
{
	struct sums *s = arg;

	sha256_update(s->sha, data, len);
	if (s->wants_crc)
		s->crc = crc32_add(s->crc, data, len);
	return 0;
}

static int get(const struct verify *v, const char *path, uint64_t max_bytes,
	       struct sha256_hex *sha, uint32_t *crc, struct transferred *done)
{
	_cleanup_free_ char *url = xasprintf("%s%s", v->base_url, path);
	struct sums sums = { .sha = sha256_new(), .wants_crc = v->wants_crc };
	struct transfer t = { .url = url,
			      .max_bytes = max_bytes,
			      .tftp_block_bytes = v->block_bytes,
			      .idle_ms = IDLE_MS,
			      .sink = sum_sink,
			      .sink_arg = &sums };
	int r = transfer_get(&t, &v->task, done, v->err);

	*sha = sha256_finish(sums.sha);
	*crc = sums.crc;
	return r;
}

/* Whatever the server does wrong is the lab's fault, not the job's. */
static int compare(struct verify *v, const char *path, uint64_t size,
		   const struct sha256_hex *want, struct transferred *done, uint32_t *crc)
{
	struct sha256_hex sha;
	int r = get(v, path, size, &sha, crc, done);

	if (r) {
		if (v->err->class == ERR_JOB)
			v->err->class = ERR_LAB;
		return err_prefix(v->err, "TFTP: ");
	}
	if (done->bytes != size || strcmp(sha.str, want->str) != 0)
		return err_set(v->err, ERR_LAB, -EIO,
			       "TFTP: %s%s is not what was staged (%llu bytes, sha256 "
			       "%.16s…; want %llu bytes, %.16s…)",
			       v->base_url, path, (unsigned long long)done->bytes,
			       sha.str, (unsigned long long)size, want->str);
	v->out->bytes += done->bytes;
	v->out->ns += done->ns;
	return 0;
}

static struct tftp_check *add_check(struct verify *v, const struct staged_file *f)
{
	struct tftp_report *out = v->out;

	out->checks = xreallocarray(out->checks, out->n_checks + 1, sizeof(*out->checks));
	out->checks[out->n_checks] =
		(struct tftp_check){ .name = f->name, .tftp_path = f->tftp_path };
	return &out->checks[out->n_checks++];
}

static int check_file(struct verify *v, const struct staged_file *f)
{
	struct transferred done;
	uint32_t crc;
	int r;

	if (!f->name || f->is_shared)
		return 0;
	r = compare(v, f->tftp_path, f->size, &f->sha256, &done, &crc);
	if (r)
		return r;
	struct tftp_check *c = add_check(v, f);
	c->bytes = done.bytes;
	c->crc32 = crc;
	c->ns = done.ns;
	return 0;
}

/* Any of them may be the one that U-Boot asks for. */
static int check_tree(struct verify *v, const struct staged_tree *t)
{
	struct transferred done;
	uint32_t crc;
	int r = 0;

	if (!t->n || t->dir.is_shared)
		return 0;
	struct tftp_check *c = add_check(v, &t->dir);
	for (size_t i = 0; !r && i < t->n; i++) {
		_cleanup_free_ char *path =
			xasprintf("%s/%s", t->dir.tftp_path, t->v[i].path);

		r = compare(v, path, t->v[i].size, &t->v[i].sha256, &done, &crc);
		if (r)
			break;
		c->bytes += done.bytes;
		c->ns += done.ns;
	}
	return r;
}

/* U-Boot asks for up to 13 names that are not there: silence would cost it a retry
 * time-out for each. */
static int check_miss(struct verify *v)
{
	_cleanup_free_ char *path = xasprintf("%s%s%s/no-such-file", v->s->subdir,
					      v->s->subdir[0] ? "/" : "", v->s->dir.name);
	struct sha256_hex sha;
	struct transferred done;
	uint32_t crc;
	int r = get(v, path, 1 << 20, &sha, &crc, &done);

	v->out->miss_ns = done.ns;
	if (v->err->class == ERR_CANCELED)
		return r;
	if (r == -ENOENT && done.ns <= TFTP_MISS_LIMIT_MS * INT64_C(1000000)) {
		*v->err = (struct err)ERR_INIT;
		return 0;
	}
	if (r == -ENOENT || r == -ETIMEDOUT)
		return err_set(
			v->err, ERR_LAB, -ETIMEDOUT,
			"TFTP: %s %s for a missing file %s%lld ms, and U-Boot asks "
			"for up to 13 of them: the server has to refuse at once",
			v->base_url, r == -ENOENT ? "answers" : "does not answer",
			r == -ENOENT ? "only after " : "within ",
			(long long)(done.ns / 1000000));
	if (r && r != -EACCES)
		return err_prefix(v->err, "TFTP, asking for a missing file: ");
	if (r == -EACCES) {
		*v->err = (struct err)ERR_INIT; /* a refusal is an answer too */
		return 0;
	}
	return err_set(v->err, ERR_LAB, -EIO, "TFTP: %s%s is served but was never staged",
		       v->base_url, path);
}

static int check_label(struct verify *v, const struct staged *s)
{
	int r = check_file(v, &s->dtb);

	if (!r)
		r = check_tree(v, &s->fdtdir);
	for (size_t i = 0; !r && i < s->n_overlays; i++)
		r = check_file(v, &s->overlays[i]);
	if (!r)
		r = check_file(v, &s->ramdisk);
	if (!r)
		r = check_file(v, &s->kernel);
	return r;
}

static int check_all(struct verify *v)
{
	int r = check_miss(v);

	if (!r)
		r = check_file(v, &v->s->config);
	if (!r)
		r = check_label(v, v->s);
	for (size_t i = 0; !r && i < v->s->n_beside; i++)
		r = check_label(v, &v->s->beside[i]);
	return r;
}

static int watch(int epfd, int fd)
{
	struct epoll_event e = { .events = EPOLLIN };

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e);
}

/* Stop waiting when the caller cancels or the server dies, whichever comes first. */
static int watch_both(const struct tftpd *t, int cancel_fd, struct err *err)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	if (epfd >= 0 && watch(epfd, t->child.pidfd) == 0 &&
	    (cancel_fd < 0 || watch(epfd, cancel_fd) == 0))
		return epfd;
	int r = err_set(err, ERR_LAB, -errno, "epoll: %s", strerror(errno));
	cleanup_close(&epfd);
	return r;
}

static int server_died(const struct tftpd *t, struct err *err)
{
	_cleanup_free_ char *why = tftpd_complaint(t);

	return err_set(err, ERR_LAB, -EPIPE, "loopback TFTP server (atftpd) ended%s%s",
		       why[0] ? ": " : " without a word", why);
}

static int verify_local(struct verify *v)
{
	struct tftpd t;
	int cancel_fd = v->task.cancel_fd;
	int r = tftpd_start(&t, v->s->root, v->err);

	if (r)
		return r;
	_cleanup_close_ int both = watch_both(&t, cancel_fd, v->err);
	r = both < 0 ? both : 0;
	v->task.cancel_fd = both;
	v->base_url = xasprintf("tftp://127.0.0.1:%d/", t.port);
	v->block_bytes = LOOPBACK_BLOCK;
	snprintf(v->out->server, sizeof(v->out->server), "atftpd on 127.0.0.1:%d",
		 t.port);
	if (!r)
		r = check_all(v);
	struct pollfd p = { .fd = t.child.pidfd, .events = POLLIN };
	if (r == -ECANCELED && poll(&p, 1, 0) > 0)
		r = server_died(&t, v->err);
	tftpd_stop(&t);
	return r;
}

static int verify_url(struct verify *v, const char *url)
{
	size_t n = strlen(url);

	if (strncmp(url, "tftp://", 7) != 0)
		return err_set(v->err, ERR_JOB, -EINVAL,
			       "TFTP: \"%.100s\" is no tftp:// URL", url);
	v->base_url = xasprintf("%s%s", url, n && url[n - 1] == '/' ? "" : "/");
	snprintf(v->out->server, sizeof(v->out->server), "%s", v->base_url);
	return check_all(v);
}

int tftp_verify(const struct board_boot *boot, const struct staged *s,
		const struct task *task, struct tftp_report *out, struct err *err)
{
	struct verify v = { .wants_crc = boot->verify_ram,
			    .s = s,
			    .task = *task,
			    .out = out,
			    .err = err };
	int r;

	*out = (struct tftp_report){ .n_checks = 0 };
	if (boot->tftp_verify_local)
		r = verify_local(&v);
	else if (boot->tftp_url)
		r = verify_url(&v, boot->tftp_url);
	else
		r = err_set(err, ERR_JOB, -EINVAL,
			    "the board file names no TFTP server to verify with");
	free(v.base_url);
	return r;
}

void tftp_report_release(struct tftp_report *report)
{
	free(report->checks);
	*report = (struct tftp_report){ .n_checks = 0 };
}
