// SPDX-License-Identifier: GPL-2.0-or-later
/* Which files of a source tree a patch touches, from its headers: unified diffs as git,
 * quilt and diff -u write them, with whatever text around. Hunks are counted, not read,
 * so that a removed line "-- x" is no header. Nothing is applied here. */
#pragma once

#include "util/err.h"
#include "util/strvec.h"

enum {
	PATCH_MAX_BYTES = 16 << 20,
	PATCH_MAX_FILES = 5000,
	PATCH_MAX_STRIP = 8,
	PATCH_MAX_PATH = 1024,
};

/* Adds each path, below the tree and without the first strip components, once to *out.
 * ERR_JOB -EINVAL: no diff in it; a path that is absolute, leads out of the tree, is
 * quoted or overlong; a symbolic link or submodule; a hunk that is cut off. name is for
 * the message, which gives the line. */
MUST_CHECK int patch_files(const char *text, size_t len, uint32_t strip, const char *name,
			   struct strvec *out, struct err *err);
