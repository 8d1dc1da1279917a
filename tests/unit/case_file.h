// SPDX-License-Identifier: GPL-2.0-or-later
/* Files in the directory of a case. */
#pragma once

#include <fcntl.h>

#include "tap.h"
#include "util/io.h"
#include "util/mem.h"

/* The caller owns the paths. */
static inline char *tmp_path(const char *name)
{
	return xasprintf("%s/%s", tap_tmpdir(), name);
}

static inline char *write_file(const char *name, const void *data, size_t len)
{
	char *path = tmp_path(name);

	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(io_write_all(fd, data, len), 0);
	return path;
}

static inline char *put_file(const char *name, const char *text)
{
	return write_file(name, text, strlen(text));
}
