// SPDX-License-Identifier: GPL-2.0-or-later
/* The object that a memory checker saw misused, and its life. */
#include "oops_reading.h"

static json_t *all; /* of the case at hand; cases run in processes of their own */

static void read_text(const char *text)
{
	all = read_json(text);
}

#define KASAN_HEAD(type)                                                                 \
	"[    5.000000] BUG: KASAN: " type " in use_it+0x10/0x20 [m]\n"                  \
	"[    5.000000] Read of size 8 at addr ffff000001000020 by task sh/9\n"          \
	"[    5.000000] \n"                                                              \
	"[    5.000000] CPU: 1 UID: 0 PID: 9 Comm: sh Not tainted 6.12.5 #1\n"           \
	"[    5.000000] Call trace:\n"                                                   \
	"[    5.000000]  kasan_report+0x10/0x20\n"                                       \
	"[    5.000000]  use_it+0x10/0x20 [m]\n"                                         \
	"[    5.000000]  el0_svc+0x10/0x20\n"                                            \
	"[    5.000000] \n"

/* A field of a field: CHECK_IN("freed_by", "pid", "52"). */
#define CHECK_IN(field_, key_, want_)                                                    \
	do {                                                                             \
		json_t *in_ = json_object_get(json_array_get(all, 0), field_);           \
		char *got_ = json_dumps(json_object_get(in_, key_),                      \
					JSON_ENCODE_ANY | JSON_COMPACT);                 \
		CHECK_STR(got_ ? got_ : "no such", want_);                               \
		free(got_);                                                              \
	} while (0)

TEST(kasan_tells_the_object_and_who_allocated_queued_and_freed_it)
{
	read_text(KASAN_HEAD("slab-use-after-free") /* mm/kasan/report.c print_track() */
		  "[    5.000001] Allocated by task 51 on cpu 2 at 4.250000s:\n"
		  "[    5.000001]  kasan_save_stack+0x38/0x5c\n"
		  "[    5.000001]  __kasan_kmalloc+0xc8/0xcc\n"
		  "[    5.000001]  __kmalloc_cache_noprof+0x1f4/0x380\n"
		  "[    5.000001]  make_it+0x10/0x20 [m]\n"
		  "[    5.000001] \n"
		  "[    5.000002] Freed by task 0:\n"
		  "[    5.000002]  kasan_save_stack+0x38/0x5c\n"
		  "[    5.000002]  __kasan_slab_free+0x68/0x8c\n"
		  "[    5.000002]  kfree+0x140/0x4b8\n"
		  "[    5.000002]  rcu_core+0x1/0x2\n"
		  "[    5.000002]  handle_softirqs+0x1/0x2\n"
		  "[    5.000002] \n"
		  "[    5.000003] Last potentially related work creation:\n"
		  "[    5.000003]  kasan_save_stack+0x38/0x5c\n"
		  "[    5.000003]  __call_rcu_common.constprop.0+0x1/0x2\n"
		  "[    5.000003]  call_rcu+0x1/0x2\n"
		  "[    5.000003]  drop_it+0x10/0x20 [m]\n"
		  "[    5.000003] \n"
		  "[    5.000004] The buggy address belongs to the object at "
		  "ffff000001000000\n"
		  "[    5.000004]  which belongs to the cache my cache of size 64\n"
		  "[    5.000004] The buggy address is located 32 bytes inside of\n"
		  "[    5.000004]  freed 56-byte region [ffff000001000000, "
		  "ffff000001000038)\n");
	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "kind", "\"uaf\"");
	CHECK_FIELD(all, 0, "function", "\"use_it\"");
	CHECK_FIELD(all, 0, "object",
		    "{\"sort\":\"slab\",\"name\":\"my cache\",\"module\":null,"
		    "\"state\":\"freed\",\"address\":\"0xffff000001000000\","
		    "\"size\":\"0x38\",\"cache_size\":\"0x40\",\"offset\":\"0x20\","
		    "\"pointer_tag\":null,\"memory_tag\":null}");
	CHECK_IN("allocated_by", "function", "\"make_it\"");
	CHECK_IN("allocated_by", "module", "\"m\"");
	CHECK_IN("allocated_by", "pid", "51");
	CHECK_IN("allocated_by", "cpu", "2");
	CHECK_IN("allocated_by", "time_s", "4.25");
	/* RCU freed it: nobody in particular. */
	CHECK_IN("freed_by", "function", "null");
	CHECK_IN("freed_by", "pid", "0");
	CHECK_IN("queued_by", "function", "\"drop_it\"");
	CHECK_IN("queued_by", "pid", "null");
	CHECK_EQ(json_array_size(json_object_get(
			 json_object_get(json_array_get(all, 0), "queued_by"),
			 "call_trace")),
		 4);
}

TEST(an_object_that_was_never_freed_has_no_free)
{
	read_text(KASAN_HEAD(
		"slab-out-of-bounds") "[    5.000001] Allocated by task 51:\n"
				      "[    5.000001]  make_it+0x1/0x2\n"
				      "[    5.000002] \n"
				      "[    5.000002] Freed by task 0:\n"
				      "[    5.000002] (stack is not available)\n");
	CHECK_IN("allocated_by", "function", "\"make_it\"");
	CHECK_FIELD(all, 0, "freed_by", "null");
	CHECK_FIELD(all, 0, "queued_by", "null");
	CHECK_FIELD(all, 0, "object", "null");
}

TEST(the_place_is_counted_from_the_object_s_start)
{
	static const char *const cases[][2] = {
		{ "0 bytes to the right of\n[    5.000004]  allocated 28-byte region [a, b)",
		  "\"0x1c\"" },
		{ "4 bytes to the right of\n[    5.000004]  128-byte region [a, b)",
		  "\"0x84\"" },
		{ "8 bytes to the left of\n[    5.000004]  128-byte region [a, b)",
		  "\"-0x8\"" },
		{ "16 bytes inside of\n[    5.000004]  128-byte region [a, b)",
		  "\"0x10\"" },
		{ "16 bytes inside of\n[    5.000004] usb 1-1: new device", "null" },
		{ "99999999999999999999 bytes inside of\n[    5.000004]  1-byte region [",
		  "null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *s = xasprintf(
			"%s[    5.000004] The buggy address belongs to the object at "
			"ffff000001000000\n"
			"[    5.000004]  which belongs to the cache kmalloc-128 of size 128\n"
			"[    5.000004] The buggy address is located %s\n",
			KASAN_HEAD("slab-out-of-bounds"), cases[i][0]);

		read_text(s);
		CHECK_IN("object", "offset", cases[i][1]);
		CHECK_IN("object", "name", "\"kmalloc-128\"");
		json_decref(all);
	}
}

TEST(kasan_tells_variables_stack_frames_and_regions)
{
	static const char *const cases[][5] = {
		{ "The buggy address belongs to the variable:\n"
		  "[    5.000004]  table+0x20/0x40 [m]",
		  "\"global\"", "\"table\"", "\"m\"", "\"0x20\"" },
		{ "The buggy address belongs to stack of task sh/9\n"
		  "[    5.000004]  and is located at offset 48 in frame:\n"
		  "[    5.000004]  use_it+0x0/0x114\n"
		  "[    5.000004] \n"
		  "[    5.000004] The buggy address belongs to a 8-page vmalloc region "
		  "starting at 0xffff800080350000 allocated at kernel_clone+0xc4/0x6e4",
		  "\"stack\"", "\"use_it\"", "null", "\"0x30\"" },
		/* until 6.0 */
		{ "addr ffff8000803 is located in stack of task sh/9 at offset 48 in "
		  "frame:\n"
		  "[    5.000004]  use_it+0x0/0x114",
		  "\"stack\"", "\"use_it\"", "null", "\"0x30\"" },
		{ "The buggy address belongs to a 8-page vmalloc region starting at "
		  "0xffff800080350000 allocated at grow+0xc4/0x6e4 [m]",
		  "\"vmalloc\"", "\"grow\"", "\"m\"", "null" },
		/* 5.18 to 6.9 */
		{ "The buggy address belongs to the virtual mapping at\n"
		  "[    5.000004]  [ffff8000089d0000, ffff8000089d3000) created by:\n"
		  "[    5.000004]  grow+0xc4/0x6e4",
		  "\"vmalloc\"", "\"grow\"", "null", "null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *s =
			xasprintf("%s[    5.000004] %s\n", KASAN_HEAD("out-of-bounds"),
				  cases[i][0]);

		read_text(s);
		CHECK_EQ(json_array_size(all), 1);
		CHECK_FIELD(all, 0, "function", "\"use_it\"");
		CHECK_IN("object", "sort", cases[i][1]);
		CHECK_IN("object", "name", cases[i][2]);
		CHECK_IN("object", "module", cases[i][3]);
		CHECK_IN("object", "offset", cases[i][4]);
		json_decref(all);
	}
}

TEST(kasan_by_tags_tells_the_tags)
{
	read_text("[    5.000000] BUG: KASAN: invalid-access in use_it+0x10/0x20\n"
		  "[    5.000000] Read at addr f4ff000001000020 by task sh/9\n"
		  "[    5.000000] Pointer tag: [f4], memory tag: [fe]\n");
	CHECK_IN("object", "pointer_tag", "\"0xf4\"");
	CHECK_IN("object", "memory_tag", "\"0xfe\"");
	CHECK_IN("object", "sort", "null");
	CHECK_FIELD(all, 0, "fault_address", "\"0xf4ff000001000020\"");
}

TEST(kasan_tells_what_was_freed_twice)
{
	read_text("[    5.000000] BUG: KASAN: double-free in drop_it+0x10/0x20\n"
		  "[    5.000000] Free of addr ffff000001000020 by task sh/9\n");
	CHECK_FIELD(all, 0, "kind", "\"invalid-free\"");
	CHECK_FIELD(all, 0, "fault_address", "\"0xffff000001000020\"");
}

TEST(kasan_of_4_4_is_read)
{
	read_text(
		KASAN_HEAD("use-after-free") "[    5.000001] Object at "
					     "ffff8800000000c0, in cache names size: 96\n"
					     "[    5.000001] Allocated:\n"
					     "[    5.000001] PID = 12\n"
					     "[    5.000001]  [<ffffffff81>] "
					     "save_stack+0x1/0x2\n"
					     "[    5.000001]  [<ffffffff81>] "
					     "make_it+0x1/0x2\n"
					     "[    5.000001] Freed:\n"
					     "[    5.000001] PID = 13\n"
					     "[    5.000001]  [<ffffffff81>] "
					     "drop_it+0x1/0x2\n");
	CHECK_IN("object", "name", "\"names\"");
	CHECK_IN("object", "cache_size", "\"0x60\"");
	CHECK_IN("allocated_by", "pid", "12");
	CHECK_IN("allocated_by", "function", "\"make_it\"");
	CHECK_IN("freed_by", "pid", "13");
	CHECK_IN("freed_by", "function", "\"drop_it\"");
}

#define KFENCE_HEAD(type) "[    5.000000] BUG: KFENCE: " type " in use_it+0x10/0x20\n"

TEST(kfence_tells_its_object)
{
	read_text(
		KFENCE_HEAD("out-of-bounds write") /* mm/kfence/report.c */
		"[    5.000000] \n"
		"[    5.000000] Out-of-bounds write at 0xffff8c2aae232021 (33B right of "
		"kfence-#211):\n"
		"[    5.000000]  use_it+0x10/0x20\n"
		"[    5.000000] \n"
		"[    5.000000] kfence-#211: 0xffff8c2aae232000-0xffff8c2aae23201f, "
		"size=32, cache=kmalloc-32\n"
		"[    5.000000] \n"
		"[    5.000000] allocated by task 53 on cpu 1 at 3.757234s (0.005920s "
		"ago):\n"
		"[    5.000000]  make_it+0x10/0x20\n"
		"[    5.000000] \n"
		"[    5.000000] rcu freeing by task 54 on cpu 0 at 3.800000s (0.1s ago):\n"
		"[    5.000000]  drop_it+0x10/0x20\n");
	CHECK_FIELD(all, 0, "function", "\"use_it\"");
	CHECK_FIELD(all, 0, "fault_address", "\"0xffff8c2aae232021\"");
	CHECK_IN("object", "name", "\"kmalloc-32\"");
	CHECK_IN("object", "size", "\"0x20\"");
	CHECK_IN("object", "address", "\"0xffff8c2aae232000\"");
	CHECK_IN("object", "offset", "\"0x21\"");
	CHECK_IN("allocated_by", "function", "\"make_it\"");
	CHECK_IN("allocated_by", "cpu", "1");
	CHECK_IN("freed_by", "function", "\"drop_it\"");
	CHECK_IN("freed_by", "pid", "54");
}

TEST(hashed_pointers_are_no_addresses)
{
	read_text(KFENCE_HEAD(
		"use-after-free read") "[    5.000000] Use-after-free read at 0x0000000086140c7f (in "
				       "kfence-#211):\n"
				       "[    5.000000]  use_it+0x10/0x20\n"
				       "[    5.000000] kfence-#211: 0x00000000582957e4-0x00000000d945d202, "
				       "size=1024, cache=kmalloc-1k\n");
	CHECK_FIELD(all, 0, "fault_address", "null");
	CHECK_IN("object", "size", "\"0x400\"");
	CHECK_IN("object", "address", "null");
	CHECK_IN("object", "offset", "null");
}

TEST(slub_tells_the_object_s_life)
{
	read_text(
		"[    5.000000] =======================================\n"
		"[    5.000000] BUG kmalloc-64 (Not tainted): Poison overwritten\n"
		"[    5.000000] ---------------------------------------\n"
		"[    5.000000] \n"
		"[    5.000000] 0xffff000001000008-0xffff000001000008 @offset=8. First "
		"byte 0x6a instead of 0x6b\n"
		"[    5.000000] Allocated in make_it+0x10/0x20 [m] age=3 cpu=0 pid=51\n"
		"[    5.000000]  __kmalloc_cache_noprof+0x1/0x2\n"
		"[    5.000000]  make_it+0x10/0x20 [m]\n"
		"[    5.000000]  el0_svc+0x10/0x20\n"
		"[    5.000000] INFO: Freed in drop_it+0x10/0x20 [m] age=2 cpu=1 pid=52\n"
		"[    5.000000] Slab 0x00000000d9 objects=1 used=1 fp=0x0 flags=0x200\n");
	CHECK_EQ(json_array_size(all), 1);
	CHECK_IN("allocated_by", "function", "\"make_it\"");
	CHECK_IN("allocated_by", "pid", "51");
	CHECK_IN("freed_by", "function", "\"drop_it\"");
	CHECK_IN("freed_by", "module", "\"m\"");
	CHECK_IN("freed_by", "cpu", "1");
	CHECK_IN("freed_by", "call_trace", "[]");
}

TEST(other_reports_have_no_object)
{
	read_text("[    5.000000] Unable to handle kernel NULL pointer dereference at "
		  "virtual address 0000000000000020\n"
		  "[    5.000000] Internal error: Oops: 0000000096000004 [#1] SMP\n"
		  "[    5.000000] The buggy address belongs to the object at ffff\n"
		  "[    5.000000] Allocated by task 51:\n"
		  "[    5.000000]  make_it+0x1/0x2\n");
	CHECK_FIELD(all, 0, "object", "null");
	CHECK_FIELD(all, 0, "allocated_by", "null");
}

TEST(a_long_life_is_bounded)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;

	strbuf_addstr(&sb, KASAN_HEAD("slab-use-after-free"));
	for (int k = 0; k < 40; k++) {
		strbuf_addf(&sb, "[    5.000001] Allocated by task %d:\n", k + 1);
		for (int i = 0; i < 100; i++)
			strbuf_addf(&sb, "[    5.000001]  f%d_%d+0x1/0x2\n", k, i);
	}
	read_text(strbuf_str(&sb));
	CHECK_IN("allocated_by", "pid", "1");
	CHECK_IN("allocated_by", "function", "\"f0_0\"");
	CHECK_EQ(json_array_size(json_object_get(
			 json_object_get(json_array_get(all, 0), "allocated_by"),
			 "call_trace")),
		 INCIDENT_MAX_TRACK_FRAMES);
}

TESTS(T(kasan_tells_the_object_and_who_allocated_queued_and_freed_it),
      T(an_object_that_was_never_freed_has_no_free),
      T(the_place_is_counted_from_the_object_s_start),
      T(kasan_tells_variables_stack_frames_and_regions), T(kasan_by_tags_tells_the_tags),
      T(kasan_tells_what_was_freed_twice), T(kasan_of_4_4_is_read),
      T(kfence_tells_its_object), T(hashed_pointers_are_no_addresses),
      T(slub_tells_the_object_s_life), T(other_reports_have_no_object),
      T(a_long_life_is_bounded))
