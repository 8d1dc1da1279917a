// SPDX-License-Identifier: GPL-2.0-or-later
/* What was staged, fetched back over TFTP as the board will fetch it, and compared. */
#pragma once

#include "boot/stage.h"
#include "kernel/task.h"
#include "parse/board_spec.h"

#define TFTP_BLKSIZE 1468
#define TFTP_MISS_LIMIT_MS                                                               \
	2000 /* an answer "no such file" later than this is a fault                      \
	      */

struct tftp_check {
	const char *name;      /* of a staged_file; borrowed from struct staged */
	const char *tftp_path; /* borrowed from struct staged */
	uint64_t bytes;
	uint32_t crc32; /* with boot->verify_ram, else 0 */
	int64_t ns;
};

struct tftp_report {
	char server[256]; /* "tftp://192.168.5.1/" or "atftpd on 127.0.0.1:41234" */
	struct tftp_check *checks; /* of each file once */
	size_t n_checks;
	uint64_t bytes; /* all together */
	int64_t ns;
	int64_t miss_ns; /* how long a file that does not exist took to be refused */
};

/* From boot->tftp_url, or with tftp_verify_local from a read-only look at the same root
 * through an atftpd of our own on the loopback device, which ends before this returns.
 * ERR_LAB (-EIO mismatch, -ENOENT miss, -ETIMEDOUT …) names the file; ERR_CANCELED. */
MUST_CHECK int tftp_verify(const struct board_boot *boot, const struct staged *s,
			   const struct task *task, struct tftp_report *out,
			   struct err *err);
void tftp_report_release(struct tftp_report *report);
