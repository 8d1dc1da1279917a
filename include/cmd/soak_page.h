// SPDX-License-Identifier: GPL-2.0-or-later
/* What a soak shows: a line after each boot, a page at the end. */
#pragma once

#include "cmd/campaign_page.h"

void soak_page_boot(const struct campaign_page *p, const json_t *record);
/* `soak` of a result: a table of its groups, and what they say. */
void soak_page_print(const json_t *soak, bool color, size_t width, struct strbuf *out);
