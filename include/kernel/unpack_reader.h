// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of archives share: the file below, a .deb's inner tar, and the bounds
 * that every entry and every byte is held to. Private to this
 * layer's readers: unpack*.c, bundle.c, dtbs.c, modules.c, ramdisk.c, source_tarball.c.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "kernel/unpack.h"
#include "kernel/xz_pool.h"

/* The part of the input file that counts, as libarchive reads it. */
struct unpack_source {
	const struct unpack *u;
	const struct task *task;
	struct err *err;   /* why reading stopped, when it was not libarchive's doing */
	int failed;        /* that error's code; 0 = none */
	uint64_t pos, len; /* relative to u->offset */
	uint64_t given;    /* bytes handed to libarchive */
	bool is_direct;    /* not compressed, no .deb: the entries are read from here */
	bool is_zip;
	bool is_in_header; /* what is read now describes an entry, or all of them */
	uint64_t header_bytes;
	char *buf;
};

struct unpack_reader {
	struct unpack_source src;
	struct archive *outer;  /* the file itself, or the ar of a .deb */
	struct archive *inner;  /* data.tar inside a .deb; NULL = no .deb */
	struct archive *packed; /* decompresses what `a` reads; NULL = nothing to do */
	struct archive *a;      /* the one that holds the entries: inner or outer */
	struct xz_pool *pool;   /* the same by processes; one of the two */
	struct {
		bool is_in_step;         /* a header was found */
		uint64_t n_bytes;        /* from there on */
		uint64_t zeros_from;     /* all that follows is zero */
	} tail;                          /* unpack_tail.c */
	char how[64];                    /* "deb, tar.xz" */
	uint64_t skipped, max_skipped;   /* of UNPACK_MAX_SKIPPED, */
	uint32_t n_entries, max_entries; /* UNPACK_MAX_ENTRIES, unless set otherwise */
	bool has_entry;                  /* `a` stands at one */
	struct err *err;
};

/* Look at the first bytes and open. The reader is to be released also after an error. */
MUST_CHECK int unpack_reader_open(struct unpack_reader *rd, const struct unpack *u,
				  const struct task *task, struct err *err);
void unpack_reader_release(struct unpack_reader *rd);
/* 1 and the next entry, with its name without "./" in front (never NULL); 0 at the end.
 * The entry was held to the bounds. */
MUST_CHECK int unpack_reader_next(struct unpack_reader *rd, struct archive_entry **e,
				  const char **name);
/* Where an entry's content goes: to fd, hashed, or to put() (0 or a negative errno with
 * the reader's err set), not hashed. */
struct unpack_sink {
	int fd;
	int (*put)(void *arg, const void *data, size_t len);
	void *arg;
	uint64_t max_bytes;
	uint64_t size;
	struct sha256_hex sha256;
	struct sha256 *hash; /* while it is written */
};
MUST_CHECK int unpack_reader_write(struct unpack_reader *rd, struct unpack_sink *s);
/* A piece of the entry's content reached `to` bytes: is it a bomb? */
MUST_CHECK int unpack_reader_check_ratio(const struct unpack_reader *rd, uint64_t to);
/* The compressions that libarchive undoes itself: its "all" would run programs. */
void unpack_add_filters(struct archive *a);
/* No ".." and no "/" in front. */
bool unpack_is_name_safe(const char *name);
/* Nothing that a terminal would obey. */
bool unpack_is_printable(const char *name);
/* The name of an entry that is taken: safe, printable, no longer than a path may be. */
MUST_CHECK int unpack_reader_check_name(const struct unpack_reader *rd, const char *name);
/* One file without an archive around it. */
bool unpack_reader_is_raw(const struct unpack_reader *rd);
MUST_CHECK int unpack_reader_err(const struct unpack_reader *rd, int code,
				 const char *what);
/* libarchive's reason, or that of our own read callback. */
MUST_CHECK int unpack_reader_failed(const struct unpack_reader *rd);
/* For pool_read() and its like. */
la_ssize_t unpack_reader_pool_read(struct archive *a, void *arg, const void **buffer);

/* unpack_tail.c. Blocks of a .deb's .xz data that are still to come; 0 = there are none,
 * or they are not known. */
size_t unpack_reader_blocks_left(const struct unpack_reader *rd);
/* Go on with the entries that begin in the last n_blocks. The first one's name may be cut
 * off, and what looks like entries can be content: they are entries for sure when at the
 * end unpack_reader_is_at_end(). After an error the reader is of no more use. */
MUST_CHECK int unpack_reader_skip_to_last(struct unpack_reader *rd, size_t n_blocks);
/* Nothing but zeros follows where libarchive saw the end. */
bool unpack_reader_is_at_end(struct unpack_reader *rd);
bool unpack_is_kernel_name(const char *name, bool is_deb);
