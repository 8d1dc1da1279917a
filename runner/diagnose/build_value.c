// SPDX-License-Identifier: GPL-2.0-or-later
/* What a register points to: the variable that DWARF puts there, else what the way of the
 * value tells. Where several ways join, each is asked and the sentence says how many
 * there are. */
#include "diagnose/build_int.h"

#include "diagnose/insn.h"
#include "util/mem.h"

enum { EVALUATIONS_MAX = 256 };

/* Puts a clause before the reason that is there. */
bool value_say(struct value *v, const char *fmt, ...)
{
	struct strbuf s = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&s, fmt, ap);
	va_end(ap);
	if (v->why)
		strbuf_addf(&s, "; %s", v->why);
	free(v->why);
	v->why = strbuf_take(&s);
	return true;
}

void values_release(struct value *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].why);
}

/* ---- a register before an instruction --------------------------------------------- */

static bool is_busy(const struct asking *a, size_t i, int reg, unsigned depth)
{
	for (unsigned k = 0; k < depth; k++)
		if (a->busy[k].i == i && a->busy[k].reg == reg)
			return true;
	return false;
}

static bool is_same_value(const struct value *x, const struct value *y)
{
	_cleanup_free_ char *p = type_name(&x->type), *q = type_name(&y->type);

	return strcmp(p, q) == 0 && x->delta == y->delta && x->stride == y->stride;
}

/* Appends a value unless it is there; takes it either way. */
static size_t add_value(struct value *v, size_t n, size_t max, struct value take)
{
	for (size_t i = 0; i < n; i++)
		if (is_same_value(&v[i], &take)) {
			free(take.why);
			return n;
		}
	if (n == max) {
		free(take.why);
		return n;
	}
	v[n] = take;
	return n + 1;
}

static size_t add_vars(struct asking *a, uint64_t addr, int reg, bool objects,
		       struct value *v, size_t n, size_t max)
{
	struct register_var vars[REGISTER_VARS_MAX];
	size_t n_vars = dwarf_register_vars(a->f, addr, reg, vars);

	for (size_t i = 0; i < n_vars; i++) {
		struct value one = { .type = vars[i].type };

		if (type_is_object(&vars[i].type) != objects)
			continue;
		value_say(&one, "%s holds the variable %s", insn_reg_name(reg),
			  vars[i].name ? vars[i].name : "?");
		n = add_value(v, n, max, one);
	}
	return n;
}

/* Says how many of the ways there agree, when there are several. */
static void say_ways(struct value *v, size_t n_agree, size_t n_ways,
		     const struct way_defs *defs)
{
	if (n_ways > 1 && n_agree == n_ways && !defs->is_more)
		value_say(v, "on all of %zu ways", n_ways);
	else if (n_ways > 1)
		value_say(v, "on %zu of %zu %sways", n_agree, n_ways,
			  defs->is_more ? "or more " : "");
	else if (defs->is_guess)
		value_say(v, "as far as the code shows its ways");
}

static size_t add_ways(struct asking *a, size_t i, int reg, unsigned depth,
		       struct value *v, size_t n, size_t max)
{
	struct value found[ARRAY_SIZE(((struct way_defs *)0)->at) + 1];
	size_t agree[ARRAY_SIZE(found)] = { 0 }, n_found = 0, n_ways;
	struct way_defs defs;

	way_find(a->w, i, reg, &defs);
	n_ways = defs.n + defs.is_entry;
	for (size_t k = 0; k < n_ways; k++) {
		struct value one = { .why = NULL };
		bool is_known = k < defs.n ? value_of_def(a, defs.at[k], reg, depth, &one)
					   : value_of_argument(a, reg, &one);
		size_t same = 0;

		if (!is_known)
			continue;
		while (same < n_found && !is_same_value(&found[same], &one))
			same++;
		agree[same]++;
		if (same < n_found)
			free(one.why);
		else
			found[n_found++] = one;
	}
	for (size_t k = 0; k < n_found; k++) {
		say_ways(&found[k], agree[k], n_ways, &defs);
		n = add_value(v, n, max, found[k]);
	}
	return n;
}

static size_t values_before(struct asking *a, size_t i, int reg, unsigned depth,
			    struct value *v, size_t max)
{
	uint64_t addr = a->at->addr;
	size_t n;

	if (reg < 0 || reg > 30 || depth > WAY_DEPTH_MAX || !a->budget ||
	    is_busy(a, i, reg, depth))
		return 0;
	a->budget--;
	a->busy[depth].i = i;
	a->busy[depth].reg = reg;
	if (a->w)
		addr = way_insn(a->w, i)->pc;
	n = add_vars(a, addr, reg, true, v, 0, max);
	if (a->w && n < max)
		n = add_ways(a, i, reg, depth, v, n, max);
	return add_vars(a, addr, reg, false, v, n, max);
}

bool value_before(struct asking *a, size_t i, int reg, unsigned depth, struct value *out)
{
	return values_before(a, i, reg, depth, out, 1) == 1;
}

size_t build_values(struct build *b, const struct build_place *at, int reg,
		    struct value out[VALUES_MAX])
{
	struct asking a = {
		.b = b, .f = build_file_of(b, at), .at = at, .budget = EVALUATIONS_MAX
	};
	size_t n, i = 0;

	if (!a.f)
		return 0;
	a.w = way_open(a.f, at);
	if (a.w)
		i = way_index(a.w, at->addr);
	if (i == SIZE_MAX) {
		way_free(a.w);
		a.w = NULL;
		i = 0;
	}
	n = values_before(&a, i, reg, 0, out, VALUES_MAX);
	way_free(a.w);
	return n;
}

/* The outermost part of an object that begins at offset. */
static bool part_at(struct build *b, const struct type_ref *t, uint64_t offset,
		    struct type_ref *out)
{
	struct type_ref now = *t;

	for (int depth = 0; offset && depth < WAY_DEPTH_MAX; depth++) {
		struct type_ref whole = types_complete(b, NULL, &now), s;
		struct member_iter it;
		struct type_member m;
		bool is_found = false;

		if (!type_is_object(&whole))
			return false;
		type_kind(&whole, &s);
		members_start(&it, &s);
		while (!is_found && members_next(&it, &m))
			is_found = !m.bits && offset >= m.bit_offset / 8 &&
				   offset - m.bit_offset / 8 < type_size(&m.type);
		if (!is_found)
			return false;
		offset -= m.bit_offset / 8;
		now = m.type;
		if (type_kind(&now, &s) == TYPE_ARRAY && type_target(&s, &now) &&
		    type_size(&now))
			offset %= type_size(&now);
	}
	*out = now;
	return !offset;
}

static char *pointer_to(const struct type_ref *t)
{
	_cleanup_free_ char *name = type_name(t);

	return xasprintf("%s%s", name, name[strlen(name) - 1] == '*' ? "*" : " *");
}

char *build_register_type(struct build *b, const struct build_place *at, int reg,
			  char **why)
{
	struct value v[VALUES_MAX];
	size_t n = build_values(b, at, reg, v);
	char *type = NULL;

	*why = NULL;
	for (size_t i = 0; i < n && !type; i++) {
		struct type_ref part;

		if (v[i].delta < 0 ||
		    !part_at(b, &v[i].type, (uint64_t)v[i].delta, &part))
			continue;
		type = pointer_to(&part);
		*why = TAKE_PTR(v[i].why);
	}
	values_release(v, n);
	return type;
}

char *build_register_object(struct build *b, const struct build_place *at, int reg,
			    int64_t *offset, char **why)
{
	struct value v[VALUES_MAX];
	size_t n = build_values(b, at, reg, v);
	char *type = NULL;

	*why = NULL;
	for (size_t i = 0; i < n && !type; i++) {
		if (!type_is_object(&v[i].type) || v[i].stride || v[i].delta < 0)
			continue;
		type = pointer_to(&v[i].type);
		*offset = v[i].delta;
		*why = TAKE_PTR(v[i].why);
	}
	values_release(v, n);
	return type;
}
