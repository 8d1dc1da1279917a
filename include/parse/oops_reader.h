// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader's insides, shared by the files that make it up: oops.c cuts the stream into
 * messages, oops_incidents.c and oops_route.c assign messages to reports, oops_open.c
 * keeps the open reports, oops_boots.c counts boots. Private to them. */
#pragma once

#include "parse/line.h"
#include "parse/match.h"
#include "parse/oops.h"
#include "parse/oops_report.h"
#include "parse/prefix.h"
#include "parse/stage.h"

enum { READER_MAX_OPEN = 16 };

/* A line that was torn: by another CPU's message in its middle, or by a program that
 * wraps lines. */
struct torn_line {
	char text[512];      /* without its prefix; "" = none */
	struct report *rep;  /* that took it, or would; borrowed */
	bool is_held;        /* cut short: not given to the report yet */
	bool is_header;      /* of rep */
	bool ends_at_margin; /* cut where the screen ends, not at a blank */
	uint64_t line;       /* of its last part */
	uint64_t cut_line;   /* where another message cut in; 0 = wrapped */
};

/* The latest message with a stamp. */
struct last_message {
	char text[256];
	double stamp_s; /* < 0 = none */
};

/* The end of the firmware below the kernel. */
struct firmware_end {
	const char *said; /* waits for the registers; static; NULL = nothing */
	uint64_t line, offset;
	int64_t t_ns;
	struct incident *in; /* told, and its registers still come; NULL = none */
	int64_t last_t_ns;   /* of any byte since */
};

struct oops_reader {
	struct oops_opts opts;
	struct oops_ops ops;
	void *arg;
	struct matcher matcher;
	struct stage_tracker stage;
	bool enabled;

	char stash[LINE_MAX_BYTES]; /* the line whose end has not come */
	size_t stash_len;
	bool in_piece;
	uint64_t offset; /* of the next byte to look at */
	uint64_t line;   /* its line, from 1 */
	int64_t t_ns;

	struct torn_line torn;
	struct last_message last;
	uint32_t n_doubled; /* messages that stood there twice */
	char label[64];     /* before the stamp of the latest line that has one */

	struct report *open[READER_MAX_OPEN]; /* oldest first */
	size_t n_open;
	struct report *current; /* takes lines that no caller id assigns */
	uint64_t asked_until;   /* line */
	bool stamps_seen;
	bool has_lead_address; /* given by the lines before the header */
	uint64_t lead_address;

	char *banner; /* "Linux version …" of this boot, or NULL */
	uint32_t n_boots;
	bool boot_has_cause; /* a fatal incident explains the next reset */
	bool boot_panicked;  /* nothing that says more can follow in this boot */
	struct firmware_end firmware;
	uint32_t n_unexplained;
	bool loop_reported;
	bool loader_failed;       /* U-Boot said that it cannot boot */
	const char *failed_title; /* static */
	uint64_t failed_offset, failed_line;
	int64_t failed_t_ns;
};

/* One segment of a line: a message with its prefix parsed. */
struct message {
	const char *text; /* NUL-terminated */
	struct prefix prefix;
	uint64_t offset, end_offset;
	size_t line_len; /* of the whole line, prefix included */
	bool is_cut;     /* another message begins in the middle of its line */
};

/* A line, or a piece of one. may_begin: it holds one of the literals. */
void reader_feed_line(struct oops_reader *r, const char *p, size_t len, uint64_t offset,
		      bool may_begin);
/* No line follows. */
void reader_end_lines(struct oops_reader *r);

/* A header was found in m; after is what follows its literal. */
void reader_on_header(struct oops_reader *r, const struct oops_header *h,
		      const struct message *m, const char *after);
/* The report that a message without a header belongs to, or NULL. */
struct report *reader_find_by_caller(const struct oops_reader *r, const struct prefix *p);
/* The same for any message: without caller ids, by the order of a report's lines. */
struct report *reader_route(const struct oops_reader *r, const struct message *m);
/* Can the message be the report's, going by caller ids? */
bool reader_is_callers(const struct report *rep, const struct message *m);
/* Is the panic in m, for that reason, rep's end? A kernel that oopsed dies of that,
 * however late. */
bool reader_ends_in_panic(const struct report *rep, const struct message *m,
			  const char *reason);
/* A fault's or a panic's header came: reports that have their trace, or get none, are
 * over, whoever's they are. */
void reader_pass_over(struct oops_reader *r, const struct report *by);
/* rep took m: it has got that far. */
void reader_advance(struct oops_reader *r, struct report *rep, const struct message *m);
/* The fault that the "Internal error" in m belongs to, or NULL. */
struct report *reader_find_dying(const struct oops_reader *r, const struct message *m);
/* A report begins with m, whose header is h. The oldest one makes room for it. */
void reader_open_report(struct oops_reader *r, const struct oops_header *h,
			const struct message *m, const char *after);
/* Tell of a report that has been decided on. */
void reader_announce(struct oops_reader *r, struct report *rep);
/* m belongs to rep, which therefore lives on. */
void reader_prolong(struct oops_reader *r, struct report *rep, const struct message *m);
/* The same, and it is evidence. */
void reader_touch(struct oops_reader *r, struct report *rep, const struct message *m);
/* It is over: told, and freed. */
void reader_close_report(struct oops_reader *r, const struct report *rep);
/* A fault that a program may have run into waits for its die(); h is what came. */
void reader_drop_tentative(struct oops_reader *r, const struct oops_header *h);
/* "Rebooting in N seconds.." are a kernel's last words: what reports now is the next
 * boot, whose banner a loglevel may hide. */
void reader_close_rebooted(struct oops_reader *r);
/* Offer a message to a report; whether it took it. */
bool reader_feed_report(struct oops_reader *r, struct report *rep,
			const struct message *m);
/* The whole text of rep's header, whose first half opened it. */
bool reader_reread_header(struct oops_reader *r, struct report *rep,
			  const struct message *m);
/* A line went by: reports that nobody continues are over. */
void reader_age_reports(struct oops_reader *r);
/* Time went by: the same. */
void reader_settle(struct oops_reader *r, int64_t t_ns);
void reader_close_all(struct oops_reader *r);

/* The firmware below a running kernel died: a message that may say so. */
void reader_note_firmware(struct oops_reader *r, const struct message *m);
void reader_settle_firmware(struct oops_reader *r, int64_t t_ns);
void reader_close_firmware(struct oops_reader *r);

/* An incident that no report of the kernel is behind. The caller owns it. */
struct incident *reader_new_incident(const struct oops_reader *r, enum incident_kind kind,
				     const char *title, uint64_t offset, uint64_t line,
				     int64_t t_ns);
/* A stage_fn: boots, resets, loops. */
void reader_on_stage(void *arg, const struct stage_event *e);
/* Keeps the kernel's banner for the incidents of this boot. */
void reader_note_banner(struct oops_reader *r, const struct message *m);
/* Does the boot loader say here that it cannot boot? */
void reader_note_loader_failure(struct oops_reader *r, const struct message *m);
/* End of input: a loader that failed, and no kernel since, is no-boot. */
void reader_end_boots(struct oops_reader *r);
