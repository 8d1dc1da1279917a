// SPDX-License-Identifier: GPL-2.0-or-later
/* The watch's insides: watch.c feeds bytes and actions, watch_lines.c makes events of
 * lines, watch_incidents.c of incidents, watch_resets.c of boots. Private to them. */
#pragma once

#include "parse/line.h"
#include "parse/match.h"
#include "parse/oops.h"
#include "parse/stage.h"
#include "parse/sysrq.h"
#include "parse/test_output.h"
#include "session/watch.h"

enum { WATCH_MAX_OPEN = 64 };

struct open_incident {
	uint64_t line, offset;
	int32_t id;
	uint32_t attempt; /* where it opened: its report may settle later */
	bool is_old;
	char phase[80];
};

struct watch {
	struct watch_opts opts;
	struct watch_state st;
	struct line_splitter lines;
	struct stage_tracker stages;
	struct oops_reader *oops;
	struct test_parser *tests;
	struct open_incident open[WATCH_MAX_OPEN];
	size_t n_open;
	int32_t next_id;
	int64_t t_ns; /* of the bytes or action being handled */
	uint64_t offset;
	char nonce[80], phase[80];
	char dtbs[128]; /* "bootrig-r1/dtbs/": where the staged device trees lie; "" */
	json_t *labels; /* the other labels that U-Boot could boot; NULL */
	uint32_t attempt;
	bool tests_cut; /* they ran until their time was over: their plans stay short */
	uint32_t loop_boots; /* boots without the goal that make a loop */
	uint32_t boots_since_goal;
	bool in_recovery, in_boot_with_kernel, loop_reported;
	uint32_t n_uncommanded, n_supply; /* boots of this attempt: by nobody's hand; of
					     these by the supply, as far as is known */
	const char *boot_cause;   /* why this boot began; NULL = not known; static */
	bool commanded;           /* we moved the power, and no boot came since */
	const char *restart_word; /* who said that the board will start again; static */
	struct matcher restart_words; /* what the lines that say so have */
	bool banner_done, nonce_done; /* of this boot: nothing more to look for */
	struct sysrq_reader *capture; /* a wedged kernel is being asked; NULL = no */
	json_t *more; /* further members of the incident that is being reported; NULL */
	bool before_power; /* the attempt has not switched the board on */
};

/* watch_lines.c; arg is the watch. A line of the console, from the splitter. */
void watch_line(void *arg, const struct line *l);
void watch_stage_seen(void *arg, const struct stage_event *e);
void watch_test_seen(void *arg, const struct test_event *e);
/* watch_capture.c: the actions "capture" and "sysrq". */
void watch_capture_action(struct watch *w, const char *what, const json_t *action);
/* A new event, to be given to watch_emit(). */
json_t *watch_event(int64_t t_ns, uint64_t offset, const char *type);
void watch_emit(struct watch *w, json_t *take_event);

/* watch_resets.c */
void watch_new_boot(struct watch *w, const struct stage_event *e);
void watch_read_reset_words(struct watch *w, const struct line *l);
void watch_forget_resets(struct watch *w); /* a new attempt */

/* The reader's callbacks (struct oops_ops); arg is the watch. */
void watch_incident_opened(void *arg, const struct incident *in);
void watch_incident_closed(void *arg, const struct incident *in);
void watch_incident_escalated(void *arg, const struct incident *in);
/* An incident that no text reports: silence, reset, loop. */
PRINTF(3, 4)
void watch_report_own(struct watch *w, enum incident_kind kind, const char *fmt, ...);
/* A reset or a loop is explained by the oops or panic before it, which then decides. */
bool watch_is_consequence(enum incident_kind kind);
