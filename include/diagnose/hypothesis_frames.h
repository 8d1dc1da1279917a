// SPDX-License-Identifier: GPL-2.0-or-later
/* The way to the failure: pc, the frames, lr, each with its place in the build, and
 * whether a function may be missing between them. Private to the hypothesis judge. */
#pragma once

#include "diagnose/hypothesis_clause.h"

struct hypothesis_place {
	char *function;
	struct build_place at; /* of the call, for a return address */
	bool is_found;         /* at holds */
	bool is_guess;         /* "? " */
};

struct hypothesis_trace {
	struct hypothesis_place v[INCIDENT_MAX_FRAMES + 2];
	size_t n, n_frames;  /* lr is the last one, and no frame */
	bool is_complete;    /* down to where the kernel was entered */
	const char *unknown; /* a function that the build does not have; NULL = none */
	char *gap;        /* why a function may be missing all the same; NULL = none is */
	bool has_inlines; /* the build tells what was inlined */
};

void hypothesis_trace_init(struct judging *j, struct hypothesis_trace *t);
void hypothesis_trace_release(struct hypothesis_trace *t);
