// SPDX-License-Identifier: GPL-2.0-or-later
/* Base64 as `base64` prints it, out of a text that other lines may have got into. */
#pragma once

#include "util/strbuf.h"

/* Appends what the lines of text decode to. A line that is no base64 is left out, one
 * that another writer broke spoils the result: a checksum has to tell. */
void base64_decode_lines(const char *text, size_t len, struct strbuf *out);
