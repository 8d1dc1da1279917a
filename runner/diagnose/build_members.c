// SPDX-License-Identifier: GPL-2.0-or-later
/* Which member is at an offset, and at which offset a member is. */
#include "diagnose/build_int.h"

#include <ctype.h>
#include <dwarf.h>
#include <errno.h>

#include "util/mem.h"

enum { NESTING_MAX = 16, PATH_MAX_BYTES = 512, LOOKUPS_MAX = 1 << 20 };

static bool is_object_kind(enum type_kind kind)
{
	return kind == TYPE_STRUCT || kind == TYPE_UNION;
}

/* Where the member begins: a bitfield where its storage unit does. */
static uint64_t start_of(const struct type_member *m, uint64_t size)
{
	uint64_t byte = m->bit_offset / 8;

	return m->bits && size ? byte / size * size : byte;
}

/* ---- by offset -------------------------------------------------------------------- */

struct descent {
	struct build *b;
	struct member_at *out;
	size_t n;
	unsigned *budget;
	struct strbuf path;
};

static void descend(struct descent *d, const struct type_ref *t, uint64_t start,
		    uint64_t rest, int depth);

static void add_leaf(struct descent *d, const struct type_ref *t, uint64_t start,
		     uint64_t size)
{
	if (d->n == MEMBERS_AT_MAX)
		return;
	d->out[d->n++] = (struct member_at){ .path = xstrdup(strbuf_str(&d->path)),
					     .offset = start,
					     .size = size,
					     .type = *t };
}

static void cut_path(struct descent *d, size_t len)
{
	if (d->path.buf) {
		d->path.len = len;
		d->path.buf[len] = '\0';
	}
}

static void descend_array(struct descent *d, const struct type_ref *t, uint64_t start,
			  uint64_t rest, int depth)
{
	struct type_ref element;
	uint64_t size, count = type_count(t), i;
	size_t len = d->path.len;

	if (!type_target(t, &element) || !(size = type_size(&element)))
		return;
	i = rest / size;
	if (count && i >= count)
		return;
	strbuf_addf(&d->path, "[%llu]", (unsigned long long)i);
	descend(d, &element, start + i * size, rest - i * size, depth + 1);
	cut_path(d, len);
}

static bool is_flexible(const struct type_ref *t)
{
	struct type_ref s;

	return type_kind(t, &s) == TYPE_ARRAY && type_count(&s) == 0;
}

static void descend_members(struct descent *d, const struct type_ref *object,
			    uint64_t start, uint64_t rest, int depth)
{
	struct type_member m;
	struct member_iter it;
	size_t len = d->path.len;

	members_start(&it, object);
	while (*d->budget && d->n < MEMBERS_AT_MAX && members_next(&it, &m)) {
		uint64_t size = type_size(&m.type), at = start_of(&m, size);

		--*d->budget;
		if (rest < at || (rest - at >= size && !is_flexible(&m.type)))
			continue;
		if (m.name)
			strbuf_addf(&d->path, "%s%.256s", len ? "." : "", m.name);
		if (m.bits)
			add_leaf(d, &m.type, start + at, size);
		else
			descend(d, &m.type, start + at, rest - at, depth + 1);
		cut_path(d, len);
	}
}

/* start: of t in the whole object; rest: what is left of the offset within t. */
static void descend(struct descent *d, const struct type_ref *t, uint64_t start,
		    uint64_t rest, int depth)
{
	struct type_ref s;
	enum type_kind kind = type_kind(t, &s);
	uint64_t size;

	if (depth > NESTING_MAX || d->path.len > PATH_MAX_BYTES)
		return;
	if (kind == TYPE_ARRAY) {
		descend_array(d, &s, start, rest, depth);
	} else if (is_object_kind(kind)) {
		struct type_ref whole = types_complete(d->b, NULL, &s);

		type_kind(&whole, &s);
		descend_members(d, &s, start, rest, depth);
	} else if ((size = type_size(&s)) && rest < size) {
		add_leaf(d, t, start, size);
	}
}

size_t members_at(struct build *b, const struct type_ref *t, uint64_t offset,
		  struct member_at out[MEMBERS_AT_MAX], unsigned *budget)
{
	struct descent d = { .b = b, .out = out, .budget = budget, .path = STRBUF_INIT };

	if (*budget)
		descend(&d, t, 0, offset, 0);
	strbuf_release(&d.path);
	return d.n;
}

void members_at_release(struct member_at *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].path);
}

/* ---- by name ---------------------------------------------------------------------- */

struct lookup {
	struct build *b;
	const char *name;
	size_t len;
	unsigned budget;
};

/* The member of that name, also through anonymous ones: its type, offset and size. */
static bool find_named(struct lookup *l, const struct type_ref *t, int depth,
		       struct type_member *out, uint64_t *offset, uint64_t *size)
{
	struct type_ref whole = types_complete(l->b, NULL, t), s;
	struct member_iter it;
	struct type_member m;

	if (!is_object_kind(type_kind(&whole, &s)) || depth > NESTING_MAX)
		return false;
	members_start(&it, &s);
	while (l->budget && members_next(&it, &m)) {
		uint64_t member_size = type_size(&m.type);

		l->budget--;
		if (m.name && strlen(m.name) == l->len &&
		    strncmp(m.name, l->name, l->len) == 0) {
			*out = m;
			*offset = start_of(&m, member_size);
			*size = member_size;
			return true;
		}
		if (!m.name && find_named(l, &m.type, depth + 1, out, offset, size)) {
			*offset += m.bit_offset / 8;
			return true;
		}
	}
	return false;
}

/* "[3]": the element; *p moves behind it. */
static int take_index(const char **p, struct type_ref *type, uint64_t *offset,
		      uint64_t *size, struct err *err)
{
	char *end;
	unsigned long long i;
	struct type_ref element;

	if (!isdigit((unsigned char)(*p)[1]))
		return err_set(err, ERR_JOB, -EINVAL, "\"%s\": want a number in []", *p);
	i = strtoull(*p + 1, &end, 10);
	if (*end != ']' || i > UINT32_MAX)
		return err_set(err, ERR_JOB, -EINVAL, "\"%s\": want a number in []", *p);
	*p = end + 1;
	if (type_count(type) && i >= type_count(type))
		return err_set(err, ERR_JOB, -ENOENT, "that array has %llu elements only",
			       (unsigned long long)type_count(type));
	if (!is_flexible(type) && !type_count(type))
		return err_set(err, ERR_JOB, -ENOENT, "[%llu] of what is no array", i);
	type_target(type, &element);
	*size = type_size(&element);
	*offset += *size * i;
	*type = element;
	return 0;
}

static int not_there(struct build *b, const struct type_ref *t, const char *name, int len,
		     struct err *err)
{
	_cleanup_free_ char *of = type_name(t);
	struct type_ref s;

	if (type_kind(t, &s) == TYPE_POINTER)
		return err_set(err, ERR_JOB, -ENOENT,
			       "%.*s: what comes before is a pointer (%s): start at the "
			       "type that it points to",
			       len, name, of);
	return err_set(err, ERR_JOB, -ENOENT, "%s has no member %.*s in this build", of,
		       len, name);
}

static int walk_path(struct build *b, const char *p, struct type_ref type,
		     uint64_t *offset, uint64_t *size, struct err *err)
{
	while (*p) {
		size_t len;
		int r = 0;

		if (*p == '[') {
			r = take_index(&p, &type, offset, size, err);
		} else if (*p == '.' && (len = strcspn(p + 1, ".[")) > 0) {
			struct lookup l = { b, p + 1, len, LOOKUPS_MAX };
			struct type_member m;
			uint64_t at;

			if (find_named(&l, &type, 0, &m, &at, size)) {
				*offset += at;
				type = m.type;
				p += 1 + len;
			} else {
				r = not_there(b, &type, p + 1, (int)len, err);
			}
		} else {
			r = err_set(err, ERR_JOB, -EINVAL, "\"%s\": want .MEMBER", p);
		}
		if (r)
			return r;
	}
	return 0;
}

int build_member(struct build *b, const char *access, uint64_t *offset, uint64_t *size,
		 struct err *err)
{
	const char *name = access;
	_cleanup_free_ char *type_part = NULL;
	struct type_ref type;
	int tag = 0, r;
	size_t len;

	if (!build_has_types(b))
		return err_set(err, ERR_JOB, -ENOENT,
			       "%s: this build's file has neither DWARF nor BTF", access);
	if (strncmp(access, "struct ", 7) == 0)
		tag = DW_TAG_structure_type, name += 7;
	else if (strncmp(access, "union ", 6) == 0)
		tag = DW_TAG_union_type, name += 6;
	name += strspn(name, " ");
	len = strcspn(name, ".[");
	if (!len || name[len] != '.')
		return err_set(err, ERR_JOB, -EINVAL,
			       "\"%s\": want TYPE.MEMBER, as in struct dma_fence.context",
			       access);
	type_part = xstrndup(name, len);
	if (!types_find(b, NULL, type_part, tag, &type))
		return err_set(err, ERR_JOB, -ENOENT,
			       "%s: the debug information has no %s%s", access,
			       tag == DW_TAG_union_type ? "union "
			       : tag                    ? "struct "
							: "type ",
			       type_part);
	*offset = 0;
	r = walk_path(b, name + len, type, offset, size, err);
	return r ? err_prefix(err, "%s: ", access) : 0;
}
