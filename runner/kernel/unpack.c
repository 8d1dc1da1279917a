// SPDX-License-Identifier: GPL-2.0-or-later
/* One file out of an archive. Names in the archive are compared and reported, never used
 * as paths. */
#include "kernel/unpack.h"

#include <errno.h>
#include <fnmatch.h>

#include "util/io.h"
#include "util/mem.h"
#include "kernel/unpack_reader.h"
#include "util/path.h"
#include "util/strbuf.h"

enum { N_LISTED = 8 };

struct job {
	struct unpack_reader rd;
	int out_fd;
	struct unpacked *out;
	uint64_t max_bytes;
	struct strbuf seen; /* names, for the message when nothing fits */
	uint32_t n_seen, n_regular;
	struct err *err;
};

bool unpack_is_kernel_name(const char *name, bool is_deb)
{
	static const char *const globs[] = { "vmlinuz",  "vmlinuz-*", "Image",
					     "Image.*",  "Image-*",   "zImage",
					     "zImage-*", "uImage",    "uImage-*",
					     "*.itb",    "fitImage*" };

	if (is_deb)
		return fnmatch("boot/vmlinuz-*", name, FNM_PATHNAME) == 0;
	const char *base = path_last(name);

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (fnmatch(globs[i], base, 0) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct job *j, const char *name)
{
	if (j->rd.src.u->want == UNPACK_KERNEL)
		return unpack_is_kernel_name(name, j->rd.inner);
	return true;
}

static int write_member(struct job *j)
{
	struct unpack_sink sink = { .fd = j->out_fd, .max_bytes = j->max_bytes };
	int r = unpack_reader_write(&j->rd, &sink);

	j->out->size = sink.size;
	j->out->sha256 = sink.sha256;
	return r;
}

/* For the message "no kernel in it": the first names, boot/ preferred by the order of
 * the archive. */
static void note_seen(struct job *j, const char *name)
{
	bool in_boot = strncmp(name, "boot/", 5) == 0;

	if ((j->rd.inner && !in_boot) || !unpack_is_printable(name))
		return;
	if (j->n_seen++ >= N_LISTED)
		return;
	strbuf_addf(&j->seen, "%s%.80s", j->seen.len ? ", " : "", name);
}

static int nothing_found(const struct job *j)
{
	const char *want = j->rd.inner ? "no boot/vmlinuz-* in it"
			   : j->rd.src.u->want == UNPACK_KERNEL ? "no kernel in it"
								: "no file in it";

	return err_set(j->err, ERR_JOB, -ENOENT, "%s: %s%s%s%s", j->rd.src.u->name, want,
		       j->seen.len ? "; there is " : "", strbuf_str(&j->seen),
		       j->n_seen > N_LISTED ? ", …" : "");
}

static int several_found(const struct job *j, const char *second)
{
	return err_set(j->err, ERR_JOB, -EINVAL, "%s: %s in it: %.100s and %.100s",
		       j->rd.src.u->name,
		       j->rd.src.u->want == UNPACK_KERNEL ? "more than one kernel"
							  : "more than one file",
		       j->out->member, second);
}

/* 1 when this entry was written, 0 to go on. */
static int take_entry(struct job *j, struct archive_entry *e, const char *name)
{
	bool is_file =
		archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e);

	if (unpack_reader_is_raw(&j->rd))
		return write_member(j) ?: 1;
	if (!is_file) {
		if (j->rd.src.u->want == UNPACK_KERNEL && is_wanted(j, name) &&
		    archive_entry_filetype(e) != AE_IFDIR)
			note_seen(j, name); /* a link: say that it was there */
		return 0;
	}
	if (!is_wanted(j, name)) {
		note_seen(j, name);
		return 0;
	}
	if (strlen(name) >= sizeof(j->out->member) || !name[0])
		return unpack_reader_err(&j->rd, -EINVAL,
					 "an entry's name is too long or missing");
	int r = unpack_reader_check_name(&j->rd, name);
	if (r)
		return r;
	if (j->out->member[0])
		return several_found(j, name);
	snprintf(j->out->member, sizeof(j->out->member), "%s", name);
	return write_member(j) ?: 1;
}

/* dpkg sorts what is in a package, so behind boot/ there is no second kernel, and the
 * rest (98 % of the entries) need not be decompressed. */
static bool is_enough(const struct job *j, const char *name)
{
	return j->rd.inner && j->out->member[0] && strncmp(name, "boot", 4) != 0;
}

static int take_one(struct job *j)
{
	struct archive_entry *e;
	const char *name;
	int r;

	while ((r = unpack_reader_next(&j->rd, &e, &name)) > 0) {
		if (is_enough(j, name))
			break;
		r = take_entry(j, e, name);
		if (r < 0)
			return r;
		if (r > 0 && unpack_reader_is_raw(&j->rd))
			break;
	}
	if (r < 0)
		return r;
	snprintf(j->out->how, sizeof(j->out->how), "%s", j->rd.how);
	return r || j->out->member[0] ? 0 : nothing_found(j);
}

int unpack_file(const struct unpack *u, int out_fd, const struct task *task,
		struct unpacked *out, struct err *err)
{
	struct job j = { .out_fd = out_fd,
			 .out = out,
			 .max_bytes = u->max_bytes ? u->max_bytes : UNPACK_MAX_BYTES,
			 .seen = STRBUF_INIT,
			 .err = err };

	*out = (struct unpacked){ .size = 0 };
	int r = unpack_reader_open(&j.rd, u, task, err);
	if (!r)
		r = take_one(&j);
	unpack_reader_release(&j.rd);
	strbuf_release(&j.seen);
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
