// SPDX-License-Identifier: GPL-2.0-or-later
/* Files below a directory that may be anybody's: no path leads out of it or through a
 * symbolic link, and a file appears whole, by rename. */
#pragma once

#include <stdbool.h>

#include "util/strvec.h"

/* Paths are relative to the directory. A regular file? */
bool source_file_exists(int dirfd, const char *path);
/* The same content and the same execute bit; both exist. */
bool source_file_same(int a_dirfd, const char *a, int b_dirfd, const char *b);
/* All return 0 or a negative errno. Directories on the way are made. The copy's time is
 * now; a kill leaves at most a file ".bootrig.tmp" beside it, which the next copy there
 * replaces. */
MUST_CHECK int source_file_copy(int from_dirfd, const char *from, int to_dirfd,
				const char *to);
/* Its content reaches the disk, so that it outlives a power cut. */
MUST_CHECK int source_file_sync(int dirfd, const char *path);
MUST_CHECK int source_file_touch(int dirfd, const char *path);
/* One that is not there is fine. Directories that become empty stay. */
MUST_CHECK int source_file_remove(int dirfd, const char *path);
/* Every regular file below, sorted. */
MUST_CHECK int source_file_list(int dirfd, struct strvec *out);
/* Sorted, each once. */
void source_file_sort(struct strvec *paths);
