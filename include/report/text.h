// SPDX-License-Identifier: GPL-2.0-or-later
/* Console text and names on their way into other people's formats: valid UTF-8 without
 * terminal escapes or control bytes. Knows no format: XML and JSON escape for themselves.
 */
#pragma once

#include <stdbool.h>

#include "util/compiler.h"
#include "util/strbuf.h"

/* Append s as valid UTF-8: bad bytes become U+FFFD, ANSI sequences and control bytes
 * other than tab and line feed vanish, as do U+FFFE and U+FFFF (XML 1.0 refuses them). */
void text_add_clean(struct strbuf *out, const char *s, size_t len);
/* The same on one line: line feeds and tabs become blanks. */
void text_add_line(struct strbuf *out, const char *s);
/* How many bytes of the valid UTF-8 text s make at most max bytes of whole characters. */
size_t text_cut(const char *s, size_t len, size_t max);
/* Characters (code points) in the valid UTF-8 text s. */
size_t text_width(const char *s, size_t len);
