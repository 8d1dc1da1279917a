// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns the words for a misused object and its life. */
#include "cmd/oops_page_object.h"

#include <inttypes.h>

enum { SHOWN_FRAMES = 4 };

static void add_name(struct strbuf *sb, const struct incident_object *b)
{
	switch (b->sort) {
	case INCIDENT_OBJECT_SLAB:
		break;
	case INCIDENT_OBJECT_GLOBAL:
		strbuf_addstr(sb, "variable ");
		break;
	case INCIDENT_OBJECT_STACK:
		strbuf_addstr(sb, "stack frame of ");
		break;
	case INCIDENT_OBJECT_VMALLOC:
		strbuf_addstr(sb, "vmalloc region of ");
		break;
	case INCIDENT_NO_OBJECT:
	case INCIDENT_N_OBJECT_SORTS:
		strbuf_addstr(sb, "not told");
		return;
	}
	strbuf_addstr(sb, b->name ? b->name : "an unknown cache");
	if (b->module)
		strbuf_addf(sb, " [%s]", b->module);
}

/* The end of a stack frame is not told; a variable's "size" is the way to the next
 * symbol. */
static bool has_end(const struct incident_object *b)
{
	return b->sort == INCIDENT_OBJECT_SLAB && b->has_size && b->size <= INT64_MAX;
}

static void add_offset(struct strbuf *sb, const struct incident_object *b)
{
	if (!b->has_offset)
		return;
	strbuf_addstr(sb, "; the address is ");
	if (b->offset < 0)
		strbuf_addf(sb, "%" PRIu64 " bytes before it",
			    (uint64_t)0 - (uint64_t)b->offset);
	else if (has_end(b) && b->offset >= (int64_t)b->size)
		strbuf_addf(sb, "%" PRId64 " bytes beyond its end",
			    b->offset - (int64_t)b->size);
	else
		strbuf_addf(sb, "%" PRId64 " bytes inside", b->offset);
}

void oops_page_say_object(struct strbuf *sb, const struct incident_object *b)
{
	add_name(sb, b);
	if (b->has_address)
		strbuf_addf(sb, " at 0x%" PRIx64, b->address);
	if (has_end(b))
		strbuf_addf(sb, ", %" PRIu64 " bytes", b->size);
	if (b->state)
		strbuf_addf(sb, ", %s", b->state);
	add_offset(sb, b);
	if (b->pointer_tag >= 0)
		strbuf_addf(sb, "; pointer tag 0x%x", (unsigned)b->pointer_tag);
	if (b->memory_tag >= 0)
		strbuf_addf(sb, ", memory tag 0x%x", (unsigned)b->memory_tag);
}

/* From the frame that counts; the allocator's own are no news. */
static size_t first_shown(const struct incident_track *t)
{
	for (size_t i = 0; t->function && i < t->n_frames; i++)
		if (strstr(t->frames[i].function, t->function))
			return i;
	return 0;
}

void oops_page_say_track(struct strbuf *sb, const struct incident_track *t)
{
	size_t from = first_shown(t);

	if (t->pid >= 0)
		strbuf_addf(sb, "by task %d", t->pid);
	if (t->cpu >= 0)
		strbuf_addf(sb, "%son CPU %d", sb->len ? " " : "", t->cpu);
	if (t->at_s >= 0)
		strbuf_addf(sb, "%sat [%.6f]", sb->len ? " " : "", t->at_s);
	for (size_t i = from; i < t->n_frames && i < from + SHOWN_FRAMES; i++) {
		strbuf_addf(sb, "%s%s",
			    i > from  ? " < "
			    : sb->len ? ": "
				      : "",
			    t->frames[i].function);
		if (t->frames[i].module)
			strbuf_addf(sb, " [%s]", t->frames[i].module);
	}
	if (t->n_frames == 0 && t->function)
		strbuf_addf(sb, "%s%s", sb->len ? ": " : "", t->function);
}
