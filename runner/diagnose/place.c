// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns where a report's names are in the build, and whether that is the build that ran.
 */
#include "diagnose/place.h"

#include "parse/oops_lines.h"
#include "util/mem.h"

static bool is_other_version(const char *ran, const char *built)
{
	/* "Linux version 6.12.1-vb2 (who@where) (gcc …) #1 SMP …": all of it, or what the
	 * CPU line has: the release alone. */
	const char *release =
		strncmp(built, "Linux version ", 14) == 0 ? built + 14 : built;
	size_t n = strcspn(release, " ");

	if (strncmp(ran, "Linux version ", 14) == 0)
		return strncmp(ran, built,
			       strlen(ran) < strlen(built) ? strlen(ran)
							   : strlen(built)) != 0;
	return strncmp(ran, release, n) != 0 || (ran[n] != '\0' && ran[n] != ' ');
}

void place_other_build(struct diagnosis *d, char *take_why)
{
	d->is_other_build = true;
	strvec_addf(&d->warnings, "this vmlinux is not the one that ran: %s", take_why);
	free(take_why);
}

static void check_build(struct diagnosis *d, const struct incident *in,
			const struct build *b)
{
	const char *banner = build_banner(b), *id = build_id(b);

	if (in->build_id && id && strcmp(in->build_id, id) != 0)
		place_other_build(d, xasprintf("its build id is %s, the log's %s", id,
					       in->build_id));
	else if (in->build_id && id)
		return; /* the same: nothing can be more certain */
	else if (in->banner && banner && is_other_version(in->banner, banner))
		place_other_build(d, xasprintf("it says \"%s\", the log \"%s\"", banner,
					       in->banner));
	else if (!in->banner && in->kernel && banner &&
		 is_other_version(in->kernel, banner))
		place_other_build(d, xasprintf("it says \"%s\", the log \"%s\"", banner,
					       in->kernel));
}

bool place_pc_symbol(const struct incident *in, struct symbol *sym, char **name,
		     char **module)
{
	if (!in->pc || !lines_symbol(in->pc, false, sym) || !sym->has_offset)
		return false;
	*name = xstrndup(sym->name.s, sym->name.len);
	if (sym->module.len)
		*module = xstrndup(sym->module.s, sym->module.len);
	return true;
}

/* pc of a kernel without symbols: where it was linked to be, KASLR undone. */
static void find_bare_pc(struct diagnosis *d, const struct incident *in, struct build *b)
{
	uint64_t pc;

	if (!in->pc || lines_hex(in->pc, &pc) != strlen(in->pc) || pc < UINT32_MAX)
		return;
	d->has_place = build_find_address(
		b, in->has_kaslr_offset ? pc - in->kaslr_offset : pc, &d->place);
	if (!d->has_place && !in->has_kaslr_offset)
		strvec_add(
			&d->warnings,
			"pc is a bare address, and the log has no \"Kernel Offset\": with "
			"KASLR it tells no function (nokaslr, or CONFIG_KALLSYMS)");
	if (!d->has_place)
		return;
	d->n_source = build_source(b, &d->place, d->source);
	strvec_addf(&d->reasons, "pc %s is %s+0x%llx%s", in->pc, d->place.function,
		    (unsigned long long)(d->place.addr - d->place.start),
		    in->has_kaslr_offset ? ", KASLR's offset taken off" : "");
}

static void find_place(struct diagnosis *d, const struct incident *in, struct build *b)
{
	_cleanup_free_ char *name = NULL, *module = NULL;
	struct symbol sym;

	if (!place_pc_symbol(in, &sym, &name, &module)) {
		find_bare_pc(d, in, b);
		return;
	}
	switch (build_find(b, name, module, sym.offset, sym.size, &d->place)) {
	case BUILD_FOUND:
		d->has_place = true;
		break;
	case BUILD_OTHER_SIZE:
		place_other_build(
			d, xasprintf("%s has 0x%llx bytes in it, 0x%llx in the log", name,
				     (unsigned long long)d->place.size,
				     (unsigned long long)sym.size));
		break;
	case BUILD_NO_FUNCTION:
		if (module)
			strvec_addf(
				&d->warnings,
				"no debug file of module %s was given: its layout and "
				"source lines are unknown",
				module);
		else if (build_has_code(b))
			place_other_build(d, xasprintf("it has no function %s", name));
		break;
	}
	if (d->has_place)
		d->n_source = build_source(b, &d->place, d->source);
}

/* A trace crosses many functions: one of another size, and another build ran, even where
 * the faulting one is the same in both. */
static void check_trace(struct diagnosis *d, const struct incident *in, struct build *b)
{
	for (size_t i = 0; i < in->n_frames && !d->is_other_build; i++) {
		const struct incident_frame *f = &in->frames[i];
		struct build_place at;

		if (!f->reliable || f->size == 0 ||
		    build_find(b, f->function, f->module, f->offset, f->size, &at) !=
			    BUILD_OTHER_SIZE)
			continue;
		place_other_build(
			d, xasprintf("%s has 0x%llx bytes in it, 0x%llx in the log",
				     f->function, (unsigned long long)at.size,
				     (unsigned long long)f->size));
	}
}

/* Is this the frame that is to blame? Compilers put suffixes behind its name. */
static bool is_blamed(const struct incident *in, const struct incident_frame *f)
{
	size_t n = in->function ? strlen(in->function) : 0;

	return n && strncmp(f->function, in->function, n) == 0 &&
	       (f->function[n] == '\0' || f->function[n] == '.');
}

const struct incident_frame *place_blamed_frame(const struct incident *in)
{
	for (size_t i = 0; i < in->n_frames; i++)
		if (is_blamed(in, &in->frames[i]))
			return &in->frames[i];
	return NULL;
}

/* A frame's address is where its call returns to: the call is the word before. The first
 * one is pc itself where the report has one. Lines are those of the frame's own function,
 * not of what is inlined there; the blamed frame's chain is kept whole where there is no
 * pc: a checker's report, a stall. */
static void find_frame_lines(struct diagnosis *d, const struct incident *in,
			     struct build *b)
{
	d->frame_lines = xcalloc(in->n_frames ? in->n_frames : 1, sizeof(char *));
	d->n_frame_lines = in->n_frames;
	for (size_t i = 0; i < in->n_frames; i++) {
		const struct incident_frame *f = &in->frames[i];
		bool is_pc = i == 0 && in->pc && lines_starts(in->pc, f->function);
		struct source_line line[SOURCE_MAX_INLINED];
		struct build_place at;
		size_t n;

		if (f->size == 0 || build_find(b, f->function, f->module, f->offset,
					       f->size, &at) != BUILD_FOUND)
			continue;
		if (!is_pc && f->offset >= 4)
			at.addr -= 4;
		n = build_source(b, &at, line);
		if (n == 0)
			continue;
		d->frame_lines[i] =
			xasprintf("%s:%u", line[n - 1].file, line[n - 1].line);
		if (!in->pc && d->n_source == 0 && is_blamed(in, f)) {
			memcpy(d->source, line, n * sizeof(line[0]));
			d->n_source = n;
		}
	}
}

void place_find(struct diagnosis *d, const struct incident *in, struct build *b)
{
	check_build(d, in, b);
	find_place(d, in, b);
	check_trace(d, in, b);
	if (build_has_dwarf(b))
		find_frame_lines(d, in, b);
}
