// SPDX-License-Identifier: GPL-2.0-or-later
/* The words that begin a report: which kind they stand for, where its guilty function is
 * to be found, and how its title is worded. */
#pragma once

#include "parse/incident.h"
#include "parse/oops_lines.h"

enum header_class {
	HEADER_FAULT, /* a bad access: die() follows */
	HEADER_DIE,   /* "Internal error:", "Oops:": part of a fault, or its own header */
	HEADER_PANIC, /* ends whatever came before, or stands alone */
	HEADER_REPORT,   /* a checker's report: KASAN, lockdep, WARN */
	HEADER_STALL,    /* a watchdog's: repeated while the stall lasts */
	HEADER_OOM,      /* several lines of one event */
	HEADER_HEADLESS, /* the registers of a report whose first line is lost */
	HEADER_TENTATIVE /* a trace: nobody's, until a frame says that this is a panic */
};

enum pick {
	PICK_PC,    /* pc, unless that is a helper; else the trace */
	PICK_NAMED, /* the function that the header names, unless a helper; else the trace
		     */
	PICK_TRACE, /* the first frame that is no helper */
	PICK_LOCK,  /* lockdep's "at: f" */
	PICK_HUNG,  /* the first frame that is not the scheduler's */
	PICK_STALL, /* below the detector's interrupt: what was running */
	PICK_NONE
};

struct oops_header {
	const char *literal;
	enum incident_kind kind;
	enum header_class class;
	enum pick pick;
	const char *title;       /* " in FUNCTION" follows; NULL: made from the text */
	const char *const *skip; /* more helpers, NULL-terminated, or NULL */
};

/* Enough to find every header and every banner by one search over raw bytes. */
extern const char *const oops_literals[];
extern const size_t oops_n_literals;

/* The first that matches wins: the specific before the general. */
extern const struct oops_header oops_headers[];
extern const size_t oops_n_headers;

/* The header in this line, or NULL. *at is what follows its literal. is_stamped: it came
 * after a printk stamp; other text must begin with the header. */
const struct oops_header *header_find(const char *text, bool is_stamped, const char **at);

/* The rest of a fault's header whose beginning was cut off, in text without a stamp. */
const struct oops_header *header_find_tail(const char *text, const char **at);

/* The header with that literal, or NULL. */
const struct oops_header *header_of(const char *literal);

/* Words that other programs use as well: they count with a printk stamp, or where the
 * kernel prints none. */
bool header_is_vague(const struct oops_header *h);
