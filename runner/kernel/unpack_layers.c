// SPDX-License-Identifier: GPL-2.0-or-later
/* What lies between the file and its entries: the ar around a .deb's data, compression.
 * Only formats and filters that libarchive decodes itself are switched on (its "all"
 * would run programs such as lzop), and not cpio: nobody packs kernels so, and libarchive
 * allocates the 4 GiB that a forged name length asks for. Compression has a reader of its
 * own, so that what a header takes can be bounded when it is decompressed. */
#include <errno.h>

#include "kernel/unpack_reader.h"
#include "util/mem.h"

enum { READ_STEP = 1 << 16 };
/* A header with its name, link and attributes; libarchive lets each have 1 MiB, and holds
 * ten times what a sparse file's map takes. A zip has all of them in one place. */
#define HEADER_MAX_BYTES (UINT64_C(4) << 20)
#define DIRECTORY_MAX_BYTES (UINT64_C(64) << 20)

/* Bytes on their way to whoever reads the entries. */
static la_ssize_t spend(struct unpack_source *s, la_ssize_t n)
{
	if (!s->is_in_header || n <= 0)
		return n;
	s->header_bytes += (uint64_t)n;
	if (s->header_bytes <= (s->is_zip ? DIRECTORY_MAX_BYTES : HEADER_MAX_BYTES))
		return n;
	s->failed =
		err_set(s->err, ERR_JOB, -EFBIG,
			"%s: what it says of one file takes too many bytes", s->u->name);
	return -1;
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
	return s->is_direct ? spend(s, n) : n;
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

void unpack_add_filters(struct archive *a)
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
	return r < 0 ? -1 : spend(s, (la_ssize_t)n);
}

struct head {
	bool is_deb, is_zip, is_xz;
	bool is_plain; /* an archive that is not compressed: can be sought in */
};

/* The content of the entry that `from` stands at. */
static la_ssize_t read_block(struct archive *a, struct archive *from, const void **buffer)
{
	la_int64_t offset;
	size_t n;
	int r = archive_read_data_block(from, buffer, &n, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		return (la_ssize_t)n;
	archive_set_error(a, archive_errno(from), "%s",
			  archive_error_string(from) ?: "read error");
	return -1;
}

static la_ssize_t member_read(struct archive *a, void *arg, const void **buffer)
{
	const struct unpack_reader *rd = arg;

	return read_block(a, rd->outer, buffer);
}

static la_ssize_t packed_read(struct archive *a, void *arg, const void **buffer)
{
	struct unpack_reader *rd = arg;

	return spend(&rd->src, read_block(a, rd->packed, buffer));
}

/* The file, for an archive that is not compressed, or whose filters follow. */
static int open_file(struct unpack_reader *rd, struct archive *a)
{
	archive_read_set_seek_callback(a, source_seek);
	archive_read_set_skip_callback(a, source_skip);
	archive_read_set_read_callback(a, source_read);
	archive_read_set_callback_data(a, &rd->src);
	return archive_read_open1(a) == ARCHIVE_OK ? 0 : unpack_reader_failed(rd);
}

/* from: a member's read function; NULL = the file. */
static int open_packed(struct unpack_reader *rd, archive_read_callback *from)
{
	struct archive_entry *e;
	int r = 0;

	rd->packed = new_reader();
	unpack_add_filters(rd->packed);
	archive_read_support_format_raw(rd->packed);
	if (!from)
		r = open_file(rd, rd->packed);
	else if (archive_read_open(rd->packed, rd, NULL, from, NULL) != ARCHIVE_OK)
		r = unpack_reader_failed(rd);
	if (!r && archive_read_next_header(rd->packed, &e) != ARCHIVE_OK)
		r = unpack_reader_failed(rd);
	return r;
}

static int open_entries(struct unpack_reader *rd, archive_read_callback *from)
{
	return archive_read_open(rd->a, rd, NULL, from, NULL) == ARCHIVE_OK
		       ? 0
		       : unpack_reader_failed(rd);
}

static int open_outer(struct unpack_reader *rd, const struct head *h)
{
	struct archive *a = rd->outer = rd->a = new_reader();
	int r;

	if (h->is_deb) {
		archive_read_support_format_ar(a);
		return open_file(rd, a);
	}
	archive_read_support_format_tar(a);
	archive_read_support_format_zip(a);
	archive_read_support_format_raw(a);
	rd->src.is_direct = h->is_plain;
	rd->src.is_zip = h->is_zip;
	if (h->is_plain)
		return open_file(rd, a);
	if (h->is_xz &&
	    xz_pool_open(rd->src.u->fd, rd->src.u->offset, rd->src.len, &rd->pool))
		return open_entries(rd, unpack_reader_pool_read);
	r = open_packed(rd, NULL);
	return r ?: open_entries(rd, packed_read);
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
	int r;

	snprintf(rd->how, sizeof(rd->how), "deb, %.24s", name + 5);
	rd->inner = rd->a = new_reader();
	archive_read_support_format_tar(rd->inner);
	if (strcmp(name, "data.tar.xz") == 0 && find_member(rd, name, size, &at) &&
	    xz_pool_open(rd->src.u->fd, at, size, &rd->pool))
		return open_entries(rd, unpack_reader_pool_read);
	r = open_packed(rd, member_read);
	return r ?: open_entries(rd, packed_read);
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

static int look_at(struct unpack_reader *rd, struct head *out)
{
	uint8_t head[512];
	size_t n = 0;
	int r = find_length(rd, head, sizeof(head), &n);
	const char *packed = r ? NULL : compression_of(head, n);

	if (packed && strcmp(packed, "lzo") == 0)
		r = unpack_reader_err(
			rd, -EINVAL,
			"compressed with lzo, which cannot be unpacked here");
	out->is_deb = n >= 8 && memcmp(head, "!<arch>\n", 8) == 0;
	out->is_zip = n >= 4 && memcmp(head, "PK\3\4", 4) == 0;
	out->is_xz = packed && strcmp(packed, "xz") == 0;
	out->is_plain = out->is_zip || (n >= 262 && memcmp(head + 257, "ustar", 5) == 0);
	return r;
}

static int open_reader(struct unpack_reader *rd)
{
	struct head h;
	int r = look_at(rd, &h);

	if (!r)
		r = open_outer(rd, &h);
	return !r && h.is_deb ? open_deb(rd) : r;
}

int unpack_reader_open(struct unpack_reader *rd, const struct unpack *u,
		       const struct task *task, struct err *err)
{
	*rd = (struct unpack_reader){
		.src = { .u = u, .task = task, .err = err, .buf = xmalloc(READ_STEP) },
		.max_skipped = UNPACK_MAX_SKIPPED,
		.max_entries = UNPACK_MAX_ENTRIES,
		.err = err
	};
	return open_reader(rd);
}

void unpack_reader_release(struct unpack_reader *rd)
{
	if (rd->inner)
		archive_read_free(rd->inner);
	if (!rd->inner && rd->outer)
		archive_read_free(TAKE_PTR(rd->outer));
	if (rd->packed)
		archive_read_free(rd->packed);
	if (rd->outer)
		archive_read_free(rd->outer);
	xz_pool_free(rd->pool);
	free(rd->src.buf);
}
