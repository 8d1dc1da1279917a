// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of the fold share: all that was collected so far. Not for others. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "report/result.h"

struct fold {
	json_t *run, *incidents, *tests, *attempts, *resets, *steps, *harvested, *repairs;
	json_t *attempt; /* the open one, NULL = none */
	json_t *staged, *verified, *self_check, *failed, *seen;
	json_t *taken;     /* of the staged device trees the one that U-Boot loaded, of
			      the running attempt; NULL = none, or there are none */
	json_t *transfers; /* of the running attempt: {"bytes", "file"} */
	json_t *ram;       /* what U-Boot summed, of the running attempt: by path */
	json_t *rootfs;    /* as the board told it, of the running attempt; NULL = not */
	json_t *label; /* that U-Boot went for, of the running attempt; NULL = it did not
			  say */
	json_t *build_ids; /* as the board told them, of the running attempt */
	json_t *timings;
	double t_end, waits_ms, power_on_ms;
	double test_begin, test_end; /* of the running attempt; -1 = not yet */
	bool test_failed;            /* and what failed it came at test_end */
	size_t n_fatal;              /* incidents of the running attempt */
	int64_t unlisted_incidents, unlisted_tests;
	int64_t boots, power_cycles, gaps, gap_ms, latency_us, console_bytes;
	const char *nonce_where; /* static */
	const char *evidence;    /* static: of what RAM held; NULL = nobody looked */
	char end_wall[40], power_final[16];
	bool canceled, recovery_ran, recovered, wedged, ended, left_on;
	bool loader_done;               /* a kernel was started in this attempt */
	bool nonce_echoed, nonce_asked; /* by U-Boot; on /proc/cmdline */
	char other_label[65]; /* whose nonce came before any incident; "" = none */
	bool other_label_ran; /* and a kernel showed it */
};

/* result.c */
void fold_push(json_t *array, json_t *take_value); /* dropped when the list is full */
double fold_time_of(const json_t *event);
json_t *fold_number(const json_t *object, const char *key); /* or null */
/* The event without what every event has. */
json_t *fold_members(const json_t *event);
/* The attempt is over; its verdict comes at the end, when every report has settled. end:
 * the event, NULL = it broke off. */
void fold_close_attempt(struct fold *f, const json_t *end);

/* result_recovery.c */
/* Is it an event of a capture or of the recovery? Then it is folded. */
bool fold_recovery_event(struct fold *f, const char *type, const json_t *e);
json_t *fold_recovery_json(const struct fold *f);

/* result_exposure.c: how long the running attempt's kernel was under test */
void fold_exposure_reset(struct fold *f);
void fold_exposure_event(struct fold *f, const char *type, const json_t *e);
/* Into the attempt that is over at t. */
void fold_exposure_close(struct fold *f, json_t *attempt, double t);

/* result_kernel.c */
json_t *fold_kernel_json(const struct fold *f);
/* One of those in the staged image: the kernel's, or that of a vDSO. */
bool fold_is_staged_id(const struct fold *f, const char *seen);
/* "build_id" and "modules", each with what was staged and what was seen. */
void fold_put_build_ids(const struct fold *f, json_t *object);

/* result_files.c: what was staged, served and loaded */
bool fold_is_config(const json_t *file); /* of the loader, not a part of the kernel */
json_t *fold_files_json(const struct fold *f);
/* A file that did not reach the board as it was staged: into buf; NULL = none. */
const char *fold_files_fault(const struct fold *f, char *buf, size_t cap);

/* result_provenance.c: into the attempt that is over, whether what ran is what was
 * staged. */
void fold_provenance_close(const struct fold *f, json_t *attempt);
/* Why this attempt says nothing about the kernel that was chosen; NULL = it does. */
const char *fold_provenance_fault(const json_t *attempt);
