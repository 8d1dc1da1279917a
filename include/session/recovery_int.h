// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the recovery ladder share. Private to session/recovery*.c and
 * harvest.c. */
#pragma once

#include "session/state.h"

struct harvest {
	struct session *s;
	const struct board_rung *rung;
	struct deadline ladder;
	int artifacts_fd;
	size_t n; /* brought so far, in all rungs; names artifacts */
};
/* The rung's commands and files, and the job's. */
MUST_CHECK int session_harvest(struct harvest *h, struct err *err);

/* session/recovery_start.c: from wherever the board stands to the first words of a boot
 * of the rung's known-good system. */
MUST_CHECK int recovery_start(struct session *s, const struct board_rung *rung,
			      struct deadline d, struct err *err);
/* session/recovery_maskrom.c */
MUST_CHECK int recovery_maskrom(struct session *s, const struct board_rung *rung,
				struct deadline d, struct err *err);
