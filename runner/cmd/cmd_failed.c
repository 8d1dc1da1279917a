// SPDX-License-Identifier: GPL-2.0-or-later
/* An error as a line and an exit status. */
#include <stdio.h>

#include "cmd/cmd.h"

int cmd_failed(const char *command, const struct err *err)
{
	fprintf(stderr, "bootrig %s: %s\n", command, err->msg);
	switch (err->class) {
	case ERR_JOB:
		return EXIT_USAGE;
	case ERR_CANCELED:
		return EXIT_CANCELED;
	case ERR_BUG:
		return EXIT_OUR_BUG;
	case ERR_NONE:
	case ERR_LAB:
		break;
	}
	return EXIT_LAB;
}
