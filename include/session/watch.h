// SPDX-License-Identifier: GPL-2.0-or-later
/* The one reader of what the board says and what we did. Bytes and actions go in, in
 * their order; events come out. No clock, no I/O: `bootrig run` feeds it live, `bootrig
 * replay` from console.raw, console.idx and actions.jsonl, and both get the same events.
 * Detection runs on every byte in every phase.
 *
 * Events are JSON objects with "t" (seconds since the run began), "offset" (in
 * console.raw) and "type": stage {stage, boot}            boot {boot, cause, after}
 * kernel {banner, release} nonce {where[, label]}         transfer {bytes}
 * incident-opened {id, kind, title} incident {id, incident{}}      test {suite, name,
 * result, …}  raise {message} captured {incident, capture{}} and each action again, type
 * = its "do". docs/architecture.md has the table. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "parse/incident.h"
#include "parse/job_spec.h"
#include "parse/loader_fault.h"
#include "parse/stage.h"
#include "parse/sysrq.h"

struct watch;

struct watch_opts {
	const struct job_watch *
		fatal; /* the job's raised and lowered kinds; NULL = defaults. Borrowed */
	/* Each event, borrowed for the call. */
	void (*event)(void *arg, const json_t *event);
	/* A fatal incident has just become known; stop typing. May be NULL. */
	void (*fatal_seen)(void *arg, const struct incident *in);
	void *arg;
};

struct watch *watch_new(const struct watch_opts *opts);
void watch_free(struct watch *w);
void watch_bytes(struct watch *w, const char *data, size_t len, uint64_t offset,
		 int64_t t_ns);
void watch_tick(struct watch *w, int64_t t_ns);
/* An action as it stands in actions.jsonl: {"t": ns, "offset": n, "do": …}. */
void watch_action(struct watch *w, const json_t *action);
/* The record ended. */
void watch_end(struct watch *w);

/* What the session asks. */
struct watch_state {
	enum stage stage;
	uint32_t boots;         /* since the run began */
	uint32_t starts;        /* the same, those of the recovery too */
	uint64_t start_offset;  /* of the last one's banner */
	uint32_t attempt_boots; /* since the attempt began */
	bool kernel_seen;       /* in the running attempt */
	bool incident_open;     /* a report that has not settled */
	int32_t fatal_id;       /* first fatal incident of the attempt; -1 = none */
	enum incident_kind fatal_kind;
	char fatal_title[160];
	uint64_t fatal_offset; /* where its report begins */
	bool says_reboot;      /* "Rebooting in N seconds", in this attempt */
	uint32_t reboot_in_s;
	bool panicked;
	uint32_t resets;  /* uncommanded, in this attempt */
	bool supply_loop; /* a boot loop without any other cause than the supply */
	uint64_t last_transfer_bytes;
	char loaded_dtb[201]; /* of the staged device trees the one that U-Boot loaded
				 last, in this attempt, by its path below their
				 directory; "" = none */
	/* Of this boot, before its kernel: the firmware or loader crashed or gave up, and
	 * its own words. */
	const struct loader_fault *firmware_fault; /* NULL = not */
	char firmware_words[160];
	bool nonce_seen;
	char other_label[65]; /* whose nonce this attempt showed instead; "" = none */
	enum sysrq_answer capture_answer; /* to the last SysRq key, while capturing */
	bool raised;                      /* lava-test-raise */
	char raise_message[128];
};
/* What stands on the line that has no end yet; borrowed until the next bytes. */
size_t watch_unfinished(const struct watch *w, const char **text);
/* The same of the one that U-Boot asks for, or has asked for last; NULL = its last file
 * was none of them. */
const char *watch_asked_dtb(const struct watch *w);
const struct watch_state *watch_state(const struct watch *w);
