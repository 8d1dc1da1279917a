// SPDX-License-Identifier: GPL-2.0-or-later
/* What boot.c and boot_record.c share. */
#pragma once

#include "campaign/boot.h"

struct boot_end {
	bool is_known; /* the child's end was seen; false: the campaign was killed too */
	bool is_canceled; /* it was told to end */
	int status;       /* as from waitpid */
	char *words;      /* its last line on stderr; NULL = not known */
};

/* Find the run directory of the pending record (none is fine), replay it where its result
 * is missing, and put into the record what came of it. *result NULL: no run. ERR_LAB. */
MUST_CHECK int boot_fill_record(const struct campaign *c, json_t *record,
				const struct boot_end *end, json_t **result,
				struct err *err);
