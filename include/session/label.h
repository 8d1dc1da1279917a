// SPDX-License-Identifier: GPL-2.0-or-later
/* The label that a boot writes for U-Boot. Pure: a run writes it, a dry run shows it. */
#pragma once

#include "boot/extlinux.h"
#include "boot/stage.h"
#include "parse/board_spec.h"
#include "parse/job_spec.h"

#define SESSION_LABEL "bootrig"

/* The whole kernel command line: board, job, nonce (hex). known_good: the set of a
 * recovery rung that is booted in place of the job's; NULL = the job's. The caller owns
 * the string. */
char *label_append(const struct board_spec *board, const struct strvec *job_args,
		   const struct job_boot *boot, const struct board_label *known_good,
		   const char *nonce);
const char *label_name(const struct staged *staged);
/* What it says of the files as they lie in the TFTP root. Borrows from staged and append.
 */
struct extlinux_label label_of(const struct staged *staged, const char *append);
