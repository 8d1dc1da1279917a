// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the way to the failure as the report and the build show it, and what may be
 * missing in it. */
#include "diagnose/hypothesis_frames.h"

#include <fnmatch.h>

#include "parse/oops_lines.h"
#include "util/mem.h"

/* Arm ARM, "Unconditional branch (immediate)": bits 31 to 26. */
enum { INSN_BYTES = 4, B_OPCODE = 0x05, BL_OPCODE = 0x25 };

/* Where the kernel was entered: below it there is nothing. */
static bool is_bottom(const char *function)
{
	static const char *const globs[] = { "ret_from_fork*",
					     "el0*",
					     "__primary_switched",
					     "__secondary_switched",
					     "start_kernel",
					     "entry_SYSCALL*",
					     "asm_*",
					     "secondary_startup*" };

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (fnmatch(globs[i], function, 0) == 0)
			return true;
	return false;
}

/* A return address is behind the call; the call is what counts. */
static void add_place(struct judging *j, struct hypothesis_trace *t, char *take_function,
		      const char *module, uint64_t offset, uint64_t size, bool is_return,
		      bool is_guess)
{
	struct hypothesis_place *p = &t->v[t->n++];

	*p = (struct hypothesis_place){ .function = take_function, .is_guess = is_guess };
	if (is_return && offset >= INSN_BYTES)
		offset -= INSN_BYTES;
	p->is_found = j->b && build_find(j->b, p->function, module, offset, size,
					 &p->at) == BUILD_FOUND;
	if (!p->is_found && !is_guess && !is_bottom(p->function))
		t->unknown = p->function;
}

static void add_symbol(struct judging *j, struct hypothesis_trace *t, const char *text,
		       bool is_return)
{
	_cleanup_free_ char *module = NULL;
	struct symbol s;

	if (!text || !lines_symbol(text, false, &s) || !s.has_offset)
		return;
	if (s.module.len)
		module = xstrndup(s.module.s, s.module.len);
	add_place(j, t, xstrndup(s.name.s, s.name.len), module, s.offset, s.size,
		  is_return, false);
}

/* The instruction at a place; false when the build has no code. */
static bool word_at(struct judging *j, const struct build_place *at, uint32_t *word)
{
	_cleanup_free_ uint32_t *words = NULL;
	size_t n = build_code(j->b, at, &words);

	if (n)
		*word = words[n - 1];
	return n != 0;
}

/* Does the function leave by a jump into another one, so that it is in no trace of that?
 * Kernels are built without such (-fno-optimize-sibling-calls), as a rule. */
static bool has_tail_call(struct judging *j, const struct build_place *at)
{
	_cleanup_free_ uint32_t *words = NULL;
	struct build_place end = *at;
	size_t n;

	if (at->size < INSN_BYTES)
		return false;
	end.addr = at->start + at->size - INSN_BYTES;
	n = build_code(j->b, &end, &words);
	for (size_t i = 0; i < n; i++) {
		struct insn insn;

		if (words[i] >> 26 != B_OPCODE)
			continue;
		insn_decode(words[i], at->start + i * INSN_BYTES, &insn);
		if ((uint64_t)insn.imm - at->start >= at->size)
			return true;
	}
	return false;
}

/* What called is the frame, whom it called is the one before it. If it called another,
 * that one jumped on and left no frame; through a pointer it may have been anybody. */
static char *find_gap(struct judging *j, const struct hypothesis_trace *t)
{
	bool through_pointer = false;

	for (size_t i = 1; i < t->n_frames; i++) {
		const struct hypothesis_place *to = &t->v[i - 1], *from = &t->v[i];
		struct insn insn;
		uint32_t word;

		if (is_bottom(from->function))
			break;
		if (!to->is_found || !from->is_found || !word_at(j, &from->at, &word))
			continue;
		insn_decode(word, from->at.addr, &insn);
		if (word >> 26 != BL_OPCODE)
			through_pointer = true;
		else if ((uint64_t)insn.imm != to->at.start)
			return xasprintf(
				"%s did not call %s itself: what is between them left no frame",
				from->function, to->function);
	}
	for (size_t i = 0; through_pointer && i < t->n_frames; i++) {
		if (is_bottom(t->v[i].function))
			break;
		if (t->v[i].is_found && has_tail_call(j, &t->v[i].at))
			return xasprintf(
				"functions of this build end in jumps, as %s does, and leave no frame",
				t->v[i].function);
	}
	return NULL;
}

void hypothesis_trace_init(struct judging *j, struct hypothesis_trace *t)
{
	const struct incident *in = j->in;

	memset(t, 0, sizeof(*t));
	t->name = "trace";
	t->has_frames = in->n_frames > 0;
	t->has_inlines = j->b && build_has_dwarf(j->b);
	add_symbol(j, t, in->pc, false);
	for (size_t i = 0; i < in->n_frames; i++) {
		const struct incident_frame *f = &in->frames[i];
		bool is_pc = i == 0 && t->n && strcmp(t->v[0].function, f->function) == 0;

		if (!is_pc)
			add_place(j, t, xstrdup(f->function), f->module, f->offset,
				  f->size, true, !f->reliable);
	}
	t->is_complete = !in->truncated && in->n_frames &&
			 in->n_frames < INCIDENT_MAX_FRAMES &&
			 is_bottom(in->frames[in->n_frames - 1].function);
	t->n_frames = t->n;
	add_symbol(j, t, in->lr, true);
	t->gap = t->has_inlines && t->is_complete ? find_gap(j, t) : NULL;
}

void hypothesis_trace_of_life(struct judging *j, const struct incident_track *track,
			      const char *name, struct hypothesis_trace *t)
{
	memset(t, 0, sizeof(*t));
	t->name = name;
	t->has_frames = track->n_frames > 0;
	t->has_inlines = j->b && build_has_dwarf(j->b);
	for (size_t i = 0; i < track->n_frames; i++) {
		const struct incident_frame *f = &track->frames[i];

		add_place(j, t, xstrdup(f->function), f->module, f->offset, f->size, true,
			  !f->reliable);
	}
	t->n_frames = t->n;
	t->is_complete = t->n && t->n < INCIDENT_MAX_TRACK_FRAMES &&
			 is_bottom(t->v[t->n - 1].function);
	t->gap = t->has_inlines && t->is_complete ? find_gap(j, t) : NULL;
}

void hypothesis_trace_release(struct hypothesis_trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].function);
	free(t->gap);
}
