// SPDX-License-Identifier: GPL-2.0-or-later
/* Who printed a line, as the kernels of phone and board vendors put it behind the stamp.
 */
#pragma once

#include "parse/prefix.h"

/* The length of the vendor's words at s, or 0; fills caller and caller_id when they say
 * which task it was. */
size_t prefix_vendor_len(const char *s, size_t len, struct prefix *out);
