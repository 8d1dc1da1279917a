// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives entry by entry, by libarchive. Only formats and filters that it decodes
 * itself are switched on (its "all" would run programs such as lzop), and not cpio:
 * nobody packs kernels so, and libarchive allocates the 4 GiB that a forged name length
 * asks for. */
#include "kernel/unpack_reader.h"

#include <errno.h>

#include "util/io.h"
#include "util/mem.h"

enum { READ_STEP = 1 << 16, MAX_FILTERS = 4 };
#define PROGRESS_EVERY (UINT64_C(1) << 20)

int unpack_reader_err(const struct unpack_reader *rd, int code, const char *what)
{
	return err_set(rd->err, ERR_JOB, code, "%s: %s", rd->src.u->name, what);
}

/* libarchive's message, or the error of our own read callback when that was the cause. */
int unpack_reader_failed(const struct unpack_reader *rd)
{
	if (rd->src.failed)
		return rd->src.failed;
	const char *why = archive_error_string(rd->a);
	if (!why && rd->inner)
		why = archive_error_string(rd->outer);
	return err_set(rd->err, ERR_JOB, -EINVAL, "%s: damaged or not what it seems: %s",
		       rd->src.u->name, why ? why : "libarchive gives no reason");
}

static la_ssize_t source_read(struct archive *a, void *arg, const void **buffer)
{
	struct unpack_source *s = arg;
	size_t want = READ_STEP;
	ssize_t n;

	*buffer = s->buf;
	if (!s->failed)
		s->failed = task_check(s->task, s->u->name, s->err);
	if (s->failed)
		return -1;
	if (want > s->len - s->pos)
		want = (size_t)(s->len - s->pos);
	do
		n = want ? pread(s->u->fd, s->buf, want, (off_t)(s->u->offset + s->pos))
			 : 0;
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		s->failed = err_set(s->err, ERR_LAB, -errno, "%s: %s", s->u->name,
				    strerror(errno));
		return -1;
	}
	s->pos += (uint64_t)n;
	s->given += (uint64_t)n;
	return n;
}

static la_int64_t source_seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct unpack_source *s = arg;
	int64_t base = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? (int64_t)s->pos
					    : (int64_t)s->len;

	if (offset < -base || offset > (int64_t)s->len - base)
		return ARCHIVE_FATAL;
	s->pos = (uint64_t)(base + offset);
	return (la_int64_t)s->pos;
}

static la_int64_t source_skip(struct archive *a, void *arg, la_int64_t request)
{
	struct unpack_source *s = arg;
	uint64_t left = s->len - s->pos;

	if (request < 0)
		return 0;
	uint64_t n = (uint64_t)request < left ? (uint64_t)request : left;
	s->pos += n;
	return (la_int64_t)n;
}

static void add_filters(struct archive *a)
{
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
}

static struct archive *new_reader(void)
{
	struct archive *a = archive_read_new();

	if (!a)
		BUG("libarchive: out of memory");
	return a;
}

/* What a pool decompressed. */
la_ssize_t unpack_reader_pool_read(struct archive *a, void *arg, const void **buffer)
{
	struct unpack_reader *rd = arg;
	struct unpack_source *s = &rd->src;
	const uint64_t before = xz_pool_given(rd->pool);
	const uint8_t *data = NULL;
	size_t n = 0;

	if (s->failed)
		return -1;
	int r = xz_pool_read(rd->pool, s->task, s->u->name, &data, &n, s->err);
	s->given += xz_pool_given(rd->pool) - before;
	if (r < 0)
		s->failed = r;
	*buffer = data;
	return r < 0 ? -1 : (la_ssize_t)n;
}

static int open_outer(struct unpack_reader *rd, bool is_deb, bool is_xz)
{
	struct archive *a = rd->outer = rd->a = new_reader();

	if (is_deb) {
		archive_read_support_format_ar(a);
	} else {
		add_filters(a);
		archive_read_support_format_tar(a);
		archive_read_support_format_zip(a);
		archive_read_support_format_raw(a);
	}
	if (is_xz &&
	    xz_pool_open(rd->src.u->fd, rd->src.u->offset, rd->src.len, &rd->pool)) {
		int r = archive_read_open(a, rd, NULL, unpack_reader_pool_read, NULL);

		return r == ARCHIVE_OK ? 0 : unpack_reader_failed(rd);
	}
	archive_read_set_seek_callback(a, source_seek);
	archive_read_set_skip_callback(a, source_skip);
	archive_read_set_read_callback(a, source_read);
	archive_read_set_callback_data(a, &rd->src);
	return archive_read_open1(a) == ARCHIVE_OK ? 0 : unpack_reader_failed(rd);
}

static la_ssize_t inner_read(struct archive *a, void *arg, const void **buffer)
{
	struct unpack_reader *rd = arg;
	la_int64_t offset;
	size_t n;
	int r = archive_read_data_block(rd->outer, buffer, &n, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		return (la_ssize_t)n;
	archive_set_error(a, archive_errno(rd->outer), "%s",
			  archive_error_string(rd->outer) ?: "read error");
	return -1;
}

/* Where the file has the member that the ar reader stands at: behind a header of 60
 * bytes, when that is one of the plain kind. */
static bool find_member(const struct unpack_reader *rd, const char *name, uint64_t size,
			uint64_t *at)
{
	const struct unpack *u = rd->src.u;
	la_int64_t pos = archive_read_header_position(rd->outer);
	const size_t n_name = strlen(name);
	char head[60];

	if (pos < 0 || (uint64_t)pos > rd->src.len ||
	    rd->src.len - (uint64_t)pos < sizeof(head) ||
	    size > rd->src.len - (uint64_t)pos - sizeof(head))
		return false;
	*at = u->offset + (uint64_t)pos + sizeof(head);
	return pread(u->fd, head, sizeof(head), (off_t)(u->offset + (uint64_t)pos)) ==
		       (ssize_t)sizeof(head) &&
	       n_name < 16 && memcmp(head, name, n_name) == 0 && head[58] == '`' &&
	       head[59] == '\n';
}

static int open_data_tar(struct unpack_reader *rd, const char *name, uint64_t size)
{
	uint64_t at = 0;

	snprintf(rd->how, sizeof(rd->how), "deb, %.24s", name + 5);
	rd->inner = rd->a = new_reader();
	add_filters(rd->inner);
	archive_read_support_format_tar(rd->inner);
	const bool has_pool = strcmp(name, "data.tar.xz") == 0 &&
			      find_member(rd, name, size, &at) &&
			      xz_pool_open(rd->src.u->fd, at, size, &rd->pool);
	int r = archive_read_open(rd->inner, rd, NULL,
				  has_pool ? unpack_reader_pool_read : inner_read, NULL);
	return r == ARCHIVE_OK ? 0 : unpack_reader_failed(rd);
}

/* A .deb is an ar of debian-binary, control.tar.* and data.tar.*, in this order. */
static int open_deb(struct unpack_reader *rd)
{
	struct archive_entry *e;

	for (int i = 0; i < 16; i++) {
		if (archive_read_next_header(rd->outer, &e) != ARCHIVE_OK)
			break;
		const char *name = archive_entry_pathname(e);

		if (!name || strncmp(name, "data.tar", 8) != 0)
			continue;
		return open_data_tar(rd, name, (uint64_t)archive_entry_size(e));
	}
	return rd->src.failed
		       ? rd->src.failed
		       : unpack_reader_err(rd, -EINVAL, "an ar archive without data.tar");
}

static const char *skip_dot_slash(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2 + strspn(name + 2, "/");
	return name;
}

/* Filters may be stacked, so what counts is what went in at the bottom. */
int unpack_reader_check_ratio(const struct unpack_reader *rd, uint64_t produced)
{
	if (produced < UNPACK_RATIO_FROM ||
	    produced / UNPACK_MAX_RATIO < rd->src.given + 1)
		return 0;
	return err_set(rd->err, ERR_JOB, -EFBIG,
		       "%s: a decompression bomb (%llu bytes became more than %llu)",
		       rd->src.u->name, (unsigned long long)rd->src.given,
		       (unsigned long long)produced);
}

/* We never write under an archive's names, but whoever packed such a name is up to no
 * good, and the name goes into results. */
bool unpack_is_name_safe(const char *name)
{
	if (name[0] == '/')
		return false;
	for (const char *p = name; *p; p += strcspn(p, "/"), p += *p == '/')
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
			return false;
	return true;
}

/* What an entry costs to step over is bounded before libarchive does it. */
static int check_entry(struct unpack_reader *rd, struct archive_entry *e)
{
	la_int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;

	if (++rd->n_entries > UNPACK_MAX_ENTRIES)
		return err_set(rd->err, ERR_JOB, -EFBIG, "%s: more than %d entries",
			       rd->src.u->name, UNPACK_MAX_ENTRIES);
	if (size < 0 || (uint64_t)size > UNPACK_MAX_SKIPPED - rd->skipped)
		return err_set(rd->err, ERR_JOB, -EFBIG,
			       "%s: the files in it are more than %llu bytes",
			       rd->src.u->name, (unsigned long long)UNPACK_MAX_SKIPPED);
	rd->skipped += (uint64_t)size;
	return unpack_reader_check_ratio(rd, (uint64_t)archive_filter_bytes(rd->a, 0));
}

bool unpack_reader_is_raw(const struct unpack_reader *rd)
{
	return archive_format(rd->a) == ARCHIVE_FORMAT_RAW;
}

static const char *lava_word(int filter)
{
	switch (filter) {
	case ARCHIVE_FILTER_GZIP:
		return "gz";
	case ARCHIVE_FILTER_BZIP2:
		return "bz2";
	case ARCHIVE_FILTER_XZ:
		return "xz";
	case ARCHIVE_FILTER_LZMA:
		return "lzma";
	case ARCHIVE_FILTER_ZSTD:
		return "zst";
	case ARCHIVE_FILTER_LZ4:
		return "lz4";
	default: /* libarchive's, not ours */
		return "";
	}
}

static const char *format_word(const struct unpack_reader *rd)
{
	switch (archive_format(rd->a) & ARCHIVE_FORMAT_BASE_MASK) {
	case ARCHIVE_FORMAT_TAR:
		return rd->inner ? "deb" : "tar";
	case ARCHIVE_FORMAT_ZIP:
		return "zip";
	default: /* libarchive's, not ours */
		return "";
	}
}

/* LAVA says zstd where the suffix says zst. */
static bool is_same_compression(const char *asked, const char *found)
{
	return strcmp(strcmp(asked, "zstd") == 0 ? "zst" : asked, found) == 0;
}

static int check_words(struct unpack_reader *rd)
{
	const struct unpack *u = rd->src.u;
	const char *format = format_word(rd);
	const char *packed = lava_word(archive_filter_code(rd->a, 0));

	if (rd->pool && !packed[0])
		packed = "xz";
	if (archive_filter_count(rd->a) + (rd->pool != NULL) > MAX_FILTERS)
		return unpack_reader_err(rd, -EINVAL, "compressed too many times over");
	if (u->archive && strcmp(u->archive, format) != 0)
		return err_set(rd->err, ERR_JOB, -EINVAL,
			       "%s: the job says archive: %s, but it is %s%s", u->name,
			       u->archive, format[0] ? "a " : "no archive", format);
	if (u->compression && !rd->inner && !is_same_compression(u->compression, packed))
		return err_set(rd->err, ERR_JOB, -EINVAL,
			       "%s: the job says compression: %s, but it is %s", u->name,
			       u->compression, packed[0] ? packed : "not compressed");
	if (!rd->inner)
		snprintf(rd->how, sizeof(rd->how), "%s%s%s", format,
			 format[0] && packed[0] ? "." : "", packed);
	return 0;
}

static int find_length(struct unpack_reader *rd, uint8_t *head, size_t head_size,
		       size_t *n_head)
{
	const struct unpack *u = rd->src.u;
	off_t end = lseek(u->fd, 0, SEEK_END);

	if (end < 0)
		return err_set(rd->err, ERR_LAB, -errno, "%s: %s", u->name,
			       strerror(errno));
	if (u->offset > (uint64_t)end || u->len > (uint64_t)end - u->offset)
		return err_set(rd->err, ERR_BUG, -EINVAL, "%s: part outside of the file",
			       u->name);
	rd->src.len = u->len ? u->len : (uint64_t)end - u->offset;
	if (!rd->src.len)
		return unpack_reader_err(rd, -EINVAL, "empty");
	ssize_t n = pread(u->fd, head, head_size, (off_t)u->offset);
	if (n < 0)
		return err_set(rd->err, ERR_LAB, -errno, "%s: %s", u->name,
			       strerror(errno));
	*n_head = (uint64_t)n < rd->src.len ? (size_t)n : (size_t)rd->src.len;
	return 0;
}

static int open_reader(struct unpack_reader *rd)
{
	uint8_t head[512];
	size_t n_head = 0;
	int r = find_length(rd, head, sizeof(head), &n_head);

	if (r)
		return r;
	const char *packed = compression_of(head, n_head);
	if (packed && strcmp(packed, "lzo") == 0)
		return unpack_reader_err(
			rd, -EINVAL,
			"compressed with lzo, which cannot be unpacked here");
	bool is_deb = n_head >= 8 && memcmp(head, "!<arch>\n", 8) == 0;
	r = open_outer(rd, is_deb, packed && strcmp(packed, "xz") == 0);
	return !r && is_deb ? open_deb(rd) : r;
}

int unpack_reader_open(struct unpack_reader *rd, const struct unpack *u,
		       const struct task *task, struct err *err)
{
	*rd = (struct unpack_reader){
		.src = { .u = u, .task = task, .err = err, .buf = xmalloc(READ_STEP) },
		.err = err
	};
	return open_reader(rd);
}

void unpack_reader_release(struct unpack_reader *rd)
{
	if (rd->inner)
		archive_read_free(rd->inner);
	if (rd->outer)
		archive_read_free(rd->outer);
	xz_pool_free(rd->pool);
	free(rd->src.buf);
}

int unpack_reader_next(struct unpack_reader *rd, struct archive_entry **e,
		       const char **name)
{
	int a = archive_read_next_header(rd->a, e);

	if (a == ARCHIVE_EOF)
		return 0;
	if (a != ARCHIVE_OK && a != ARCHIVE_WARN)
		return unpack_reader_failed(rd);
	const char *given = archive_entry_pathname(*e);
	*name = given ? skip_dot_slash(given) : "";
	int r = rd->n_entries == 0 ? check_words(rd) : 0;
	return r ?: check_entry(rd, *e) ?: 1;
}

/* ---- the content of an entry ---- */

static int too_big(const struct unpack_reader *rd, const struct unpack_sink *s)
{
	return err_set(rd->err, ERR_JOB, -EFBIG, "%s: unpacks to more than %llu bytes",
		       rd->src.u->name, (unsigned long long)s->max_bytes);
}

static int put(const struct unpack_reader *rd, struct unpack_sink *s, const void *data,
	       size_t n)
{
	int r = s->put ? s->put(s->arg, data, n) : io_write_all(s->fd, data, n);

	if (r && !s->put)
		return err_set(rd->err, ERR_LAB, r, "cannot write: %s", strerror(-r));
	if (s->hash)
		sha256_update(s->hash, data, n);
	s->size += n;
	return r;
}

static int fill_gap(const struct unpack_reader *rd, struct unpack_sink *s, uint64_t to)
{
	static const char zeros[4096];
	int r = 0;

	while (!r && s->size < to) {
		uint64_t left = to - s->size;

		r = put(rd, s, zeros,
			left < sizeof(zeros) ? (size_t)left : sizeof(zeros));
	}
	return r;
}

static int put_block(const struct unpack_reader *rd, struct unpack_sink *s,
		     const void *data, size_t n, uint64_t at)
{
	uint64_t before = s->size;

	if (at < s->size)
		return unpack_reader_err(rd, -EINVAL, "damaged: blocks overlap");
	if (at > s->max_bytes || n > s->max_bytes - at)
		return too_big(rd, s);
	int r = unpack_reader_check_ratio(rd, at + n);
	if (!r)
		r = fill_gap(rd, s, at); /* sparse tar, zip */
	if (!r)
		r = put(rd, s, data, n);
	if (!r && before / PROGRESS_EVERY != s->size / PROGRESS_EVERY) {
		task_progress(rd->src.task, rd->src.u->name, s->size, 0);
		r = task_check(rd->src.task, rd->src.u->name, rd->err);
	}
	return r;
}

int unpack_reader_write(struct unpack_reader *rd, struct unpack_sink *s)
{
	const void *data;
	la_int64_t at;
	size_t n;
	int r = 0, a = ARCHIVE_OK;

	s->size = 0;
	s->hash = s->put ? NULL : sha256_new();
	while (!r && (a = archive_read_data_block(rd->a, &data, &n, &at)) == ARCHIVE_OK)
		r = at < 0 ? unpack_reader_failed(rd)
			   : put_block(rd, s, data, n, (uint64_t)at);
	if (!r && a != ARCHIVE_EOF)
		r = unpack_reader_failed(rd);
	if (s->hash)
		s->sha256 = sha256_finish(s->hash);
	return r;
}
