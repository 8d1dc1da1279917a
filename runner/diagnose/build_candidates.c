// SPDX-License-Identifier: GPL-2.0-or-later
/* Which members can be at an offset, the likeliest first: of what the base register
 * points to, of what the function handles, of what its subsystem declares, of anything.
 */
#include "diagnose/build_int.h"

#include "diagnose/insn.h"
#include "util/mem.h"

enum { ENTRIES_MAX = 1 << 15, MEMBERS_BUDGET = 20 << 20, OBJECT_BUDGET = 1 << 16 };

enum fit { FIT_EXACT, FIT_START, FIT_INSIDE };

struct entry {
	struct candidate c;
	enum fit fit;
	uint64_t distance; /* of the evidence from the instruction; less is better */
	size_t order;
};

struct listing {
	struct build *b;
	const struct candidate_query *q;
	struct entry *v;
	size_t n, cap;
	size_t n_known; /* those before are looked through for duplicates */
	unsigned budget;
};

static enum fit fit_of(const struct listing *l, const struct member_at *m,
		       uint64_t offset)
{
	if (m->offset != offset)
		return FIT_INSIDE;
	return !l->q->bytes || m->size == l->q->bytes ? FIT_EXACT : FIT_START;
}

static bool has_entry(const struct listing *l, const char *type, const char *member)
{
	for (size_t i = 0; i < l->n_known; i++)
		if (strcmp(l->v[i].c.type, type) == 0 &&
		    strcmp(l->v[i].c.member, member) == 0)
			return true;
	return false;
}

/* Of all types there may be tens of thousands: their duplicates (two structs of one name)
 * are neighbours after sorting, and go then. */
static void add_entry(struct listing *l, const struct entry *e)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->v = xreallocarray(l->v, l->cap, sizeof(*l->v));
	}
	l->v[l->n] = *e;
	l->v[l->n].order = l->n;
	l->n++;
	if (e->c.scope != CANDIDATE_ALL)
		l->n_known = l->n;
}

/* Every member of t at the offset, with one reason. */
static void add_object(struct listing *l, const struct type_ref *t, uint64_t offset,
		       enum candidate_scope scope, enum fit worst, uint64_t distance,
		       const char *why)
{
	struct member_at m[MEMBERS_AT_MAX];
	unsigned budget = l->budget < OBJECT_BUDGET ? l->budget : OBJECT_BUDGET;
	unsigned before = budget;
	size_t n = l->n < ENTRIES_MAX ? members_at(l->b, t, offset, m, &budget) : 0;
	_cleanup_free_ char *name = n ? type_name(t) : NULL;

	l->budget -= before - budget;
	for (size_t i = 0; i < n; i++) {
		enum fit fit = fit_of(l, &m[i], offset);

		if (fit > worst || !m[i].path[0] || has_entry(l, name, m[i].path))
			continue;
		add_entry(l, &(struct entry){ .c = { .type = xstrdup(name),
						     .member = xstrdup(m[i].path),
						     .offset = m[i].offset,
						     .scope = scope,
						     .why = xstrdup(why) },
					      .fit = fit,
					      .distance = distance });
	}
	members_at_release(m, n);
}

/* ---- the base register ------------------------------------------------------------ */

static void add_base(struct listing *l)
{
	struct value v[VALUES_MAX];
	size_t n = l->q->base < 0 ? 0 : build_values(l->b, &l->q->at, l->q->base, v);

	for (size_t i = 0; i < n; i++) {
		uint64_t offset = l->q->offset + (uint64_t)v[i].delta;

		add_object(l, &v[i].type, offset, CANDIDATE_BASE, FIT_INSIDE, i,
			   v[i].why);
	}
	values_release(v, n);
}

/* ---- the function ----------------------------------------------------------------- */

/* An object type that the function handles. */
struct handled {
	struct type_ref type;
	char *name, *why;
	uint64_t distance;
};

enum { HANDLED_MAX = 512 };

struct handled_list {
	struct listing *l;
	struct build_file *f;
	struct handled v[HANDLED_MAX];
	size_t n;
};

static bool object_behind(struct listing *l, struct build_file *f,
			  const struct type_ref *t, struct type_ref *out)
{
	struct type_ref now = *t, s;
	bool is_pointer = false;

	for (int depth = 0; depth < 4; depth++) {
		enum type_kind kind = type_kind(&now, &s);

		if (kind == TYPE_STRUCT || kind == TYPE_UNION) {
			*out = types_complete(l->b, f, &now);
			return is_pointer;
		}
		is_pointer |= kind == TYPE_POINTER;
		if ((kind != TYPE_POINTER && kind != TYPE_ARRAY) ||
		    !type_target(&s, &now))
			break;
	}
	return false;
}

/* Remembers the nearest reason; takes why. */
static void handle(struct handled_list *h, const struct type_ref *t, uint64_t distance,
		   char *take_why)
{
	char *name = type_name(t);

	for (size_t i = 0; i < h->n; i++) {
		struct handled *have = &h->v[i];

		if (strcmp(have->name, name) != 0)
			continue;
		if (distance < have->distance) {
			free(have->why);
			have->why = TAKE_PTR(take_why);
			have->distance = distance;
		}
		free(take_why);
		free(name);
		return;
	}
	if (h->n == HANDLED_MAX) {
		free(take_why);
		free(name);
		return;
	}
	h->v[h->n++] = (struct handled){ *t, name, take_why, distance };
}

/* Scopes that hold the instruction come first, the innermost before all. */
static bool handle_variable(void *arg, const struct scope_die *s)
{
	struct handled_list *h = arg;
	Dwarf_Die die = s->die, scope = s->scope;
	struct type_ref type, object;
	const char *name = dwarf_diename(&die);
	uint64_t depth = s->depth < 64 ? s->depth : 63;
	uint64_t distance = s->distance > UINT32_MAX ? UINT32_MAX : s->distance;

	if (!name || !type_of_dwarf_attr(&die, &type) ||
	    !object_behind(h->l, h->f, &type, &object))
		return true;
	const char *in = dwarf_diename(&scope);

	if (!in)
		in = h->l->q->at.function;
	handle(h, &object, distance << 8 | (63 - depth),
	       xasprintf("%s of %s() points to one%s", name, in,
			 distance ? ", but is not in scope here" : ""));
	return true;
}

static void handle_parameters(struct handled_list *h)
{
	const struct build_place *at = &h->l->q->at;
	struct type_ref func, param, object;

	if (!function_type(h->f, at->start, at->function, &func))
		return;
	for (unsigned i = 0; i < 16 && type_param(&func, i, &param); i++)
		if (object_behind(h->l, h->f, &param, &object))
			handle(h, &object, 0,
			       xasprintf("argument %u of %s() points to one", i + 1,
					 at->function));
}

/* What the objects found so far point to, one step away. */
static void handle_pointed(struct handled_list *h)
{
	size_t n = h->n;

	for (size_t i = 0; i < n; i++) {
		struct type_ref s, object;
		struct type_member m;
		struct member_iter it;

		type_kind(&h->v[i].type, &s);
		members_start(&it, &s);
		while (h->l->budget && members_next(&it, &m)) {
			h->l->budget--;
			if (!m.name || !object_behind(h->l, h->f, &m.type, &object))
				continue;
			handle(h, &object, h->v[i].distance + (UINT64_C(1) << 48),
			       xasprintf("%s of %s points to one, and %s", m.name,
					 h->v[i].name, h->v[i].why));
		}
	}
}

static void add_function(struct listing *l)
{
	struct handled_list *h = xcalloc(1, sizeof(*h));

	h->l = l;
	h->f = build_file_of(l->b, &l->q->at);
	if (h->f) {
		dwarf_walk(h->f, l->q->at.addr, false, handle_variable, h);
		if (!h->n)
			handle_parameters(h);
		handle_pointed(h);
	}
	for (size_t i = 0; i < h->n; i++) {
		add_object(l, &h->v[i].type, l->q->offset, CANDIDATE_FUNCTION, FIT_START,
			   h->v[i].distance, h->v[i].why);
		free(h->v[i].name);
		free(h->v[i].why);
	}
	free(h);
}

/* ---- the subsystem, and all ------------------------------------------------------- */

static bool add_neighbour(void *arg, Dwarf_Die *die, const char *why)
{
	struct listing *l = arg;
	struct type_ref t = type_of_die(die);

	add_object(l, &t, l->q->offset, CANDIDATE_SUBSYSTEM, FIT_START, 0, why);
	return l->budget && l->n < ENTRIES_MAX;
}

static bool add_any(void *arg, const struct type_ref *t)
{
	struct listing *l = arg;

	add_object(l, t, l->q->offset, CANDIDATE_ALL, FIT_EXACT, 0,
		   "one of all types in this build that have such a member there");
	return l->budget && l->n < ENTRIES_MAX;
}

/* ---- order ------------------------------------------------------------------------ */

static unsigned nesting(const char *member)
{
	unsigned n = 0;

	for (; *member; member++)
		n += *member == '.' || *member == '[';
	return n;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	unsigned deep, other;

	if (x->c.scope != y->c.scope)
		return x->c.scope < y->c.scope ? -1 : 1;
	if (x->fit != y->fit)
		return x->fit < y->fit ? -1 : 1;
	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	deep = nesting(x->c.member);
	other = nesting(y->c.member);
	if (x->c.scope == CANDIDATE_ALL && deep != other)
		return deep < other ? -1 : 1;
	if (x->c.scope == CANDIDATE_ALL) {
		int r = strcmp(x->c.type, y->c.type);

		r = r ? r : strcmp(x->c.member, y->c.member);
		if (r)
			return r;
	}
	return x->order < y->order ? -1 : x->order > y->order;
}

static void free_candidate(struct candidate *c)
{
	free(c->type);
	free(c->member);
	free(c->why);
}

static void drop_duplicates(struct listing *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct candidate *c = &l->v[i].c, *last = kept ? &l->v[kept - 1].c : NULL;

		if (last && strcmp(last->type, c->type) == 0 &&
		    strcmp(last->member, c->member) == 0)
			free_candidate(c);
		else
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
}

size_t build_candidates(struct build *b, const struct candidate_query *q,
			struct candidate **out)
{
	struct listing l = { .b = b, .q = q, .budget = MEMBERS_BUDGET };
	size_t n;

	if (q->at.function) {
		add_base(&l);
		if (!q->is_address) {
			add_function(&l);
			build_neighbours(b, &q->at, add_neighbour, &l);
		}
	}
	if (l.n < CANDIDATES_MAX && !q->is_address)
		types_each(b, add_any, &l);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), compare);
	drop_duplicates(&l);
	n = l.n < CANDIDATES_MAX ? l.n : CANDIDATES_MAX;
	*out = n ? xcalloc(n, sizeof(**out)) : NULL;
	for (size_t i = 0; i < l.n; i++) {
		if (i >= n) {
			free_candidate(&l.v[i].c);
			continue;
		}
		(*out)[i] = l.v[i].c;
		(*out)[i].rank = (unsigned)i + 1;
	}
	free(l.v);
	return n;
}

void candidates_free(struct candidate *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free_candidate(&v[i]);
	free(v);
}
