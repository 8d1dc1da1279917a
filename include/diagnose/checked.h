// SPDX-License-Identifier: GPL-2.0-or-later
/* The access of a checker's report that has no registers. Private to the diagnosis. */
#pragma once

#include "diagnose/diagnosis.h"

/* Fills base_type, access_offset and candidates, where the code that called the checker
 * tells them. */
void checked_find(struct diagnosis *d, const struct incident *in, struct build *b);
