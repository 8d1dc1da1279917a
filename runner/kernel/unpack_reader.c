// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives entry by entry, by libarchive: each entry and each byte of it is held to the
 * bounds. */
#include "kernel/unpack_reader.h"

#include <errno.h>
#include <limits.h>

#include "util/io.h"
#include "util/mem.h"

enum { MAX_FILTERS = 4 };
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
	if (!why && rd->packed)
		why = archive_error_string(rd->packed);
	if (!why && rd->inner)
		why = archive_error_string(rd->outer);
	return err_set(rd->err, ERR_JOB, -EINVAL, "%s: damaged or not what it seems: %s",
		       rd->src.u->name, why ? why : "libarchive gives no reason");
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

bool unpack_is_printable(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

int unpack_reader_check_name(const struct unpack_reader *rd, const char *name)
{
	if (!unpack_is_printable(name))
		return unpack_reader_err(rd, -EINVAL,
					 "a name in it has control characters");
	if (strlen(name) >= PATH_MAX)
		return unpack_reader_err(rd, -EINVAL, "a name in it is too long");
	if (unpack_is_name_safe(name))
		return 0;
	return err_set(rd->err, ERR_JOB, -EINVAL, "%s: %.200s leads out of the archive",
		       rd->src.u->name, name);
}

/* What an entry costs to step over is bounded before libarchive does it. */
static int check_entry(struct unpack_reader *rd, struct archive_entry *e)
{
	la_int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;

	if (++rd->n_entries > rd->max_entries)
		return err_set(rd->err, ERR_JOB, -EFBIG, "%s: more than %u entries",
			       rd->src.u->name, rd->max_entries);
	if (size < 0 || (uint64_t)size > rd->max_skipped - rd->skipped)
		return err_set(rd->err, ERR_JOB, -EFBIG,
			       "%s: the files in it are more than %llu bytes",
			       rd->src.u->name, (unsigned long long)rd->max_skipped);
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
	struct archive *filters = rd->packed ?: rd->a;
	const char *packed = lava_word(archive_filter_code(filters, 0));

	if (rd->pool && !packed[0])
		packed = "xz";
	if (archive_filter_count(filters) + (rd->pool != NULL) > MAX_FILTERS)
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

int unpack_reader_next(struct unpack_reader *rd, struct archive_entry **e,
		       const char **name)
{
	/* What is left of the last one is no part of the header. */
	int a = rd->has_entry ? archive_read_data_skip(rd->a) : ARCHIVE_OK;

	rd->src.is_in_header = true;
	rd->src.header_bytes = 0;
	if (a == ARCHIVE_OK || a == ARCHIVE_WARN || a == ARCHIVE_EOF)
		a = archive_read_next_header(rd->a, e);
	rd->src.is_in_header = false;
	rd->has_entry = true;
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
	la_int64_t at = 0;
	size_t n;
	int r = 0, a = ARCHIVE_OK;

	s->size = 0;
	s->hash = s->put ? NULL : sha256_new();
	while (!r && (a = archive_read_data_block(rd->a, &data, &n, &at)) == ARCHIVE_OK)
		r = at < 0 ? unpack_reader_failed(rd)
			   : put_block(rd, s, data, n, (uint64_t)at);
	if (!r && a != ARCHIVE_EOF)
		r = unpack_reader_failed(rd);
	if (!r && at > 0 && (uint64_t)at > s->size)
		r = put_block(rd, s, "", 0, (uint64_t)at); /* ends with a hole */
	if (s->hash)
		s->sha256 = sha256_finish(s->hash);
	return r;
}
