// SPDX-License-Identifier: GPL-2.0-or-later
/* Which frame of a trace is to blame: the helpers that never are, and the rules for
 * stalls and hung tasks. */
#pragma once

#include "parse/incident.h"

/* Lists of words for functions that are no culprit in a report of one sort. A word is
 * looked for anywhere in the name; "^word" only at its start. NULL-terminated. */
extern const char *const skip_free[];
extern const char *const skip_alloc[];
extern const char *const skip_rcu[];
extern const char *const skip_preempt[];
extern const char *const skip_key[];
extern const char *const skip_stack_end[];
extern const char *const skip_sleep[];
extern const char *const skip_cant[];
extern const char *const skip_spl[];
extern const char *const skip_ubsan[];
extern const char *const skip_list[];
extern const char *const skip_heap[];
extern const char *const skip_object[];
extern const char *const skip_queue[];

/* A WARN whose source file says what sort of misuse it reports. */
struct warn_sort {
	const char *file;        /* part of the path */
	const char *title;       /* "WARNING: refcount bug" */
	const char *const *skip; /* the machinery of that file */
};

/* NULL: none of the known ones. */
const struct warn_sort *culprit_warn_sort(const char *header_text);

/* Is name a helper that never is the culprit: checker, lock, memcpy …? */
bool culprit_is_helper(const char *name, const char *const *more);
/* The way into the kernel, below which a trace says nothing about the failure: system
 * call, exception and thread entries, which differ with architecture and version. */
bool culprit_is_entry(const char *name);
/* What may stand in pc although its caller gave the bad pointer. */
bool culprit_is_leaf(const char *name);
/* Index of the guilty frame, or n. */
size_t culprit_in_trace(const struct incident_frame *f, size_t n,
			const char *const *more);
/* Borrowed or static; NULL when no frame tells. */
const char *culprit_hung(const struct incident_frame *f, size_t n);
/* What was asked for when the stall hit: the frame above the generic entry path. */
const char *culprit_stalled(const struct incident_frame *f, size_t n);
/* Many victims wait for one thing, which then is the bug's name; else name itself. */
const char *culprit_meeting(const char *name);
/* __do_sys_read, SyS_read and sys_read are one system call: its plain name. Borrowed from
 * name. */
const char *culprit_plain(const char *name);
