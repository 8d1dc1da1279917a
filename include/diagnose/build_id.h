// SPDX-License-Identifier: GPL-2.0-or-later
/* Which build a file is of, without reading more of it than its note. */
#pragma once

#include "util/compiler.h"

/* GNU build id in hex; the caller owns it. NULL: no ELF file, or none in it. */
char *build_id_of_file(const char *path);
/* The same of an open regular file, whose position moves. */
char *build_id_of_fd(int fd);
