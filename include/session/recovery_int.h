// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the recovery ladder share. Private to session/recovery*.c and
 * harvest.c, and the doctor. */
#pragma once

#include "boot/maskrom.h"
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
/* session/recovery_maskrom.c. The boot ROM's lock stays with m, also when it fails. */
MUST_CHECK int recovery_enter_maskrom(struct session *s, struct maskrom *m,
				      struct deadline d, struct err *err);
MUST_CHECK int recovery_maskrom(struct session *s, const struct board_rung *rung,
				struct deadline d, struct err *err);
