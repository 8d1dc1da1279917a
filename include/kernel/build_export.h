// SPDX-License-Identifier: GPL-2.0-or-later
/* A finished build as a directory of one's own. */
#pragma once

#include "kernel/build.h"

/* A copy of b->dir as `to`, which appears whole or not at all; the disk shares the bytes
 * where it can. An earlier build there is replaced, an empty directory too. ERR_JOB
 * -EEXIST: something else is there; ERR_LAB for the disk. */
MUST_CHECK int kernel_build_export(const struct kernel_built *b, const char *to,
				   const struct task *task, struct err *err);
