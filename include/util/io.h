// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: whole reads with a bound, write-fsync-rename, directories by fd. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "util/compiler.h"
#include "util/strbuf.h"
#include "util/strvec.h"

/* All return 0 or a negative errno. */
MUST_CHECK int io_write_all(int fd, const void *data,
			    size_t len); /* retries short writes and EINTR */
/* read(2), again after EINTR: how many bytes, 0 at the end, or a negative errno. */
MUST_CHECK ssize_t io_read(int fd, void *buf, size_t len);
/* Append the whole file to *out; -EFBIG when it has more than max bytes. */
MUST_CHECK int io_read_file_at(int dirfd, const char *path, size_t max,
			       struct strbuf *out);
MUST_CHECK int io_read_fd(int fd, size_t max, struct strbuf *out);
/* A reader sees the old file or the whole new one, also after a power cut: temp, fsync,
 * rename, fsync of the directory. name has no slash. */
MUST_CHECK int io_atomic_write_at(int dirfd, const char *name, const void *data,
				  size_t len);
/* The same for a path. */
MUST_CHECK int io_atomic_write(const char *path, const void *data, size_t len);
/* The names in a directory but "." and "..", by their bytes; added to *out, whole or not
 * at all. "." is dirfd itself. */
MUST_CHECK int io_list_at(int dirfd, const char *path, struct strvec *out);
/* mkdir -p; an existing directory is fine. */
MUST_CHECK int io_mkdir_p(const char *path);
/* Remove a directory and all below it, never following symbolic links; a missing one is
 * fine. */
MUST_CHECK int io_remove_tree_at(int dirfd, const char *name);
/* Copy bytes from one fd to the end of another. */
MUST_CHECK int io_copy_fd(int from_fd, int to_fd);
MUST_CHECK int io_set_nonblock(int fd, bool on);
