// SPDX-License-Identifier: GPL-2.0-or-later
/* Layouts that hold for a range of kernels unless their configuration moves them: what is
 * said about a member where the build's own layout is not at hand, and always named an
 * assumption. Private to the diagnosis. */
#pragma once

#include "diagnose/diagnosis.h"

/* Fills d's candidates and assumption for an access at offset. */
void assumed_candidates(struct diagnosis *d, const struct incident *in, uint64_t offset);
