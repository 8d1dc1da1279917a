// SPDX-License-Identifier: GPL-2.0-or-later
/* What jansson lacks for us. */
#include "util/jsonx.h"

#include <inttypes.h>

#include "util/mem.h"
#include "util/strbuf.h"
#include "util/utf8.h"

json_t *json_lossy(const char *s, size_t len)
{
	json_t *j = json_stringn(s, len);

	if (j)
		return j;
	size_t n;
	_cleanup_free_ char *ok = utf8_lossy(s, len, &n);
	j = json_stringn(ok, n);
	if (!j)
		BUG("jansson refused repaired UTF-8");
	return j;
}

json_t *json_lossy_str(const char *s)
{
	return s ? json_lossy(s, strlen(s)) : json_null();
}

json_t *json_lossy_strs(const struct strvec *sv)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sv->n; i++)
		json_push(list, json_lossy_str(sv->v[i]));
	return list;
}

static int append(const char *data, size_t len, void *arg)
{
	strbuf_add(arg, data, len);
	return 0;
}

/* 15 digits: 12.345 stays 12.345, and microseconds of a year still fit. */
static char *dump(const json_t *j, size_t flags, size_t *out_len)
{
	struct strbuf sb = STRBUF_INIT;

	if (json_dump_callback(j, append, &sb,
			       flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)))
		BUG("json_dump failed");
	strbuf_addch(&sb, '\n');
	if (out_len)
		*out_len = sb.len;
	return strbuf_take(&sb);
}

char *json_line(const json_t *j, size_t *out_len)
{
	return dump(j, JSON_COMPACT, out_len);
}

char *json_pretty(const json_t *j, size_t *out_len)
{
	return dump(j, JSON_INDENT(1), out_len);
}

json_t *json_hex(uint64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "0x%" PRIx64, v);
	return json_string(buf);
}

json_t *json_signed_hex(int64_t v)
{
	char buf[24];

	if (v >= 0)
		return json_hex((uint64_t)v);
	snprintf(buf, sizeof(buf), "-0x%" PRIx64, (uint64_t)0 - (uint64_t)v);
	return json_string(buf);
}

void json_put(json_t *object, const char *key, json_t *take_value)
{
	if (json_object_set_new(object, key, take_value))
		BUG("cannot set JSON member %s", key);
}

void json_push(json_t *array, json_t *take_value)
{
	if (json_array_append_new(array, take_value))
		BUG("cannot append to a JSON array");
}

const char *json_get_str(const json_t *object, const char *key, const char *dflt)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : dflt;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t dflt)
{
	const json_t *j = json_object_get(object, key);

	return json_is_integer(j) ? json_integer_value(j) : dflt;
}

bool json_get_bool(const json_t *object, const char *key, bool dflt)
{
	const json_t *j = json_object_get(object, key);

	return json_is_boolean(j) ? json_is_true(j) : dflt;
}
