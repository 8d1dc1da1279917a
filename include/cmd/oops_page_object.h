// SPDX-License-Identifier: GPL-2.0-or-later
/* What the page says of the object that a memory checker saw misused. */
#pragma once

#include "parse/incident.h"
#include "util/strbuf.h"

/* "kmalloc-32 at 0xffff1072c303ecc0, 28 bytes, allocated; the address is 4 bytes beyond
 * its end" */
void oops_page_say_object(struct strbuf *sb, const struct incident_object *b);
/* "by task 53 on CPU 1: oob_read [crashme] < crashme_write < full_proxy_write" */
void oops_page_say_track(struct strbuf *sb, const struct incident_track *t);
