// SPDX-License-Identifier: GPL-2.0-or-later
/* Owns what memory checkers tell of the object that was misused: which it is, where in it
 * the access was, and who allocated, freed and queued it. Sources: mm/kasan/report.c,
 * report_generic.c, report_sw_tags.c, mm/kfence/report.c, mm/slub.c print_track() and
 * mm/vmalloc.c vmalloc_dump_obj(), of 4.4 to 6.16. */
#include "parse/oops_culprit.h"
#include "parse/oops_report.h"

#include "util/mem.h"
#include "util/num.h"

/* Where the description goes on, on the next line. */
enum {
	WANTS_NOTHING,
	WANTS_CACHE,
	WANTS_REGION,
	WANTS_VARIABLE,
	WANTS_FRAME,
	WANTS_CREATOR
};

static bool number(const char *s, uint64_t *out)
{
	return parse_u64n(s, strspn(s, "0123456789"), 10, INT64_MAX, out) == 0;
}

static int32_t number_after(const char *s, const char *word)
{
	const char *p = lines_after(s, word);
	uint64_t v;

	return p && number(p, &v) && v <= INT32_MAX ? (int32_t)v : -1;
}

/* Of %p, unless it is a hash: those have 32 bits, padded with zeros where pointers are
 * longer. */
static bool real_address(const char *s, uint64_t *out)
{
	return lines_hex(s, out) > 0 && *out > UINT32_MAX;
}

static void set_symbol(struct incident_object *b, enum incident_object_sort sort,
		       const struct symbol *sym)
{
	b->sort = sort;
	b->name = xstrndup(sym->name.s, sym->name.len);
	b->module = sym->module.len ? xstrndup(sym->module.s, sym->module.len) : NULL;
}

/* ---- its life ---- */

/* "53", "53 on cpu 1 at 3.757234s", "53 on cpu 1 at 3.757234s (0.005920s ago)" */
static void begin_track(struct report *r, enum incident_track_of of, const char *by)
{
	struct incident_track *t = &r->in->tracks[of];
	const char *at = lines_after(by, " at ");
	uint64_t s, us;

	if (t->is_told)
		return;
	t->is_told = true;
	t->pid = number_after(by, "by task ");
	t->cpu = number_after(by, " on cpu ");
	if (at && number(at, &s) && (at = strchr(at, '.')) && number(at + 1, &us) &&
	    us < 1000000)
		t->at_s = (double)s + (double)us / 1e6;
	r->next_track = (int)of + 1;
}

/* SLUB: "Allocated in f+0x1/0x2 age=3 cpu=0 pid=1", before 6.1 behind "INFO: ". The
 * frames below it may be missing. */
static void begin_slub_track(struct report *r, enum incident_track_of of,
			     const char *caller)
{
	struct incident_track *t = &r->in->tracks[of];
	struct symbol sym;

	if (t->is_told)
		return;
	t->is_told = true;
	t->pid = number_after(caller, " pid=");
	t->cpu = number_after(caller, " cpu=");
	r->next_track = (int)of + 1;
	if (!lines_symbol(caller, false, &sym))
		return;
	t->function = xstrndup(sym.name.s, sym.name.len);
	if (sym.module.len)
		t->module = xstrndup(sym.module.s, sym.module.len);
}

/* The section's trace follows: oops_sections.c starts it. */
static void note_track(struct report *r, const char *t)
{
	/* clang-format off */
	static const struct {
		const char *word;
		enum incident_track_of of;
		bool is_slub;
	} words[] = {
		{ "Allocated by task ", INCIDENT_ALLOCATED, false },
		{ "allocated by task ", INCIDENT_ALLOCATED, false },
		{ "Allocated:", INCIDENT_ALLOCATED, false },
		{ "Freed by task ", INCIDENT_FREED, false },
		{ "freed by task ", INCIDENT_FREED, false },
		{ "rcu freeing by task ", INCIDENT_FREED, false },
		{ "Freed:", INCIDENT_FREED, false },
		{ "Last potentially related work creation", INCIDENT_QUEUED, false },
		{ "Last call_rcu():", INCIDENT_QUEUED, false },
		{ "INFO: Allocated in ", INCIDENT_ALLOCATED, true },
		{ "Allocated in ", INCIDENT_ALLOCATED, true },
		{ "INFO: Freed in ", INCIDENT_FREED, true },
		{ "Freed in ", INCIDENT_FREED, true },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!lines_starts(t, words[i].word))
			continue;
		if (words[i].is_slub)
			begin_slub_track(r, words[i].of, t + strlen(words[i].word));
		else
			begin_track(r, words[i].of, t);
		return;
	}
	/* KFENCE until 5.15: all in one line. */
	if (lines_starts(t, "kfence-#") && strstr(t, "] allocated by task "))
		begin_track(r, INCIDENT_ALLOCATED, strstr(t, "] allocated by task "));
}

/* What only hands on: RCU, a workqueue, a thread. */
static bool is_machinery(const char *name)
{
	return strstr(name, "rcu_") || strstr(name, "softirq") ||
	       strstr(name, "process_one_work") || culprit_is_entry(name);
}

static void take_track(struct report *r, struct report_trace *t)
{
	struct incident_track *to = &r->in->tracks[t->track - 1];
	bool is_queued = t->track - 1 == INCIDENT_QUEUED;
	size_t k =
		culprit_in_trace(t->frames, t->n, is_queued ? skip_queue : skip_object);

	if (to->frames || t->n == 0)
		return;
	if (k < t->n && !is_machinery(t->frames[k].function)) {
		free(to->function);
		free(to->module);
		to->function = xstrdup(culprit_plain(t->frames[k].function));
		to->module = t->frames[k].module ? xstrdup(t->frames[k].module) : NULL;
	}
	to->frames = report_take_frames(t, INCIDENT_MAX_TRACK_FRAMES, &to->n_frames);
}

/* An object that was never freed has a track of task 0 without frames. */
static bool says_nothing(const struct incident_track *t)
{
	return t->pid <= 0 && t->n_frames == 0 && !t->function;
}

void report_finish_object(struct report *r)
{
	for (size_t i = 0; i < r->n_traces; i++)
		if (r->traces[i].track)
			take_track(r, &r->traces[i]);
	for (size_t i = 0; i < INCIDENT_N_TRACKS; i++)
		if (says_nothing(&r->in->tracks[i]))
			r->in->tracks[i].is_told = false;
}

/* ---- KASAN ---- */

/* "8 bytes inside of", "to the left of", "to the right of": the right is counted from the
 * region's end, which the next line gives. */
static void located(struct report *r, const char *p)
{
	uint64_t n;

	if (!number(p, &n))
		return;
	r->object_bytes = (int64_t)n;
	r->is_right_of_object = strstr(p, "to the right") != NULL;
	if (strstr(p, "to the left"))
		r->object_bytes = -r->object_bytes;
	r->object_wants = WANTS_REGION;
}

/* " freed 8192-byte region [ffff03ae82fcc000, ffff03ae82fce000)" */
static void region(struct report *r, const char *t)
{
	struct incident_object *b = &r->in->object;
	const char *size = t + strcspn(t, "0123456789");
	uint64_t v;

	if (b->has_offset || !number(size, &v) || !strstr(size, "-byte region"))
		return;
	if (size > t && (lines_starts(t, "freed ") || lines_starts(t, "allocated ")))
		b->state = xstrndup(t, strcspn(t, " "));
	b->has_size = true;
	b->size = v;
	b->has_offset = true;
	b->offset = r->object_bytes + (r->is_right_of_object ? (int64_t)v : 0);
}

/* "which belongs to the cache kmalloc-8k of size 8192"; names may hold blanks. */
static void cache(struct report *r, const char *p, const char *of_size)
{
	struct incident_object *b = &r->in->object;
	const char *end = NULL;

	for (const char *q = strstr(p, of_size); q; q = strstr(q + 1, of_size))
		end = q;
	if (b->name || !end || end == p)
		return;
	b->name = xstrndup(p, (size_t)(end - p));
	(void)number(end + strlen(of_size), &b->cache_size);
}

/* "The buggy address belongs to …" */
static bool belongs(struct report *r, const char *p)
{
	struct incident_object *b = &r->in->object;
	bool is_first = b->sort == INCIDENT_NO_OBJECT;
	struct symbol sym;

	if (lines_starts(p, "the object at ")) {
		r->object_wants = WANTS_CACHE;
		if (!is_first)
			return true;
		b->sort = INCIDENT_OBJECT_SLAB;
		b->has_address = lines_hex(p + strlen("the object at "), &b->address) > 0;
	} else if (lines_starts(p, "the variable:")) {
		r->object_wants = WANTS_VARIABLE;
	} else if (lines_starts(p, "stack of task ")) {
		r->object_wants = WANTS_FRAME;
	} else if (lines_starts(p, "the virtual mapping at")) {
		r->object_wants = WANTS_CREATOR;
	} else if (lines_starts(p, "a ") && lines_after(p, " allocated at ")) {
		const char *at = lines_after(p, "starting at ");

		if (is_first &&
		    lines_symbol(lines_after(p, " allocated at "), false, &sym)) {
			set_symbol(b, INCIDENT_OBJECT_VMALLOC, &sym);
			b->has_address = at && lines_hex(at, &b->address) > 0;
		}
	}
	return true;
}

/* The line below one of these. */
static bool continues(struct report *r, const char *t)
{
	struct incident_object *b = &r->in->object;
	bool is_first = b->sort == INCIDENT_NO_OBJECT;
	const char *p;
	struct symbol sym;
	int wants = r->object_wants;
	uint64_t v;

	r->object_wants = WANTS_NOTHING;
	switch (wants) {
	case WANTS_CACHE:
		if ((p = lines_after(t, "belongs to the cache ")))
			cache(r, p, " of size ");
		return p != NULL;
	case WANTS_REGION:
		region(r, t);
		return strstr(t, "-byte region") != NULL;
	case WANTS_VARIABLE:
		if (!lines_symbol(t, false, &sym))
			return false;
		if (is_first) {
			set_symbol(b, INCIDENT_OBJECT_GLOBAL, &sym);
			b->has_offset = b->has_size = sym.has_offset;
			b->offset = sym.offset <= INT64_MAX ? (int64_t)sym.offset : 0;
			b->size = sym.size;
		}
		return true;
	case WANTS_FRAME:
		if ((p = lines_after(t, "at offset ")) && strstr(p, " in frame:")) {
			r->object_wants = WANTS_FRAME;
			if (is_first && !b->has_offset && number(p, &v)) {
				b->has_offset = true;
				b->offset = (int64_t)v;
			}
			return true;
		}
		if (!lines_symbol(t, false, &sym))
			return false;
		if (is_first)
			set_symbol(b, INCIDENT_OBJECT_STACK, &sym);
		return true;
	case WANTS_CREATOR:
		if (strstr(t, "created by:")) {
			r->object_wants = WANTS_CREATOR;
			return true;
		}
		if (!lines_symbol(t, false, &sym))
			return false;
		if (is_first)
			set_symbol(b, INCIDENT_OBJECT_VMALLOC, &sym);
		return true;
	}
	return false;
}

/* "Pointer tag: [f4], memory tag: [fe]" */
static bool tags(struct incident_object *b, const char *p)
{
	const char *memory = lines_after(p, "memory tag: [");
	uint64_t v;

	if (!memory || b->pointer_tag >= 0)
		return memory != NULL;
	if (lines_hex(p, &v) == 2)
		b->pointer_tag = (int32_t)v;
	if (lines_hex(memory, &v) == 2)
		b->memory_tag = (int32_t)v;
	return true;
}

static bool line_kasan(struct report *r, const char *t)
{
	const char *p;

	if (r->object_wants && continues(r, t))
		return true;
	if ((p = lines_after(t, "The buggy address belongs to ")))
		return belongs(r, p);
	if ((p = lines_after(t, "The buggy address is located "))) {
		located(r, p);
		return true;
	}
	if (lines_starts(t, "Pointer tag: ["))
		return tags(&r->in->object, t + strlen("Pointer tag: ["));
	/* Until 6.0: "addr X is located in stack of task x/1 at offset 48 in frame:" */
	if (lines_starts(t, "addr ") && strstr(t, " is located in stack of task ")) {
		r->object_wants = WANTS_FRAME;
		return continues(r, t);
	}
	/* Until 4.10: "Object at X, in cache kmalloc-64 size: 64", "PID = 12" */
	if (lines_starts(t, "Object at ") && (p = lines_after(t, " in cache "))) {
		r->in->object.sort = INCIDENT_OBJECT_SLAB;
		cache(r, p, " size: ");
		return true;
	}
	if (lines_starts(t, "PID = ")) {
		int of = r->n_traces ? r->traces[r->n_traces - 1].track : 0;

		if (of && r->in->tracks[of - 1].pid < 0)
			r->in->tracks[of - 1].pid = number_after(t, "PID = ");
		return of != 0;
	}
	return false;
}

/* ---- KFENCE ---- */

/* "kfence-#211: 0xX-0xY, size=1024, cache=kmalloc-1k"; until 5.15 "kfence-#211
 * [0xX-0xY, size=1024, cache=kmalloc-1k] allocated by task 53:" */
static void kfence_object(struct report *r, const char *t)
{
	struct incident_object *b = &r->in->object;
	const char *size = lines_after(t, ", size="), *name = lines_after(t, ", cache=");
	const char *at = lines_after(t, "0x");

	if (b->sort != INCIDENT_NO_OBJECT || !size || !name)
		return;
	b->sort = INCIDENT_OBJECT_SLAB;
	b->name = xstrndup(name, strcspn(name, "]"));
	b->has_size = number(size, &b->size);
	b->has_address = at && real_address(at, &b->address);
	if (!b->has_offset && b->has_address && r->in->has_fault_address) {
		b->has_offset = true;
		b->offset = (int64_t)(r->in->fault_address - b->address);
	}
}

/* "Out-of-bounds read at 0xX (1B left of kfence-#72):", "Use-after-free write at 0xX (in
 * kfence-#24):", "Corrupted memory at 0xX [ ! . ] (in ..):", "Invalid free of 0xX (..):"
 * begin its trace, which is there already. */
static bool line_kfence(struct report *r, const char *t)
{
	struct incident_object *b = &r->in->object;
	const char *p = lines_after(t, " at 0x"), *bytes = strrchr(t, '(');
	uint64_t v;

	if (lines_starts(t, "kfence-#")) {
		kfence_object(r, t);
		return false;
	}
	if (!p && lines_starts(t, "Invalid free of 0x"))
		p = t + strlen("Invalid free of 0x");
	if (!p || !(strstr(t, " kfence-#") || lines_starts(t, "Invalid ")))
		return false;
	if (real_address(p, &v))
		report_set_address(r, p);
	if (bytes && number(bytes + 1, &v) && (p = strstr(bytes, "B ")) &&
	    !b->has_offset) {
		b->has_offset = true;
		b->offset = lines_starts(p, "B left") ? -(int64_t)v : (int64_t)v;
	}
	return true;
}

bool report_line_object(struct report *r, const char *t)
{
	enum incident_kind kind = r->header->kind;

	if (kind == INCIDENT_KASAN && line_kasan(r, t))
		return true;
	if (kind == INCIDENT_KFENCE && line_kfence(r, t))
		return true;
	/* SLUB's and SLAB's reports are BUG and OTHER. */
	if (kind == INCIDENT_KASAN || kind == INCIDENT_KFENCE || kind == INCIDENT_BUG ||
	    kind == INCIDENT_OTHER)
		note_track(r, t);
	return false;
}
