// SPDX-License-Identifier: GPL-2.0-or-later
/* How far a kernel's build is: a bar on a terminal, elsewhere a line now and then. */
#pragma once

#include <stdbool.h>

#include "kernel/build.h"

struct build_page {
	int fd; /* borrowed; -1 = nothing is shown */
	bool is_terminal, color;
	int last_phase; /* -1 = none yet */
	int64_t begin_ns, shown_ns, make_begin_ns;
	unsigned last_tenth;
	bool has_bar; /* a line that is to be wiped away */
};

struct build_page build_page_open(int fd);
/* For struct kernel_build; arg is the page. */
void build_page_progress(void *page, const struct kernel_build_progress *p);
/* Wipes the bar away, so that something else may be printed. */
void build_page_close(struct build_page *page);
