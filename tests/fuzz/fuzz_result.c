// SPDX-License-Identifier: GPL-2.0-or-later
/* A hostile result.json into every report: no crash, and what comes out keeps its
 * promises (JUnit without control bytes, KCIDB without nulls). The input's own bytes are
 * also the console. */
#include <stdbool.h>

#include "report/junit.h"
#include "report/kcidb.h"
#include "report/result_read.h"
#include "report/table.h"
#include "util/jsonx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *data;
	size_t size;
};

static size_t read_console(void *arg, uint64_t offset, char *buf, size_t cap)
{
	const struct bytes *b = arg;

	if (offset >= b->size)
		return 0;
	size_t n = b->size - offset < cap ? b->size - offset : cap;
	memcpy(buf, b->data + offset, n);
	return n;
}

static void check_no_null(const json_t *j)
{
	const json_t *v;
	const char *key;
	size_t i;

	if (json_is_null(j))
		BUG("a null in KCIDB");
	json_object_foreach((json_t *)(uintptr_t)j, key, v) check_no_null(v);
	json_array_foreach(j, i, v) check_no_null(v);
}

static void check_text(const struct strbuf *sb)
{
	for (size_t i = 0; i < sb->len; i++)
		if ((unsigned char)sb->buf[i] < 0x20 && sb->buf[i] != '\n' &&
		    sb->buf[i] != '\t')
			BUG("a control byte in the output");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct kcidb_opts opts = { .origin = "fuzz",
				   .read_console = read_console,
				   .arg = &bytes };
	_cleanup_json_ json_t *result = NULL;
	_cleanup_json_ json_t *kcidb = NULL;
	_cleanup_json_ json_t *rows = json_array();
	_cleanup_strbuf_ struct strbuf xml = STRBUF_INIT, table = STRBUF_INIT;
	struct err err = ERR_INIT;

	if (result_parse((const char *)data, size, &result, &err))
		return 0;
	if (kcidb_from_result(result, &opts, &kcidb, &err))
		BUG("a result that parses has KCIDB: %s", err.msg);
	check_no_null(kcidb);
	junit_from_result(result, &xml);
	check_text(&xml);
	json_push(rows, table_row(result, "dir", NULL));
	table_print(rows, false, size % 200, &table);
	check_text(&table);
	return 0;
}
