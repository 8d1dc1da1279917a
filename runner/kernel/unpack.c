// SPDX-License-Identifier: GPL-2.0-or-later
/* One file out of an archive, by libarchive. Only formats and filters that it decodes
 * itself are switched on (its "all" would run programs such as lzop), and not cpio:
 * nobody packs kernels so, and libarchive allocates the 4 GiB that a forged name length
 * asks for. Names in the archive are compared and reported, never used as paths. */
#include "kernel/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fnmatch.h>

#include "util/io.h"
#include "util/mem.h"
#include "util/strbuf.h"

enum { READ_STEP = 1 << 17, N_LISTED = 8, MAX_FILTERS = 4 };
#define PROGRESS_EVERY (UINT64_C(1) << 20)

/* The part of the input file that counts, as libarchive reads it. */
struct source {
	const struct unpack *u;
	const struct task *task;
	struct err *err;   /* why reading stopped, when it was not libarchive's doing */
	int failed;        /* that error's code; 0 = none */
	uint64_t pos, len; /* relative to u->offset */
	uint64_t given;    /* bytes handed to libarchive */
	char *buf;
};

struct job {
	struct source src;
	struct archive *outer; /* the file itself, or the ar of a .deb */
	struct archive *inner; /* data.tar inside a .deb; NULL = no .deb */
	struct archive *a;     /* the one that holds the entries: inner or outer */
	int out_fd;
	struct unpacked *out;
	uint64_t skipped, max_bytes;
	uint32_t n_entries;
	struct strbuf seen; /* names, for the message when nothing fits */
	uint32_t n_seen, n_regular;
	struct err *err;
};

static int job_err(const struct job *j, int code, const char *what)
{
	return err_set(j->err, ERR_JOB, code, "%s: %s", j->src.u->name, what);
}

/* libarchive's message, or the error of our own read callback when that was the cause. */
static int archive_failed(const struct job *j)
{
	if (j->src.failed)
		return j->src.failed;
	const char *why = archive_error_string(j->a);
	if (!why && j->inner)
		why = archive_error_string(j->outer);
	return err_set(j->err, ERR_JOB, -EINVAL, "%s: damaged or not what it seems: %s",
		       j->src.u->name, why ? why : "libarchive gives no reason");
}

static la_ssize_t source_read(struct archive *a, void *arg, const void **buffer)
{
	struct source *s = arg;
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
	struct source *s = arg;
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
	struct source *s = arg;
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

static int open_outer(struct job *j, bool is_deb)
{
	struct archive *a = j->outer = j->a = new_reader();

	if (is_deb) {
		archive_read_support_format_ar(a);
	} else {
		add_filters(a);
		archive_read_support_format_tar(a);
		archive_read_support_format_zip(a);
		archive_read_support_format_raw(a);
	}
	archive_read_set_seek_callback(a, source_seek);
	archive_read_set_skip_callback(a, source_skip);
	archive_read_set_read_callback(a, source_read);
	archive_read_set_callback_data(a, &j->src);
	return archive_read_open1(a) == ARCHIVE_OK ? 0 : archive_failed(j);
}

static la_ssize_t inner_read(struct archive *a, void *arg, const void **buffer)
{
	struct job *j = arg;
	la_int64_t offset;
	size_t n;
	int r = archive_read_data_block(j->outer, buffer, &n, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		return (la_ssize_t)n;
	archive_set_error(a, archive_errno(j->outer), "%s",
			  archive_error_string(j->outer) ?: "read error");
	return -1;
}

/* A .deb is an ar of debian-binary, control.tar.* and data.tar.*, in this order. */
static int open_deb(struct job *j)
{
	struct archive_entry *e;

	for (int i = 0; i < 16; i++) {
		if (archive_read_next_header(j->outer, &e) != ARCHIVE_OK)
			break;
		const char *name = archive_entry_pathname(e);

		if (!name || strncmp(name, "data.tar", 8) != 0)
			continue;
		snprintf(j->out->how, sizeof(j->out->how), "deb, %.24s", name + 5);
		j->inner = new_reader();
		add_filters(j->inner);
		archive_read_support_format_tar(j->inner);
		j->a = j->inner;
		if (archive_read_open(j->inner, j, NULL, inner_read, NULL) != ARCHIVE_OK)
			return archive_failed(j);
		return 0;
	}
	return j->src.failed ? j->src.failed
			     : job_err(j, -EINVAL, "an ar archive without data.tar");
}

static const char *skip_dot_slash(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2 + strspn(name + 2, "/");
	return name;
}

static bool is_kernel_name(const char *name, bool is_deb)
{
	static const char *const globs[] = { "vmlinuz",  "vmlinuz-*", "Image",
					     "Image.*",  "Image-*",   "zImage",
					     "zImage-*", "uImage",    "uImage-*",
					     "*.itb",    "fitImage*" };

	if (is_deb)
		return fnmatch("boot/vmlinuz-*", name, FNM_PATHNAME) == 0;
	const char *base = strrchr(name, '/');
	base = base ? base + 1 : name;
	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (fnmatch(globs[i], base, 0) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct job *j, const char *name)
{
	if (j->src.u->want == UNPACK_KERNEL)
		return is_kernel_name(name, j->inner);
	return true;
}

static int too_big(const struct job *j)
{
	return err_set(j->err, ERR_JOB, -EFBIG, "%s: unpacks to more than %llu bytes",
		       j->src.u->name, (unsigned long long)j->max_bytes);
}

/* Filters may be stacked, so what counts is what went in at the bottom. */
static int check_ratio(const struct job *j, uint64_t produced)
{
	if (produced < UNPACK_RATIO_FROM ||
	    produced / UNPACK_MAX_RATIO < j->src.given + 1)
		return 0;
	return err_set(j->err, ERR_JOB, -EFBIG,
		       "%s: a decompression bomb (%llu bytes became more than %llu)",
		       j->src.u->name, (unsigned long long)j->src.given,
		       (unsigned long long)produced);
}

static int fill_gap(struct job *j, struct sha256 *hash, uint64_t to)
{
	static const char zeros[4096];

	while (j->out->size < to) {
		size_t n = sizeof(zeros);

		if (n > to - j->out->size)
			n = (size_t)(to - j->out->size);
		int r = io_write_all(j->out_fd, zeros, n);
		if (r)
			return err_set(j->err, ERR_LAB, r, "cannot write: %s",
				       strerror(-r));
		sha256_update(hash, zeros, n);
		j->out->size += n;
	}
	return 0;
}

static int write_block(struct job *j, struct sha256 *hash, const void *data, size_t n,
		       uint64_t at)
{
	uint64_t before = j->out->size;

	if (at < j->out->size)
		return job_err(j, -EINVAL, "damaged: blocks overlap");
	if (at > j->max_bytes || n > j->max_bytes - at)
		return too_big(j);
	int r = check_ratio(j, at + n);
	if (!r)
		r = fill_gap(j, hash, at); /* sparse tar, zip */
	if (r)
		return r;
	r = io_write_all(j->out_fd, data, n);
	if (r)
		return err_set(j->err, ERR_LAB, r, "cannot write: %s", strerror(-r));
	sha256_update(hash, data, n);
	j->out->size += n;
	if (before / PROGRESS_EVERY != j->out->size / PROGRESS_EVERY) {
		task_progress(j->src.task, j->src.u->name, j->out->size, 0);
		return task_check(j->src.task, j->src.u->name, j->err);
	}
	return 0;
}

static int write_member(struct job *j)
{
	struct sha256 *hash = sha256_new();
	const void *data;
	la_int64_t at;
	size_t n;
	int r = 0, a = ARCHIVE_OK;

	j->out->size = 0;
	while (!r && (a = archive_read_data_block(j->a, &data, &n, &at)) == ARCHIVE_OK)
		r = at < 0 ? archive_failed(j)
			   : write_block(j, hash, data, n, (uint64_t)at);
	if (!r && a != ARCHIVE_EOF)
		r = archive_failed(j);
	j->out->sha256 = sha256_finish(hash);
	return r;
}

/* We never write under an archive's names, but whoever packed such a name is up to no
 * good, and the name goes into results. */
static bool is_name_safe(const char *name)
{
	if (name[0] == '/')
		return false;
	for (const char *p = name; *p; p += strcspn(p, "/"), p += *p == '/')
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || !p[2]))
			return false;
	return true;
}

/* For the message "no kernel in it": the first names, boot/ preferred by the order of
 * the archive. */
static void note_seen(struct job *j, const char *name)
{
	bool in_boot = strncmp(name, "boot/", 5) == 0;

	if (j->inner && !in_boot)
		return;
	if (j->n_seen++ >= N_LISTED)
		return;
	strbuf_addf(&j->seen, "%s%.80s", j->seen.len ? ", " : "", name);
}

static int nothing_found(const struct job *j)
{
	const char *want = j->inner                          ? "no boot/vmlinuz-* in it"
			   : j->src.u->want == UNPACK_KERNEL ? "no kernel in it"
							     : "no file in it";

	return err_set(j->err, ERR_JOB, -ENOENT, "%s: %s%s%s%s", j->src.u->name, want,
		       j->seen.len ? "; there is " : "", strbuf_str(&j->seen),
		       j->n_seen > N_LISTED ? ", …" : "");
}

static int several_found(const struct job *j, const char *second)
{
	return err_set(j->err, ERR_JOB, -EINVAL, "%s: %s in it: %.100s and %.100s",
		       j->src.u->name,
		       j->src.u->want == UNPACK_KERNEL ? "more than one kernel"
						       : "more than one file",
		       j->out->member, second);
}

/* What an entry costs to step over is bounded before libarchive does it. */
static int check_entry(struct job *j, struct archive_entry *e)
{
	la_int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;

	if (++j->n_entries > UNPACK_MAX_ENTRIES)
		return err_set(j->err, ERR_JOB, -EFBIG, "%s: more than %d entries",
			       j->src.u->name, UNPACK_MAX_ENTRIES);
	if (size < 0 || (uint64_t)size > UNPACK_MAX_SKIPPED - j->skipped)
		return err_set(j->err, ERR_JOB, -EFBIG,
			       "%s: the files in it are more than %llu bytes",
			       j->src.u->name, (unsigned long long)UNPACK_MAX_SKIPPED);
	j->skipped += (uint64_t)size;
	return check_ratio(j, (uint64_t)archive_filter_bytes(j->a, 0));
}

static bool is_raw(const struct job *j)
{
	return archive_format(j->a) == ARCHIVE_FORMAT_RAW;
}

/* 1 when this entry was written, 0 to go on. */
static int take_entry(struct job *j, struct archive_entry *e)
{
	const char *given = archive_entry_pathname(e);
	const char *name = given ? skip_dot_slash(given) : "";
	bool is_file =
		archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e);

	if (is_raw(j))
		return write_member(j) ?: 1;
	if (!is_file) {
		if (j->src.u->want == UNPACK_KERNEL && is_wanted(j, name) &&
		    archive_entry_filetype(e) != AE_IFDIR)
			note_seen(j, name); /* a link: say that it was there */
		return 0;
	}
	if (!is_wanted(j, name)) {
		note_seen(j, name);
		return 0;
	}
	if (j->out->member[0])
		return several_found(j, name);
	if (strlen(name) >= sizeof(j->out->member) || !name[0])
		return job_err(j, -EINVAL, "an entry's name is too long or missing");
	if (!is_name_safe(name))
		return err_set(j->err, ERR_JOB, -EINVAL,
			       "%s: %.200s leads out of the archive", j->src.u->name,
			       name);
	snprintf(j->out->member, sizeof(j->out->member), "%s", name);
	return write_member(j) ?: 1;
}

/* dpkg sorts what is in a package, so behind boot/ there is no second kernel, and the
 * rest (98 % of the entries) need not be decompressed. */
static bool is_enough(const struct job *j, struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);

	return j->inner && j->out->member[0] && name &&
	       strncmp(skip_dot_slash(name), "boot", 4) != 0;
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

static const char *format_word(const struct job *j)
{
	switch (archive_format(j->a) & ARCHIVE_FORMAT_BASE_MASK) {
	case ARCHIVE_FORMAT_TAR:
		return j->inner ? "deb" : "tar";
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

static int check_words(struct job *j)
{
	const struct unpack *u = j->src.u;
	const char *format = format_word(j);
	const char *packed = lava_word(archive_filter_code(j->a, 0));

	if (archive_filter_count(j->a) > MAX_FILTERS)
		return job_err(j, -EINVAL, "compressed too many times over");
	if (u->archive && strcmp(u->archive, format) != 0)
		return err_set(j->err, ERR_JOB, -EINVAL,
			       "%s: the job says archive: %s, but it is %s%s", u->name,
			       u->archive, format[0] ? "a " : "no archive", format);
	if (u->compression && !j->inner && !is_same_compression(u->compression, packed))
		return err_set(j->err, ERR_JOB, -EINVAL,
			       "%s: the job says compression: %s, but it is %s", u->name,
			       u->compression, packed[0] ? packed : "not compressed");
	if (!j->inner)
		snprintf(j->out->how, sizeof(j->out->how), "%s%s%s", format,
			 format[0] && packed[0] ? "." : "", packed);
	return 0;
}

static int take_one(struct job *j)
{
	struct archive_entry *e;
	int a;

	while ((a = archive_read_next_header(j->a, &e)) == ARCHIVE_OK ||
	       a == ARCHIVE_WARN) {
		if (is_enough(j, e))
			return 0;
		int r = j->n_entries == 0 ? check_words(j) : 0;
		if (!r)
			r = check_entry(j, e);
		if (!r)
			r = take_entry(j, e);
		if (r < 0)
			return r;
		if (r > 0 && is_raw(j))
			return 0;
	}
	if (a != ARCHIVE_EOF)
		return archive_failed(j);
	return j->out->member[0] ? 0 : nothing_found(j);
}

static int find_length(struct job *j, uint8_t *head, size_t head_size, size_t *n_head)
{
	const struct unpack *u = j->src.u;
	off_t end = lseek(u->fd, 0, SEEK_END);

	if (end < 0)
		return err_set(j->err, ERR_LAB, -errno, "%s: %s", u->name,
			       strerror(errno));
	if (u->offset > (uint64_t)end || u->len > (uint64_t)end - u->offset)
		return err_set(j->err, ERR_BUG, -EINVAL, "%s: part outside of the file",
			       u->name);
	j->src.len = u->len ? u->len : (uint64_t)end - u->offset;
	if (!j->src.len)
		return job_err(j, -EINVAL, "empty");
	ssize_t n = pread(u->fd, head, head_size, (off_t)u->offset);
	if (n < 0)
		return err_set(j->err, ERR_LAB, -errno, "%s: %s", u->name,
			       strerror(errno));
	*n_head = (uint64_t)n < j->src.len ? (size_t)n : (size_t)j->src.len;
	return 0;
}

static int run_job(struct job *j)
{
	uint8_t head[512];
	size_t n_head = 0;
	int r = find_length(j, head, sizeof(head), &n_head);

	if (r)
		return r;
	const char *packed = compression_of(head, n_head);
	if (packed && strcmp(packed, "lzo") == 0)
		return job_err(j, -EINVAL,
			       "compressed with lzo, which cannot be unpacked here");
	bool is_deb = n_head >= 8 && memcmp(head, "!<arch>\n", 8) == 0;
	r = open_outer(j, is_deb);
	if (!r && is_deb)
		r = open_deb(j);
	return r ? r : take_one(j);
}

int unpack_file(const struct unpack *u, int out_fd, const struct task *task,
		struct unpacked *out, struct err *err)
{
	struct job j = { .src = { .u = u, .task = task, .err = err },
			 .out_fd = out_fd,
			 .out = out,
			 .max_bytes = u->max_bytes ? u->max_bytes : UNPACK_MAX_BYTES,
			 .seen = STRBUF_INIT,
			 .err = err };

	*out = (struct unpacked){ .size = 0 };
	j.src.buf = xmalloc(READ_STEP);
	int r = run_job(&j);
	if (j.inner)
		archive_read_free(j.inner);
	if (j.outer)
		archive_read_free(j.outer);
	strbuf_release(&j.seen);
	free(j.src.buf);
	return r;
}

const char *compression_of(const uint8_t *head, size_t len)
{
	static const struct {
		const char *word;
		uint8_t len;
		uint8_t magic[9];
	} table[] = {
		{ "gz", 3, { 0x1f, 0x8b, 8 } },
		{ "xz", 6, { 0xfd, '7', 'z', 'X', 'Z', 0 } },
		{ "bz2", 3, { 'B', 'Z', 'h' } },
		{ "zst", 4, { 0x28, 0xb5, 0x2f, 0xfd } },
		{ "lz4", 4, { 0x04, 0x22, 0x4d, 0x18 } }, /* frame */
		{ "lz4", 4, { 0x02, 0x21, 0x4c, 0x18 } }, /* legacy: what Linux reads */
		{ "lzma", 3, { 0x5d, 0, 0 } },
		{ "lzo", 9, { 0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (len >= table[i].len &&
		    memcmp(head, table[i].magic, table[i].len) == 0)
			return table[i].word;
	return NULL;
}

bool unpack_is_packed(const uint8_t *head, size_t len)
{
	static const char *const magics[] = { "!<arch>\n", "PK\3\4" };

	if (compression_of(head, len) ||
	    (len >= 262 && memcmp(head + 257, "ustar", 5) == 0))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (len >= strlen(magics[i]) &&
		    memcmp(head, magics[i], strlen(magics[i])) == 0)
			return true;
	return false;
}
