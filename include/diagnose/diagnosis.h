// SPDX-License-Identifier: GPL-2.0-or-later
/* What an incident's registers, code words and the build's layout say together: which
 * instruction faulted, through which register, where that came from, which member of
 * which struct that is. Pure apart from the build, which may be NULL. */
#pragma once

#include "diagnose/build.h"
#include "diagnose/insn.h"
#include "parse/incident.h"
#include "util/strvec.h"

/* How the base register got its value. */
enum origin {
	ORIGIN_UNKNOWN,
	ORIGIN_LOADED, /* from origin_disp of the object that origin_reg points to */
	ORIGIN_MASKED, /* origin_reg with low bits cleared */
	ORIGIN_MOVED,
	ORIGIN_ADDED,
	ORIGIN_RETURNED, /* by a call */
	ORIGIN_ARGUMENT, /* still what the caller passed */
	ORIGIN_CONSTANT
};

/* Every string is owned; NULL or a false has_ flag = not known. */
struct diagnosis {
	bool has_insn;
	struct insn insn;
	bool insn_is_from_build; /* the log had no Code line */
	char base_name[8];       /* "x19", "sp"; empty = no base */
	bool has_base_value;
	uint64_t base_value;
	bool has_access_offset;
	int64_t access_offset; /* displacement, index included where its value is known */
	bool has_match;
	bool address_matches; /* base + access_offset is the fault address */
	bool null_base;       /* base is 0 and the sum matches, as far as known */
	enum origin origin;
	char origin_name[8]; /* register that the base came from */
	bool has_origin_value;
	uint64_t origin_value;
	int64_t origin_disp;
	uint64_t origin_mask;
	char *origin_insn; /* its text */
	char *origin_says; /* one sentence */

	char *base_type; /* "struct dma_fence *" */
	char *base_type_why;
	struct candidate *candidates;
	size_t n_candidates;
	char *assumption; /* what holds where no layout is known */

	bool has_place;
	struct build_place place;
	struct source_line source[SOURCE_MAX_INLINED]; /* borrowed from the build */
	size_t n_source;
	bool is_other_build; /* this vmlinux is not the one that ran */
	struct strvec warnings;
	struct strvec reasons; /* why the kind is what it is, a sentence each */
	struct strvec next;    /* what to check next */
};

/* b: the build that ran, or NULL. d is initialised by this and released below. */
void diagnosis_make(struct diagnosis *d, const struct incident *in, struct build *b);
void diagnosis_release(struct diagnosis *d);
/* The "diagnosis" object of docs/result.md, without hypotheses; the caller's reference.
 */
json_t *diagnosis_to_json(const struct diagnosis *d);
