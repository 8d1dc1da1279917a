// SPDX-License-Identifier: GPL-2.0-or-later
/* One kernel command line of several sources. The board's defaults come first, and each
 * gives way to a later word of the same name. */
#pragma once

#include "util/strvec.h"

/* words: what board and job say. "-NAME" in it takes a default away and is not passed on.
 * quiet and loglevel= take ignore_loglevel away, which would undo them. The caller owns
 * the result. */
char *append_compose(const struct strvec *defaults, const char *words);
