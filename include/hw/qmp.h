// SPDX-License-Identifier: GPL-2.0-or-later
/* A client for QEMU's machine protocol (docs/interop/qmp-spec) over a connected socket.
 * Never blocks in read: it waits through the caller's function, because QEMU itself stops
 * when nobody drains its serial port. */
#pragma once

#include <jansson.h>

#include "hw/power.h"
#include "util/strbuf.h"

struct qmp {
	int fd; /* non-blocking; -1 = none */
	struct strbuf in;
	bool is_ready; /* capabilities are negotiated */
};

#define QMP_INIT                                                                         \
	{                                                                                \
		.fd = -1, .in = STRBUF_INIT, .is_ready = false                           \
	}

void qmp_close(struct qmp *q);
/* Run a command and wait for its reply. Events in between are dropped. take_arguments is
 * an object, or NULL. */
MUST_CHECK int qmp_command(struct qmp *q, const char *name, json_t *take_arguments,
			   const struct power_env *env, struct deadline d,
			   struct err *err);
