// SPDX-License-Identifier: GPL-2.0-or-later
/* BTF as libbpf takes it. libbpf before 1.3 trusts what a file says, so every length,
 * string offset and type id is checked here first. Cycles remain: whoever walks types
 * counts. Source: Documentation/bpf/btf.rst. */
#include "diagnose/build_int.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/btf.h>
#include <sys/mman.h>

#include "util/io.h"
#include "util/mem.h"

enum { BTF_HEADER_BYTES = 24, BTF_BYTES_MAX = 256 << 20 };

struct btf_bytes {
	const uint8_t *types, *strings;
	uint32_t types_len, strings_len;
	uint32_t first_id, first_string; /* those before are the base's */
	uint32_t n_types;                /* ids below this are valid */
};

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint32_t kind_of(const uint8_t *t)
{
	return get32(t + 4) >> 24 & 0x1f;
}

static uint32_t vlen_of(const uint8_t *t)
{
	return get32(t + 4) & 0xffff;
}

/* Bytes that follow the 12 common ones; -1 for a kind we know not. */
static int64_t tail_bytes(const uint8_t *t)
{
	switch (kind_of(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return 12;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return 12 * (int64_t)vlen_of(t);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * (int64_t)vlen_of(t);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	}
	return -1;
}

static bool is_id(const struct btf_bytes *b, const uint8_t *p)
{
	return get32(p) < b->n_types;
}

static bool is_name(const struct btf_bytes *b, const uint8_t *p)
{
	return get32(p) < (uint64_t)b->first_string + b->strings_len;
}

/* Members, parameters, enumerators, variables: name and type are where the strides say;
 * -1 = there is none. */
static bool are_items(const struct btf_bytes *b, const uint8_t *t, uint32_t stride,
		      int name_at, int type_at)
{
	const uint8_t *p = t + 12;

	for (uint32_t i = 0; i < vlen_of(t); i++, p += stride)
		if ((name_at >= 0 && !is_name(b, p + name_at)) ||
		    (type_at >= 0 && !is_id(b, p + type_at)))
			return false;
	return true;
}

static bool is_type(const struct btf_bytes *b, const uint8_t *t)
{
	if (!is_name(b, t))
		return false;
	switch (kind_of(t)) {
	case BTF_KIND_ARRAY:
		return is_id(b, t + 12) && is_id(b, t + 16);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return are_items(b, t, 12, 0, 4);
	case BTF_KIND_ENUM:
		return are_items(b, t, 8, 0, -1);
	case BTF_KIND_ENUM64:
		return are_items(b, t, 12, 0, -1);
	case BTF_KIND_FUNC_PROTO:
		return is_id(b, t + 8) && are_items(b, t, 8, 0, 4);
	case BTF_KIND_DATASEC:
		return are_items(b, t, 12, -1, 0);
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return true;
	}
	return is_id(b, t + 8); /* pointers, typedefs and what else stands on one type */
}

/* First how many there are, then whether each is sound. */
static bool check_types(struct btf_bytes *b)
{
	const uint8_t *end = b->types + b->types_len, *t;
	uint32_t n = 0;

	for (t = b->types; t < end; n++) {
		int64_t tail = end - t >= 12 ? tail_bytes(t) : -1;

		if (tail < 0 || tail > end - t - 12)
			return false;
		t += 12 + tail;
	}
	b->n_types = b->first_id + n;
	for (t = b->types; t < end; t += 12 + tail_bytes(t))
		if (!is_type(b, t))
			return false;
	return true;
}

static bool has_header(const uint8_t *p, size_t size, struct btf_bytes *b)
{
	uint64_t header, type_off, string_off, end;

	if (size < BTF_HEADER_BYTES || size > BTF_BYTES_MAX || p[0] != 0x9f ||
	    p[1] != 0xeb || p[2] != 1)
		return false;
	header = get32(p + 4);
	type_off = header + get32(p + 8);
	b->types_len = get32(p + 12);
	string_off = header + get32(p + 16);
	b->strings_len = get32(p + 20);
	end = type_off + b->types_len;
	if (header < BTF_HEADER_BYTES || end > size || type_off % 4 || string_off < end ||
	    string_off + b->strings_len > size)
		return false;
	b->types = p + type_off;
	b->strings = p + string_off;
	/* Names are read up to their NUL. */
	return b->strings_len ? b->strings[b->strings_len - 1] == '\0' : b->first_id > 1;
}

static const char *what_is_wrong(const void *data, size_t size, struct btf *base)
{
	struct btf_bytes b = { .first_id = 1 };

	if (base) {
		uint32_t base_size = 0;
		const uint8_t *raw = btf__raw_data(base, &base_size);

		if (!raw || base_size < BTF_HEADER_BYTES)
			return "its base is unreadable";
		b.first_id = btf__type_cnt(base);
		b.first_string = get32(raw + 20);
	}
	if (!has_header(data, size, &b))
		return "its header does not fit its size";
	if (!base && b.strings[0] != '\0')
		return "its strings do not begin with the empty one";
	return check_types(&b) ? NULL : "a type in it is cut off or points nowhere";
}

static int be_silent(enum libbpf_print_level level, const char *format, va_list ap)
{
	return 0;
}

/* libbpf 1.1 declares btf__new_split() and does not export it: by way of a file that has
 * no name. */
static struct btf *new_split(const void *data, size_t size, struct btf *base)
{
	_cleanup_close_ int fd = memfd_create("bootrig-btf", MFD_CLOEXEC);
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);

	if (fd < 0 || io_write_all(fd, data, size))
		return NULL;
	return btf__parse_raw_split(path, base);
}

int btf_load(const void *data, size_t size, struct btf *base, struct btf **out,
	     struct err *err)
{
	const char *wrong = what_is_wrong(data, size, base);
	struct btf *btf;

	if (wrong)
		return err_set(err, ERR_JOB, -EINVAL, "broken BTF: %s", wrong);
	libbpf_set_print(be_silent);
	btf = base ? new_split(data, size, base) : btf__new(data, (uint32_t)size);
	if (!btf)
		return err_set(err, ERR_JOB, -EINVAL, "broken BTF: libbpf says %s",
			       strerror(errno));
	*out = btf;
	return 0;
}
