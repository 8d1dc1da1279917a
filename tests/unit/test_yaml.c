// SPDX-License-Identifier: GPL-2.0-or-later
/* The YAML layer: what a tree looks like, where its values stand, and what is refused. */
#include "parse/yaml.h"

#include <errno.h>

#include "tap.h"
#include "util/jsonx.h"
#include "util/mem.h"
#include "util/strbuf.h"

struct outcome {
	struct yaml_doc *doc;
	struct spec_report r;
	struct spec_messages msgs;
	struct err err;
	int ret;
};

static struct outcome read_bytes(const char *text, size_t len)
{
	struct outcome o = { .r = { .path = "t.yaml" } };

	o.ret = yaml_parse(text, len, &o.doc, &o.r);
	CHECK((o.ret == 0) == (o.r.n == 0));
	CHECK((o.ret == 0) == (o.doc != NULL));
	CHECK_EQ(spec_report_finish(&o.r, &o.msgs, &o.err), o.ret);
	return o;
}

static struct outcome read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void release(struct outcome *o)
{
	yaml_doc_free(o->doc);
	spec_report_release(&o->r);
	strvec_release(&o->msgs.v);
}

/* The tree as one line of JSON. */
static void check_tree(const char *text, const char *want)
{
	struct outcome o = read_text(text);

	CHECK_STR(o.ret ? o.msgs.v.v[0] : "fine", "fine");
	_cleanup_json_ json_t *j = yaml_to_json(yaml_root(o.doc), false);
	_cleanup_free_ char *got = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY);
	CHECK_STR(got, want);
	release(&o);
}

static void check_bad_bytes(const char *text, size_t len, const char *want)
{
	struct outcome o = read_bytes(text, len);

	CHECK_EQ(o.ret, -EINVAL);
	/* What follows is libfyaml's own wording, which its versions change. */
	if (strstr(want, "no valid YAML: "))
		CHECK_CONTAINS(o.msgs.v.v[0], want);
	else
		CHECK_STR(o.msgs.v.v[0], want);
	CHECK_STR(o.err.msg, o.msgs.v.v[0]);
	CHECK_EQ(o.err.class, ERR_JOB);
	release(&o);
}

static void check_bad(const char *text, const char *want)
{
	check_bad_bytes(text, strlen(text), want);
}

TEST(yaml_and_json_give_the_same_tree)
{
	const char *want = "{\"a\":1,\"b\":[\"x\",true,null],\"c\":{\"d\":\"y z\"}}";

	check_tree("a: 1\nb:\n  - x\n  - true\n  -\nc: {d: y z}\n", want);
	check_tree("{\"a\": 1, \"b\": [\"x\", true, null], \"c\": {\"d\": \"y z\"}}",
		   want);
	check_tree("{\n\t\"a\":1,\n\t\"b\":[\n\t\t\"x\",true,null],\n\"c\":{\"d\":\"y "
		   "z\"}\n}\n",
		   want);
}

TEST(numbers_that_text_could_not_give_back_stay_text)
{
	check_tree("[5.10, 007, -3, 0, 1e5, 0x10, 99999999999999999999, '5', !!str 5]",
		   "[\"5.10\",\"007\",-3,0,\"1e5\",\"0x10\",\"99999999999999999999\","
		   "\"5\",\"5\"]");
}

TEST(block_texts_quotes_and_escapes_are_read_as_yaml_says)
{
	check_tree(
		"a: |\n  one\n  two\nb: >-\n  one\n  two\nc: 'it''s'\nd: \"\\x41\\t\"\n",
		"{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\",\"c\":\"it's\",\"d\":\"A\\t\"}");
}

TEST(single_quoted_texts_fold_their_lines)
{
	check_tree(
		"a: 'it''s'\nb: ' x  y '\nc: 'one  \n   two'\nd: 'one\n\n\n  two'\n"
		"e: ''\nf: ''''\ng: 'a\r\n  b'\n",
		"{\"a\":\"it's\",\"b\":\" x  y \",\"c\":\"one two\",\"d\":\"one\\n\\ntwo\","
		"\"e\":\"\",\"f\":\"'\",\"g\":\"a b\"}");
}

TEST(crlf_and_a_byte_order_mark_are_read_like_plain_lines)
{
	check_tree("\xef\xbb\xbf"
		   "a: 1\r\nb:\r\n  - x\r\n",
		   "{\"a\":1,\"b\":[\"x\"]}");
}

TEST(aliases_and_merge_keys_are_expanded)
{
	check_tree(
		"a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, l: 3}\n",
		"{\"a\":{\"k\":1,\"l\":2},\"b\":{\"k\":1,\"l\":2},\"c\":{\"l\":3,\"k\":1}}");
	check_tree("a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}\n",
		   "{\"a\":{\"k\":1},\"b\":{\"k\":2,\"m\":3},\"c\":{\"k\":1,\"m\":3}}");
	check_tree("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}");
}

TEST(marks_point_at_the_first_character_of_each_value)
{
	struct outcome o = read_text("a: x\nbé:\n  - \"q\"\n  - {k: [v]}\n");
	const struct yaml_node *b = yaml_find(yaml_root(o.doc), "bé");
	const struct {
		const struct yaml_node *n;
		uint32_t line, col;
	} want[] = {
		{ yaml_find(yaml_root(o.doc), "a"), 1, 4 },
		{ yaml_find_key(yaml_root(o.doc), "bé"), 2, 1 },
		{ b, 3, 3 },
		{ b->vals[0], 3, 5 },
		{ b->vals[1], 4, 5 },
		{ yaml_find(b->vals[1], "k"), 4, 9 },
		{ yaml_find(b->vals[1], "k")->vals[0], 4, 10 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		CHECK_EQ(want[i].n->mark.line, want[i].line);
		CHECK_EQ(want[i].n->mark.col, want[i].col);
	}
	release(&o);
}

TEST(broken_yaml_names_line_and_column)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "", "t.yaml:1:1: the file is empty; expected a mapping" },
		{ "# only\n", "t.yaml:1:1: the file is empty; expected a mapping" },
		{ "a: b: c\n", "t.yaml:1:5: no valid YAML: " },
		{ "a:\n\t- b\n", "t.yaml:2:1: no valid YAML: " },
		{ "a: \"x\n", "t.yaml:1:5: no valid YAML: " },
		{ "a: [1, 2\n", "t.yaml:1:9: no valid YAML: " },
		{ "ä: [\n  ö, ü", "t.yaml:2:7: no valid YAML: " },
		{ "a: {b\n\n\n", "t.yaml:1:6: no valid YAML: " },
		{ "a: 1\n---\nb: 2\n",
		  "t.yaml:2:1: a second document begins; expected one document" },
		{ "a: 1\nb: 2\na: 3\n",
		  "t.yaml:3:1: duplicate key \"a\", first at line 1; expected each key once" },
		{ "x:\n  a: 1\n  \"a\": 1\n",
		  "t.yaml:3:3: duplicate key \"a\", first at line 2; expected each key once" },
		{ "? [a]\n: b\n", "t.yaml:1:3: a list cannot be a key; expected a word" },
		{ "{{a: 1}: b}\n",
		  "t.yaml:1:2: a mapping cannot be a key; expected a word" },
		{ "a: *b\n",
		  "t.yaml:1:5: the alias *b has no anchor; expected &b before it" },
		{ "a: &x [1, *x]\n", "t.yaml:1:12: the alias *x contains itself" },
		{ "a: !python/object:os.system x\n",
		  "t.yaml:1:29: the tag !python/object:os.system is not known here; expected a plain value" },
		{ "a: {<<: 5}\n",
		  "t.yaml:1:5: the merge key << has no mapping; expected an alias of a mapping" },
		{ "a: \"x\\0y\"\n",
		  "t.yaml:1:4: the text holds a NUL character; expected text" },
		{ "a: 1\nb: \x1b[31m\n",
		  "t.yaml:2:4: control character 0x1b; expected text" },
		{ "a: é\nb: \xff\n",
		  "t.yaml:2:4: byte 0xff is no UTF-8; expected UTF-8" },
		{ "b: \xed\xa0\x80\n",
		  "t.yaml:1:4: byte 0xed is no UTF-8; expected UTF-8" },
		{ "b: \xc0\x80\n", "t.yaml:1:4: byte 0xc0 is no UTF-8; expected UTF-8" },
		{ "b: \xe2\x82", "t.yaml:1:4: byte 0xe2 is no UTF-8; expected UTF-8" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad(bad[i].text, bad[i].want);
	check_bad_bytes("a: 1\nb: \0\n", 10,
			"t.yaml:2:4: control character 0x00; expected text");
}

TEST(a_value_nested_fifty_deep_is_read_and_one_deeper_is_refused)
{
	char text[120] = "";
	struct outcome o;

	memset(text, '[', YAML_MAX_DEPTH);
	memset(text + YAML_MAX_DEPTH, ']', YAML_MAX_DEPTH);
	o = read_text(text);
	CHECK_EQ(o.ret, 0);
	release(&o);
	memset(text, '[', YAML_MAX_DEPTH + 1);
	check_bad(text, "t.yaml:1:51: nested too deeply; expected at most 50 levels");
}

TEST(thousands_of_brackets_are_refused_at_the_limit)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < 100000; i++)
		strbuf_addch(&sb, '[');
	check_bad(strbuf_str(&sb),
		  "t.yaml:1:51: nested too deeply; expected at most 50 levels");
	strbuf_reset(&sb);
	for (int i = 0; i < 100000; i++)
		strbuf_addstr(&sb, "- ");
	check_bad(strbuf_str(&sb),
		  "t.yaml:1:101: nested too deeply; expected at most 50 levels");
}

TEST(an_alias_bomb_is_refused_by_what_it_would_expand_to)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++) {
		strbuf_addf(&sb, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			strbuf_addf(&sb, "%s*a%d", k ? ", " : "", i - 1);
		strbuf_addstr(&sb, "]\n");
	}
	check_bad(
		strbuf_str(&sb),
		"t.yaml:5:46: too large: more than 100000 values once aliases are expanded");
}

TEST(ten_megabytes_are_refused_before_they_are_read)
{
	size_t len = 10 << 20;
	_cleanup_free_ char *text = xmalloc(len);

	memset(text, 'a', len);
	check_bad_bytes(
		text, len,
		"t.yaml:1:1: 10485760 bytes are too many; expected at most 4194304");
}

TEST(many_keys_and_many_values_are_bounded_in_time_and_number)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct outcome o;

	for (int i = 0; i < 40000; i++)
		strbuf_addf(&sb, "k%d: v\n", i);
	o = read_text(strbuf_str(&sb));
	CHECK_EQ(o.ret, 0);
	CHECK_EQ(yaml_root(o.doc)->n, 40000);
	release(&o);
	strbuf_reset(&sb);
	for (int i = 0; i < 100001; i++)
		strbuf_addstr(&sb, "- x\n");
	check_bad(
		strbuf_str(&sb),
		"t.yaml:100000:3: too large: more than 100000 values once aliases are expanded");
}

TEST(anchors_are_limited_in_number)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	for (int i = 0; i < 1000; i++)
		strbuf_addf(&sb, "- &a%d x\n", i);
	struct outcome o = read_text(strbuf_str(&sb));
	CHECK_EQ(o.ret, 0);
	release(&o);
	strbuf_addstr(&sb, "- &b x\n");
	check_bad(strbuf_str(&sb),
		  "t.yaml:1001:6: too many anchors; expected at most 1000");
}

struct thing {
	char *name;
	bool flag;
	uint32_t count;
	struct strvec list;
};

static const struct yaml_field thing_fields[] = {
	YAML_LINE_REQUIRED("name", struct thing, name),
	YAML_BOOL("flag", struct thing, flag),
	YAML_U32("count", struct thing, count, 1, 9),
	YAML_STRS("list", struct thing, list),
	YAML_REFUSED("magic", "use name"),
	YAML_ANY("note"),
};

/* All messages of a load, one in each line. */
static char *load_thing(const char *text, struct thing *t)
{
	struct spec_report r = { .path = "t" };
	struct spec_messages msgs = { STRVEC_INIT };
	struct yaml_doc *doc;
	struct strbuf sb = STRBUF_INIT;
	struct err err;

	CHECK_EQ(yaml_parse(text, strlen(text), &doc, &r), 0);
	yaml_load_map(&r, yaml_root(doc), "thing", thing_fields, ARRAY_SIZE(thing_fields),
		      t);
	CHECK_EQ(spec_report_finish(&r, &msgs, &err), msgs.v.n ? -EINVAL : 0);
	for (size_t i = 0; i < msgs.v.n; i++)
		strbuf_addf(&sb, "%s\n", msgs.v.v[i]);
	strvec_release(&msgs.v);
	spec_report_release(&r);
	yaml_doc_free(doc);
	return strbuf_take(&sb);
}

TEST(a_table_fills_a_struct)
{
	struct thing t = { .name = NULL };
	_cleanup_free_ char *got = load_thing(
		"name: 5\nflag: Yes\ncount: \"7\"\nlist: one\nnote: {any: [thing]}\n",
		&t);

	CHECK_STR(got, "");
	CHECK_STR(t.name, "5");
	CHECK(t.flag);
	CHECK_EQ(t.count, 7);
	CHECK_EQ(t.list.n, 1);
	CHECK_STR(t.list.v[0], "one");
	free(t.name);
	strvec_release(&t.list);
}

TEST(every_mistake_of_a_mapping_is_told_in_the_order_of_the_file)
{
	struct thing t = { .name = NULL };
	_cleanup_free_ char *got =
		load_thing("flag: maybe\ncount: 10\nnmae: x\nlist: {a: b}\nmagic: 1\n"
			   "zebra: 2\n",
			   &t);

	CHECK_STR(
		got,
		"t:1:1: thing has no \"name\"; expected one\n"
		"t:1:7: thing.flag is \"maybe\"; expected true or false\n"
		"t:2:8: thing.count is \"10\"; expected a whole number from 1 to 9\n"
		"t:3:1: unknown key \"nmae\" in thing, did you mean \"name\"?; expected one of: name, flag, count, list, note\n"
		"t:4:7: thing.list is a mapping; expected a list of texts\n"
		"t:5:1: thing.magic is not supported; use name\n"
		"t:6:1: unknown key \"zebra\" in thing; expected one of: name, flag, count, list, note\n");
}

TEST(a_line_may_hold_no_line_break)
{
	struct thing t = { .name = NULL };
	_cleanup_free_ char *got = load_thing("name: \"a\\nb\"\n", &t);

	CHECK_STR(got,
		  "t:1:7: thing.name holds a line break; expected one line of text\n");
	CHECK(!t.name);
}

TEST(messages_stop_at_fifty)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	struct thing t = { .name = NULL };
	size_t lines = 0;

	for (int i = 0; i < 60; i++)
		strbuf_addf(&sb, "zzzzzzzz%d: v\n", i);
	_cleanup_free_ char *got = load_thing(strbuf_str(&sb), &t);
	for (char *p = got; *p; p++)
		lines += *p == '\n';
	CHECK_EQ(lines, SPEC_MAX_MESSAGES);
}

TESTS(T(yaml_and_json_give_the_same_tree),
      T(numbers_that_text_could_not_give_back_stay_text),
      T(block_texts_quotes_and_escapes_are_read_as_yaml_says),
      T(single_quoted_texts_fold_their_lines),
      T(crlf_and_a_byte_order_mark_are_read_like_plain_lines),
      T(aliases_and_merge_keys_are_expanded),
      T(marks_point_at_the_first_character_of_each_value),
      T(broken_yaml_names_line_and_column),
      T(a_value_nested_fifty_deep_is_read_and_one_deeper_is_refused),
      T(thousands_of_brackets_are_refused_at_the_limit),
      T(an_alias_bomb_is_refused_by_what_it_would_expand_to),
      T(ten_megabytes_are_refused_before_they_are_read),
      T(many_keys_and_many_values_are_bounded_in_time_and_number),
      T(anchors_are_limited_in_number), T(a_table_fills_a_struct),
      T(every_mistake_of_a_mapping_is_told_in_the_order_of_the_file),
      T(a_line_may_hold_no_line_break), T(messages_stop_at_fifty))
