// SPDX-License-Identifier: GPL-2.0-or-later
/* The way to the failure (pc, the frames, lr), or one of the misused object's life, each
 * with its place in the build, and whether a function may be missing between them.
 * Private to the hypothesis judge. */
#pragma once

#include "diagnose/hypothesis_clause.h"

struct hypothesis_place {
	char *function;
	struct build_place at; /* of the call, for a return address */
	bool is_found;         /* at holds */
	bool is_guess;         /* "? " */
};

struct hypothesis_trace {
	const char *name; /* "trace"; static */
	bool has_frames;  /* beside pc and lr */
	struct hypothesis_place v[INCIDENT_MAX_FRAMES + 2];
	size_t n, n_frames;  /* lr is the last one, and no frame */
	bool is_complete;    /* down to where the kernel was entered */
	const char *unknown; /* a function that the build does not have; NULL = none */
	char *gap;        /* why a function may be missing all the same; NULL = none is */
	bool has_inlines; /* the build tells what was inlined */
};

void hypothesis_trace_init(struct judging *j, struct hypothesis_trace *t);
/* name: "trace of the free"; static. */
void hypothesis_trace_of_life(struct judging *j, const struct incident_track *track,
			      const char *name, struct hypothesis_trace *t);
/* Is one of the item's functions in it? Why, appended to says. */
enum hypothesis_answer hypothesis_judge_item(struct judging *j,
					     const struct hypothesis_trace *t,
					     const struct hypothesis_item *item,
					     struct strbuf *says);
void hypothesis_trace_release(struct hypothesis_trace *t);
