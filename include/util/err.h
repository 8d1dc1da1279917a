// SPDX-License-Identifier: GPL-2.0-or-later
/* The error object: who must act (class), what the system said (code, a negative errno)
 * and one sentence. Errors are ours; what the kernel under test does is a verdict and
 * never travels in here. */
#pragma once

#include <stdarg.h>

#include "util/compiler.h"

enum err_class {
	ERR_NONE,
	ERR_JOB, /* the job or board file is wrong: the submitter acts (LAVA: Job,
		    Configuration) */
	ERR_LAB, /* relay, UART, TFTP, disk: the lab keeper acts (LAVA: Infrastructure) */
	ERR_CANCELED, /* somebody stopped us: nobody acts (LAVA: Canceled) */
	ERR_BUG,      /* bootrig is wrong: we act (LAVA: Bug) */
};

struct err {
	enum err_class class;
	int code; /* negative errno */
	char msg[512];
};

#define ERR_INIT                                                                         \
	{                                                                                \
		.class = ERR_NONE, .code = 0, .msg = ""                                  \
	}

/* Fill *err and return code, so that `return err_set(err, ERR_LAB, -EIO, "…")` is one
 * statement. */
PRINTF(4, 5)
int err_set(struct err *err, enum err_class class, int code, const char *fmt, ...);
/* Put context before what is there: "board bench1: " + msg. Returns err->code. */
PRINTF(2, 3) int err_prefix(struct err *err, const char *fmt, ...);
/* LAVA's word for the class: "Infrastructure", "Job", "Canceled", "Bug"; NULL for
 * ERR_NONE. */
const char *err_class_to_lava(enum err_class class);
