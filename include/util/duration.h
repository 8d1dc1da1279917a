// SPDX-License-Identifier: GPL-2.0-or-later
/* A duration as people type it: "90", "90s", "30m", "6h", "1h30m", "2d", "500ms". */
#pragma once

#include "util/compiler.h"

/* 0 and *ms, or -EINVAL; -ERANGE above 10 years. A number alone is in seconds. */
MUST_CHECK int duration_parse_ms(const char *s, int64_t *ms);
