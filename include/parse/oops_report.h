// SPDX-License-Identifier: GPL-2.0-or-later
/* One report while it is being read: lines in, an incident that grows. Private to the
 * reader (oops.c). */
#pragma once

#include "parse/oops_headers.h"

/* More frames than an incident shows: a stall's or an overflow's culprit is deep. */
enum { REPORT_MAX_TRACES = 12, REPORT_MAX_FRAMES = 256 };

struct report_trace {
	struct incident_frame *frames;
	size_t n;
	size_t border; /* frames from here on were interrupted by the detector; 0 = none
			*/
	bool is_aside; /* allocation, free, lock chain, another CPU: not the culprit */
	int track;     /* 1 + enum incident_track_of: the object's life; 0 = none */
	/* arm: the last frame is only known as a caller so far. */
	bool ends_in_caller;
};

struct report {
	struct incident *in;
	const struct oops_header *header;
	char caller; /* printk's caller of its lines, 0 = none */
	uint32_t caller_id;

	struct report_trace traces[REPORT_MAX_TRACES];
	size_t n_traces;
	bool in_trace;
	bool in_aside;  /* the next trace is not the culprit's */
	int next_track; /* the next trace's track */
	bool aside_has_call_trace;
	bool in_modules;     /* a list of modules that a mail client wrapped goes on */
	bool in_other_cpu;   /* "CPU3: stopping" and what follows */
	bool nmi_backtraces; /* all CPUs print their traces into this one */

	char *named; /* function that the header or an "at:" line names */
	char *pc_function, *pc_module;
	char *lr_function, *lr_module;
	char *access; /* "Read" or "Write" */
	char *detail; /* KASAN's "slab-out-of-bounds", the panic's reason */
	bool has_die; /* "Internal error" or "Oops" was seen */
	bool has_code;
	bool has_end; /* its end marker came */
	bool is_headless;
	bool wants_lock_at; /* lockdep: the next "at: f" names the culprit */
	bool seen_cpu_line;
	bool says_user; /* "access to user memory", "user-memory-access" */
	bool says_null;
	bool is_page_fault;    /* arm and arm64: die("Oops") has no other caller */
	bool says_bug;         /* "Oops - BUG" */
	bool says_mce;         /* "Oops: Machine check" */
	bool is_survived;      /* a hardware error that was corrected, or only logged */
	bool range_is_printed; /* "in range [..]", not our arithmetic */
	uint32_t va_bits;      /* "48-bit VAs"; 0 = not said */
	int phase;             /* how far its lines have got: oops_route.c's */
	size_t n_frames_shown; /* in the evidence */
	int object_wants;      /* what the object's next line says: oops_object.c's */
	int64_t object_bytes;  /* "located 8 bytes to the right of" */
	bool is_right_of_object;
	bool pc_is_x86;
	bool says_serror;   /* the panic did */
	bool is_tentative;  /* a trace of nobody's: not announced */
	bool is_done;       /* later lines belong to something else */
	bool wake_has_head; /* a fault in its wake was counted and has not died */
	uint32_t die_number;

	uint32_t lines_since; /* its last own line */
	int64_t last_t_ns;
	double last_printk_s;
};

struct report *report_new(const struct oops_header *h, const char *text,
			  const char *after);
/* The header again, now whole: what it did not say before counts. */
void report_reread(struct report *r, const struct oops_header *h, const char *text,
		   const char *after);
void report_free(struct report *r);
/* The CPU that a header names ("CPU: 3 PID: ..", "CPU#3", "on cpu 3"), or -1. */
int32_t header_cpu(const char *text);
/* Of the sort that die() belongs to? */
bool report_is_oops(const struct report *r);
/* Has it a trace of its own, not an allocation's or another CPU's? */
bool report_has_frames(const struct report *r);
/* Take a line of text. Returns whether it belongs to the report. */
bool report_line(struct report *r, const char *text);
/* "Internal error: Oops: 96000004 [#1]" or the like inside the report. */
void report_die(struct report *r, const char *text);
/* A fault's header inside a report that lacks one (h), or a second one's (h NULL): its
 * address counts if none is known. */
void report_adopt(struct report *r, const struct oops_header *h, const char *text);
/* "cut here", registers, a trace, "end trace": the line that says what it was is lost. It
 * is a report from now on. */
void report_recover(struct report *r);
void report_panic(struct report *r, const char *after);
/* Keep the line among the evidence if the verdict rests on it. Called for each line that
 * the report took. */
void report_note_evidence(struct report *r, uint64_t line, const char *text);
/* Kind, function, title, truncation as far as they are known. */
void report_settle_fields(struct report *r);
/* Final: also moves the chosen trace into the incident. */
void report_finish(struct report *r);

/* ---- between the files of the report ---- */

/* Fields that the first mention decides. */
void report_set_once(char **field, struct slice s);
void report_set_address(struct report *r, const char *s);
void report_set_esr(struct report *r, uint64_t v);
/* The bad address, where a header's text gives it. */
void report_header_address(struct report *r, const char *text);
/* "[0x0000000000000020-0x0000000000000027]" behind "KASAN: <type> in range ". */
void report_set_range(struct report *r, const char *s);
void report_start_trace(struct report *r);
/* The trace that tells: the first that is not another CPU's or an allocation's; NULL. */
const struct report_trace *report_main_trace(const struct report *r);
/* The trace to show: for stalls what the detector interrupted; NULL. */
struct report_trace *report_shown_trace(struct report *r);
/* The first max frames of a trace, which loses them all. The caller owns them. */
struct incident_frame *report_take_frames(struct report_trace *t, size_t max, size_t *n);

/* Lines of one sort each: true when the text was one. */
bool report_line_section(struct report *r, const char *text);
bool report_line_access(struct report *r, const char *text);
bool report_line_fault(struct report *r, const char *text);
bool report_line_owner(struct report *r, const char *text);
bool report_line_end(struct report *r, const char *text);
bool report_line_lock_at(struct report *r, const char *text);
/* oops_object.c: a line about the misused object; the sections of its life begin here,
 * too, and are left to report_line_section(). */
bool report_line_object(struct report *r, const char *text);
/* Its life's traces, into the incident. */
void report_finish_object(struct report *r);
/* Who it happened to, where the kind has a line for that. */
bool report_line_task(struct report *r, const char *text);

/* oops_kind.c: kind and fatality, and KASAN's shadow undone. */
/* A line of a hardware error: does it say that nothing was lost? */
bool report_is_mild(const char *text);
/* A line of a hardware error that says of no loss. */
bool report_is_mild(const char *text);
void report_decide_kind(struct report *r);
/* oops_signature.c: once kind and function are decided. */
void report_make_title(struct report *r);
void report_make_signature(struct report *r);
