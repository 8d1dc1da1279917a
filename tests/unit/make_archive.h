// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives made on the spot by libarchive, for the tests that take them apart. */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "case_file.h"
#include "tap.h"
#include "util/io.h"
#include "util/strbuf.h"

struct member {
	const char *name;
	const void *data; /* NULL with size 0 = a directory, unless link is set */
	size_t size;
	const char *link; /* a symbolic link to this */
};

static inline la_ssize_t to_strbuf(struct archive *a, void *arg, const void *data,
				   size_t len)
{
	strbuf_add(arg, data, len);
	return (la_ssize_t)len;
}

static inline void add_member(struct archive *a, const struct member *m)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, m->name);
	archive_entry_set_mode(e, m->link   ? S_IFLNK | 0777
				  : m->data ? S_IFREG | 0644
					    : S_IFDIR | 0755);
	archive_entry_set_size(e, (la_int64_t)m->size);
	if (m->link)
		archive_entry_set_symlink(e, m->link);
	CHECK_EQ(archive_write_header(a, e), ARCHIVE_OK);
	if (m->size)
		CHECK_EQ(archive_write_data(a, m->data, m->size), m->size);
	archive_entry_free(e);
}

/* format: "ustar" "newc" "zip" "ar" "raw"; filter: "" "gzip" "xz" "zstd" "bzip2". */
static inline void pack(struct strbuf *out, const char *format, const char *filter,
			const struct member *members, size_t n)
{
	struct archive *a = archive_write_new();

	CHECK_EQ(strcmp(format, "newc") == 0  ? archive_write_set_format_cpio_newc(a)
		 : strcmp(format, "ar") == 0  ? archive_write_set_format_ar_svr4(a)
		 : strcmp(format, "zip") == 0 ? archive_write_set_format_zip(a)
		 : strcmp(format, "raw") == 0 ? archive_write_set_format_raw(a)
					      : archive_write_set_format_ustar(a),
		 ARCHIVE_OK);
	if (filter[0])
		CHECK_EQ(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(a, 1);
	CHECK_EQ(archive_write_open(a, out, NULL, to_strbuf, NULL), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++)
		add_member(a, &members[i]);
	CHECK_EQ(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

/* data_name: "data.tar.xz" … and the filter that goes with it. */
static inline void make_deb(struct strbuf *out, const char *data_name, const char *filter,
			    const struct member *members, size_t n)
{
	_cleanup_strbuf_ struct strbuf data = STRBUF_INIT;

	pack(&data, "ustar", filter, members, n);
	const struct member parts[] = { { "debian-binary", "2.0\n", 4, NULL },
					{ "control.tar", "not looked at", 13, NULL },
					{ data_name, data.buf, data.len, NULL } };
	pack(out, "ar", "", parts, ARRAY_SIZE(parts));
}

static inline int memfile(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(io_write_all(fd, data, len), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Enough of an arm64 Image to be taken for one; size at least 64. */
static inline void make_arm64(uint8_t *image, size_t size)
{
	memset(image, 0, size);
	memcpy(image, "MZ\x40\xfa", 4);
	image[17] = 0x10; /* image_size 0x1000 */
	image[24] = 0x0a; /* 4K pages, anywhere */
	memcpy(image + 56, "ARM\x64", 4);
	for (size_t i = 64; i < size; i++)
		image[i] = (uint8_t)(i * 2654435761u >> 24);
}
