// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as JSON, and JSON as lines. */
#include "util/jsonx.h"

#include "tap.h"

TEST(every_single_byte_makes_a_string)
{
	for (int c = 0; c < 256; c++) {
		const char b = (char)c;
		_cleanup_json_ json_t *j = json_lossy(&b, 1);

		CHECK(json_is_string(j));
		CHECK_EQ(json_string_length(j), c < 0x80 ? 1 : 3);
	}
}

TEST(a_nul_stays_inside_its_string)
{
	_cleanup_json_ json_t *j = json_lossy("a\0\xff", 3);
	size_t n;
	char *line = json_line(j, &n);

	CHECK_STR(line, "\"a\\u0000\xef\xbf\xbd\"\n");
	CHECK_EQ(n, strlen(line));
	free(line);
}

TEST(no_string_is_null)
{
	_cleanup_json_ json_t *j = json_lossy_str(NULL);

	CHECK(json_is_null(j));
}

TEST(a_line_is_one_line_in_the_order_of_insertion)
{
	_cleanup_json_ json_t *o = json_object();
	_cleanup_json_ json_t *again = NULL;
	json_t *list = json_array();

	json_put(o, "z", json_string("two\nlines"));
	json_put(o, "a", json_real(0.1));
	json_push(list, json_integer(1));
	json_push(list, json_null());
	json_put(o, "m", list);
	json_put(o, "z", json_string("new\n"));
	size_t n;
	char *line = json_line(o, &n);
	CHECK_EQ(n, strlen(line));
	CHECK(strchr(line, '\n') == line + n - 1);
	CHECK_EQ(strncmp(line, "{\"z\":\"new\\n\",\"a\":0.1", 20), 0);
	CHECK_CONTAINS(line, ",\"m\":[1,null]}\n");
	again = json_loads(line, 0, NULL);
	CHECK(again && json_equal(again, o));
	free(line);
}

TEST(a_member_of_another_type_is_as_good_as_none)
{
	_cleanup_json_ json_t *o = json_pack("{s:s, s:i, s:b, s:n, s:f}", "s", "x", "i",
					     5, "b", 1, "n", "f", 1.5);

	CHECK_STR(json_get_str(o, "s", "d"), "x");
	CHECK_STR(json_get_str(o, "i", "d"), "d");
	CHECK_STR(json_get_str(o, "n", "d"), "d");
	CHECK_STR(json_get_str(NULL, "s", "d"), "d");
	CHECK(!json_get_str(o, "nope", NULL));
	CHECK_EQ(json_get_int(o, "i", -1), 5);
	CHECK_EQ(json_get_int(o, "f", -1), -1);
	CHECK_EQ(json_get_int(o, "s", -1), -1);
	CHECK(json_get_bool(o, "b", false));
	CHECK(!json_get_bool(o, "i", false));
	CHECK(json_get_bool(o, "nope", true));
}

TESTS(T(every_single_byte_makes_a_string), T(a_nul_stays_inside_its_string),
      T(no_string_is_null), T(a_line_is_one_line_in_the_order_of_insertion),
      T(a_member_of_another_type_is_as_good_as_none))
