// SPDX-License-Identifier: GPL-2.0-or-later
/* The doctor's findings as a table that grows while he works. */
#pragma once

#include "session/doctor.h"

struct doctor_page {
	int fd;           /* -1 = nothing is shown */
	bool color;       /* a terminal that wants it */
	bool is_terminal; /* what is going on is shown, and wiped away */
};

struct doctor_page doctor_page_open(int fd);
/* For struct doctor_opts; arg is the page. */
void doctor_page_check(void *page, const struct doctor_check *check);
void doctor_page_progress(void *page, const char *what);
/* The last line: how many of each. run_path: where the record is, NULL = none. */
void doctor_page_close(struct doctor_page *page, const struct doctor_report *report,
		       const char *run_path);
