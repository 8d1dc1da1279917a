// SPDX-License-Identifier: GPL-2.0-or-later
/* The sentences of a diagnosis: why it is this kind, and what to check next. Private to
 * the diagnosis. */
#pragma once

#include "diagnose/diagnosis.h"

/* Fills d's reasons and next from its other fields. */
void diagnosis_say(struct diagnosis *d, const struct incident *in, bool has_build);
