// SPDX-License-Identifier: GPL-2.0-or-later
/* The edges between a function's instructions, and where a register's value before one of
 * them can come from: a search backwards over all predecessors, so that a value that
 * depends on the way taken has several definitions and is not taken for sure.
 * What is assumed: every path goes on after a call (also after one that does not return),
 * and a block that nothing in the code leads to (a jump table's, a patched branch's) is
 * entered from the instruction before it. */
#include "diagnose/build_int.h"

#include "diagnose/insn.h"
#include "util/mem.h"

enum { INSNS_MAX = 1 << 15 };

struct edge {
	size_t to, from;
};

struct way {
	uint64_t start;
	struct insn *insn;
	size_t n;
	struct edge *edges; /* branches within the function, by target */
	size_t n_edges;
};

static int by_target(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static void find_edges(struct way *w)
{
	w->edges = xcalloc(w->n, sizeof(*w->edges));
	for (size_t i = 0; i < w->n; i++) {
		const struct insn *in = &w->insn[i];
		size_t to = in->imm ? way_index(w, (uint64_t)in->imm) : SIZE_MAX;

		if ((in->op == INSN_BRANCH || in->op == INSN_JUMP) && to != SIZE_MAX)
			w->edges[w->n_edges++] = (struct edge){ to, i };
	}
	qsort(w->edges, w->n_edges, sizeof(*w->edges), by_target);
}

struct way *way_open(struct build_file *f, const struct build_place *at)
{
	uint64_t size = at->size, need = at->addr - at->start + 4;
	struct way *w;
	uint8_t *raw;

	if (at->addr < at->start || need > INSNS_MAX * 4)
		return NULL;
	if (size < need)
		size = need;
	if (size > INSNS_MAX * 4)
		size = INSNS_MAX * 4;
	raw = xmalloc(size);
	if (!file_read(f, at->start, raw, size)) {
		free(raw);
		return NULL;
	}
	w = xcalloc(1, sizeof(*w));
	w->start = at->start;
	w->n = size / 4;
	w->insn = xcalloc(w->n, sizeof(*w->insn));
	for (size_t i = 0; i < w->n; i++) {
		const uint8_t *p = raw + 4 * i;

		insn_decode((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
				    (uint32_t)p[3] << 24,
			    at->start + 4 * i, &w->insn[i]);
	}
	free(raw);
	find_edges(w);
	return w;
}

void way_free(struct way *w)
{
	if (!w)
		return;
	free(w->insn);
	free(w->edges);
	free(w);
}

size_t way_index(const struct way *w, uint64_t addr)
{
	if (addr < w->start || addr % 4 || (addr - w->start) / 4 >= w->n)
		return SIZE_MAX;
	return (addr - w->start) / 4;
}

const struct insn *way_insn(const struct way *w, size_t i)
{
	return &w->insn[i];
}

int way_slot(const struct insn *in)
{
	bool is_word = in->bytes == 8 && !in->has_index && in->writeback == 0;

	if (!in->is_memory || in->base != INSN_SP || !is_word || in->disp < 0 ||
	    in->disp > 4096)
		return INSN_NO_REG;
	return WAY_SLOT + (int)in->disp;
}

/* Does instruction in define what is asked for: a register, or a slot of the stack? */
static bool defines(const struct insn *in, int reg)
{
	int slot;

	if (reg < WAY_SLOT)
		return insn_writes(in, reg);
	slot = in->is_store && !in->is_load ? way_slot(in) : INSN_NO_REG;
	return slot == reg || (slot != INSN_NO_REG && in->is_pair && slot + 8 == reg);
}

struct search {
	const struct way *w;
	int reg;
	uint8_t *seen;
	size_t *todo;
	size_t n_todo;
	struct way_defs *out;
};

static void add_def(struct way_defs *out, size_t i, size_t from)
{
	size_t at;

	/* Nearest before the instruction first; what comes after it (a loop) last. */
	for (at = out->n; at > 0; at--) {
		size_t x = i < from ? from - i : SIZE_MAX / 2 + i;
		size_t other = out->at[at - 1];
		size_t y = other < from ? from - other : SIZE_MAX / 2 + other;

		if (x >= y)
			break;
	}
	if (out->n == ARRAY_SIZE(out->at)) {
		out->is_more = true;
		if (at == out->n)
			return;
		out->n--;
	}
	memmove(out->at + at + 1, out->at + at, (out->n - at) * sizeof(*out->at));
	out->at[at] = i;
	out->n++;
}

static void step_to(struct search *s, size_t i, size_t from)
{
	if (s->seen[i])
		return;
	s->seen[i] = 1;
	if (defines(&s->w->insn[i], s->reg))
		add_def(s->out, i, from);
	else
		s->todo[s->n_todo++] = i;
}

static size_t first_edge(const struct way *w, size_t to)
{
	size_t lo = 0, hi = w->n_edges;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->edges[mid].to < to)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void step_back(struct search *s, size_t i, size_t from)
{
	const struct way *w = s->w;
	size_t e = first_edge(w, i);
	bool has_edge = e < w->n_edges && w->edges[e].to == i;

	if (i == 0)
		s->out->is_entry = true;
	for (; e < w->n_edges && w->edges[e].to == i; e++)
		step_to(s, w->edges[e].from, from);
	if (i == 0)
		return;
	if (w->insn[i - 1].op != INSN_JUMP) {
		step_to(s, i - 1, from);
	} else if (!has_edge) {
		s->out->is_guess = true;
		step_to(s, i - 1, from);
	}
}

void way_find(const struct way *w, size_t i, int reg, struct way_defs *out)
{
	struct search s = { .w = w,
			    .reg = reg,
			    .seen = xcalloc(w->n, 1),
			    .todo = xcalloc(w->n + 1, sizeof(size_t)),
			    .out = out };

	*out = (struct way_defs){ .n = 0 };
	/* Not marked as seen: in a loop the instruction itself may define it. */
	step_back(&s, i, i);
	while (s.n_todo)
		step_back(&s, s.todo[--s.n_todo], i);
	free(s.seen);
	free(s.todo);
}
