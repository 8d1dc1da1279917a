// SPDX-License-Identifier: GPL-2.0-or-later
/* What jansson lacks for us: strings from bytes that may be no UTF-8, and lines of JSON.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/compiler.h"
#include "util/strvec.h"

#define _cleanup_json_ _cleanup_(cleanup_json)
static inline void cleanup_json(json_t **j)
{
	json_decref(*j);
}

/* A JSON string; bytes that are no UTF-8 become U+FFFD (jansson's json_stringn would
 * return NULL), NUL stays as \u0000. Never NULL. */
json_t *json_lossy(const char *s, size_t len);
json_t *json_lossy_str(const char *s); /* NULL gives JSON null */
json_t *json_lossy_strs(const struct strvec *sv);
/* Compact one-line text of j with a line feed; the caller owns it. Keys keep their order
 * of insertion. */
char *json_line(const json_t *j, size_t *out_len);

/* The same for files that people read: indented by one blank. */
char *json_pretty(const json_t *j, size_t *out_len);

/* "0x20": numbers that are addresses, offsets or bit masks. */
json_t *json_hex(uint64_t v);
/* The same with a sign: "-0x8". */
json_t *json_signed_hex(int64_t v);
/* json_object_set_new that cannot fail silently. Consumes take_value. */
void json_put(json_t *object, const char *key, json_t *take_value);
void json_push(json_t *array, json_t *take_value);
/* Borrowed; "" or the default when missing or of another type. */
const char *json_get_str(const json_t *object, const char *key, const char *dflt);
int64_t json_get_int(const json_t *object, const char *key, int64_t dflt);
bool json_get_bool(const json_t *object, const char *key, bool dflt);
