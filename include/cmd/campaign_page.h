// SPDX-License-Identifier: GPL-2.0-or-later
/* What matrix and soak show, and where their results go. */
#pragma once

#include "campaign/state.h"
#include "report/spool.h"
#include "util/strbuf.h"

struct campaign_page {
	int fd; /* standard output, or standard error where --json has that */
	bool color;
	size_t width; /* 0 = no terminal */
};

struct campaign_page campaign_page_for(const char *json_path);
/* One line, made harmless for a terminal. */
PRINTF(2, 3)
void campaign_page_line(const struct campaign_page *p, const char *fmt, ...);
void campaign_page_text(const struct campaign_page *p, const struct strbuf *text);
/* Which directory, and how far an earlier session came. */
void campaign_page_begin(const struct campaign_page *p, const struct campaign *c);
/* "fail: 24 of 27 …" and the directory. */
void campaign_page_verdict(const struct campaign_page *p, const json_t *result,
			   const char *dir);

/* result.json of a campaign that goes on. The state on disk is what counts, so a disk
 * that refuses this one is no reason to end. */
void campaign_page_so_far(const struct run_dir *dir, const json_t *result);
/* result.json and junit.xml; the file that --json names; once it is over, the receivers
 * of results (those of KCIDB have each boot's own), and then the campaign is finished.
 * ERR_LAB when the disk refuses. */
MUST_CHECK int campaign_page_finish(const char *command, const struct campaign *c,
				    const json_t *result, const struct destinations *to,
				    const char *json_path, struct err *err);
