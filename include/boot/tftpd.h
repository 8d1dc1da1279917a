// SPDX-License-Identifier: GPL-2.0-or-later
/* A TFTP server of our own on the loopback device, for the time of one check. */
#pragma once

#include "util/child.h"

struct tftpd {
	struct child child;
	int log_fd; /* what it said on stderr */
	uint16_t port;
};

#define TFTPD_INIT                                                                       \
	{                                                                                \
		.child = CHILD_INIT, .log_fd = -1                                        \
	}

/* Serves root on 127.0.0.1:port at once (requests wait in the socket until it is up). As
 * root it runs as nobody without any capability, so only what the board's server could
 * read is served. ERR_LAB -ENOENT: atftpd is not installed. */
MUST_CHECK int tftpd_start(struct tftpd *t, const char *root, struct err *err);
void tftpd_stop(struct tftpd *t);
/* Its last line of complaint, for messages; "" when it said nothing. The caller owns it.
 */
char *tftpd_complaint(const struct tftpd *t);
