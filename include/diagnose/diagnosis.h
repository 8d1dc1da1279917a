// SPDX-License-Identifier: GPL-2.0-or-later
/* What an incident's registers, code words and the build's layout say together: which
 * instruction faulted, through which register, where that came from, which member of
 * which struct that is. Pure apart from the build, which may be NULL. */
#pragma once

#include "diagnose/build.h"
#include "diagnose/insn.h"
#include "parse/incident.h"
#include "util/strvec.h"

/* How the base register got its value, as far as the instructions before show. */
enum origin {
	ORIGIN_UNKNOWN,
	ORIGIN_LOADED,   /* from disp of the object that reg points to */
	ORIGIN_MASKED,   /* reg with some bits cleared */
	ORIGIN_RETURNED, /* by a call; target is its address in the build, or 0 */
	ORIGIN_ARGUMENT, /* still what the caller passed in reg */
	ORIGIN_CONSTANT
};

struct base_origin {
	enum origin kind;
	struct insn insn; /* that set it; unset for ORIGIN_ARGUMENT */
	int reg;          /* the register it came from, or INSN_NO_REG */
	bool has_value;   /* reg still holds at the fault what it held then */
	uint64_t value;
	int64_t disp;
	uint64_t mask;
	uint64_t target;
	bool is_joined; /* a branch comes in between: another path may have set it */
};

/* Every string is owned; NULL or a false has_ flag = not known. */
struct diagnosis {
	bool has_insn;
	struct insn insn;
	bool code_is_from_build; /* the log had no Code line, or too short a one */
	/* The object's register: where the code adds a constant to a pointer first, that
	 * pointer's, and access_offset counts from it. */
	int base;                 /* or INSN_NO_REG */
	unsigned base_back_words; /* how far before pc base is read: KASAN's check may
				     have overwritten it since */
	bool has_base_value;
	uint64_t base_value;
	bool has_access_offset;
	int64_t access_offset; /* index included where its value is known */
	bool is_shadow_check;  /* the instruction is KASAN's own; base is the register
				  that it checks */
	bool has_match;        /* both sides are known */
	bool address_matches;  /* base + access_offset is the fault address */
	bool null_base;        /* base is 0, and the sum matches as far as known */
	struct base_origin origin;
	char *origin_says; /* one sentence */

	char *base_type; /* "struct dma_fence *" */
	char *base_type_why;
	struct candidate *candidates;
	size_t n_candidates;
	bool candidates_assumed; /* no layout of the build: the table of known ones */
	char *assumption;        /* what holds where no layout is known */

	bool has_place;
	struct build_place place;                      /* borrowed from the build */
	struct source_line source[SOURCE_MAX_INLINED]; /* borrowed from the build; of pc,
							  or of the blamed frame's call */
	size_t n_source;
	char **frame_lines; /* "file:line" of each frame of the trace's call; NULLs */
	size_t n_frame_lines;
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
