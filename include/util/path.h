// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths as text; nothing here looks at a disk. */
#pragma once

#include <string.h>

/* What stands behind the last slash, "" behind one at the end; the path itself where it
 * has none. Points into path. (basename(3) writes, or depends on which header was
 * included.) */
static inline const char *path_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
