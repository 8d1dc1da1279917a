// SPDX-License-Identifier: GPL-2.0-or-later
/* The fields of an incident beyond kind, title and address. */
#include "oops_reading.h"

static json_t *all; /* of the case at hand; cases run in processes of their own */

static void read_text(const char *text)
{
	all = read_json(text);
}

TEST(an_oops_tells_every_field)
{
	read_text(
		"[    0.000000] Linux version 6.12.5-ci (me@host) (gcc 12) #1 SMP\n" FAULT
			DIE END PANIC);
	CHECK_EQ(json_array_size(all), 1);
	CHECK_FIELD(all, 0, "pc", "\"attach_thing+0x44/0x100 [alpha]\"");
	CHECK_FIELD(all, 0, "lr", "\"caller_of_it+0x10/0x40\"");
	CHECK_FIELD(all, 0, "module", "\"alpha\"");
	CHECK_FIELD(all, 0, "modules", "[\"alpha\",\"beta\"]");
	CHECK_FIELD(all, 0, "comm", "\"my task\"");
	CHECK_FIELD(all, 0, "cpu", "3");
	CHECK_FIELD(all, 0, "pid", "77");
	CHECK_FIELD(all, 0, "kernel", "\"6.12.5-ci\"");
	CHECK_FIELD(all, 0, "tainted", "\"G        W  O\"");
	CHECK_FIELD(all, 0, "pstate", "\"0x60400009\"");
	CHECK_FIELD(all, 0, "banner",
		    "\"Linux version 6.12.5-ci (me@host) (gcc 12) #1 SMP\"");
	CHECK_FIELD(all, 0, "signature", "\"null-deref attach_thing < caller_of_it\"");
	CHECK_FIELD(all, 0, "code",
		    "{\"words\":[\"aa0003f3\",\"f9400400\",\"b4000060\",\"f9400800\","
		    "\"f9401262\"],\"faulting\":4}");
}

TEST(the_evidence_is_the_lines_that_the_verdict_rests_on)
{
	_cleanup_strbuf_ struct strbuf sb = STRBUF_INIT;
	const json_t *e;
	size_t i;

	read_text(FAULT DIE END PANIC);
	json_array_foreach(json_object_get(json_array_get(all, 0), "evidence"), i, e)
		strbuf_addf(&sb, "%d %.14s\n", (int)json_get_int(e, "line", 0),
			    json_get_str(e, "text", ""));
	CHECK_STR(strbuf_str(&sb), "1 Unable to hand\n"
				   "3 ESR = 0x000000\n"
				   "5 [0000000000000\n"
				   "6 Internal error\n"
				   "8 CPU: 3 UID: 0 \n"
				   "11 pc : attach_th\n"
				   "12 lr : caller_of\n"
				   "17 attach_thing+0\n"
				   "18 caller_of_it+0\n"
				   "19 el0_svc+0x30/0\n"
				   "20 Code: aa0003f3\n"
				   "22 Kernel panic -\n");
}

TEST(kernel_offset_and_build_id_are_taken_where_they_come)
{
	read_text(
		FAULT
		"[   20.000006] Internal error: Oops: 0000000096000004 [#1]  SMP\n"
		"[   20.000008] CPU: 3 UID: 0 PID: 7 Comm: x Not tainted 7.2.1 #1 PREEMPT "
		"00112233445566778899aabbccddeeff00112233\n"
		"[   20.000016] Call trace:\n"
		"[   20.000017]  f+0x44/0x100 [alpha 99112233445566778899aabbccddeeff00112233]"
		" (P)\n" END PANIC
		"[   20.000025] Kernel Offset: 0x5caa48a00000 from 0xffff800080000000\n");
	CHECK_FIELD(all, 0, "kaslr_offset", "\"0x5caa48a00000\"");
	CHECK_FIELD(all, 0, "build_id", "\"00112233445566778899aabbccddeeff00112233\"");
	CHECK_FIELD(all, 0, "module", "\"alpha\"");
	CHECK_FIELD(all, 0, "kernel", "\"7.2.1\"");
}

TEST(kasans_shadow_is_undone)
{
	/* arm64 generic, tags, the offset of 5.10, x86; the printed range comes first. */
	static const struct {
		const char *text, *range, *kind;
	} cases[] = {
		{ "Unable to handle kernel paging request at virtual address "
		  "dfff800000000004\n",
		  "[\"0x20\",\"0x27\"]", "\"null-deref\"" },
		{ "Unable to handle kernel paging request at virtual address "
		  "efff800000000137\n",
		  "[\"0x1370\",\"0x137f\"]", "\"paging-fault\"" },
		{ "Unable to handle kernel paging request at virtual address "
		  "dfffa00000000003\n",
		  "[\"0x18\",\"0x1f\"]", "\"null-deref\"" },
		{ "Unable to handle kernel paging request at virtual address "
		  "dffffe0000000003\n[    1.000001] user pgtable: 4k pages, 42-bit VAs, "
		  "pgdp=1\n",
		  "[\"0x18\",\"0x1f\"]", "\"null-deref\"" },
		{ "general protection fault, probably for non-canonical address "
		  "0xdffffc0000000004: 0000 [#1] SMP KASAN\n",
		  "[\"0x20\",\"0x27\"]", "\"null-deref\"" },
		{ "Unable to handle kernel paging request at virtual address "
		  "dfff800000000004\n[    1.000001] KASAN: null-ptr-deref in range "
		  "[0x0000000000000021-0x0000000000000024]\n",
		  "[\"0x21\",\"0x24\"]", "\"null-deref\"" },
		/* The address is lost, the range is not. */
		{ "general protection fault, probably for: 0000 [#1] SMP KASAN\n"
		  "[    1.000001] KASAN: null-ptr-deref in range "
		  "[0x0000000000000020-0x0000000000000027]\n",
		  "[\"0x20\",\"0x27\"]", "\"null-deref\"" },
		{ "Unable to handle kernel paging request at virtual address "
		  "ffff800080001000\n",
		  "null", "\"paging-fault\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *s = xasprintf("[    1.000000] %s", cases[i].text);

		read_text(s);
		CHECK_FIELD(all, 0, "real_range", cases[i].range);
		CHECK_FIELD(all, 0, "kind", cases[i].kind);
		json_decref(all);
	}
}

TEST(source_files_are_named_without_their_dressing)
{
	static const char *const cases[][2] = {
		{ "kernel BUG at drivers/x.c:12!", "\"drivers/x.c:12\"" },
		{ "WARNING: CPU: 2 PID: 9 at ./include/linux/y.h:3 f+0x1/0x2",
		  "\"include/linux/y.h:3\"" },
		{ "WARNING: drivers/x.c:12 at do_x+0x10/0x20, CPU#0: a/1",
		  "\"drivers/x.c:12\"" },
		{ "BUG: sleeping function called from invalid context at kernel/m.c:580",
		  "\"kernel/m.c:580\"" },
		{ "UBSAN: array-index-out-of-bounds in drivers/z.c:7:3",
		  "\"drivers/z.c:7\"" },
		{ "Kernel panic - not syncing: x", "null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *s = xasprintf("[    1.000000] %s\n", cases[i][0]);

		read_text(s);
		CHECK_FIELD(all, 0, "source", cases[i][1]);
		json_decref(all);
	}
}

TEST(a_hung_task_tells_who_holds_the_lock)
{
	static const char *const cases[][2] = {
		{ "INFO: task a b:42 is blocked on a mutex likely owned by task hol:der:43.",
		  "{\"comm\":\"hol:der\",\"pid\":43}" },
		{ "INFO: task a b:42 <reader> is blocked on an rw-semaphore likely owned by "
		  "task w:43 <writer>",
		  "{\"comm\":\"w\",\"pid\":43}" },
		{ "INFO: task a b:42 is blocked on a semaphore likely last held by task w:43",
		  "{\"comm\":\"w\",\"pid\":43}" },
		{ "INFO: task a b:42 is blocked on a mutex, but the owner is not found.",
		  "null" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *s = xasprintf(
			"[    5.000000] INFO: task a b:42 blocked for more than 120 seconds.\n"
			"[    5.000001]       Tainted: G           O       6.16.1-v #1\n"
			"[    5.000002] %s\n",
			cases[i][0]);

		read_text(s);
		CHECK_EQ(json_array_size(all), 1);
		CHECK_FIELD(all, 0, "owner", cases[i][1]);
		CHECK_FIELD(all, 0, "comm", "\"a b\"");
		CHECK_FIELD(all, 0, "pid", "42");
		CHECK_FIELD(all, 0, "kernel", "\"6.16.1-v\"");
		CHECK_FIELD(all, 0, "tainted", "\"G           O\"");
		CHECK_FIELD(all, 0, "secondary", "0");
		json_decref(all);
	}
}

TEST(signatures_leave_out_what_differs_from_build_to_build)
{
	read_text("[    5.000000] kernel BUG at drivers/x.c:12!\n"
		  "[    5.000001] Internal error: Oops - BUG: 00000000f2000800 [#1] SMP\n"
		  "[    5.000002] pc : do_x.isra.0+0x1/0x2 [m]\n"
		  "[    5.000003] Call trace:\n"
		  "[    5.000004]  do_x.isra.0+0x1/0x2 [m] (P)\n"
		  "[    5.000005]  ? stale+0x1/0x2\n"
		  "[    5.000006]  mutex_lock+0x1/0x2\n"
		  "[    5.000007]  y_open.constprop.3.cold+0x1/0x2 [m]\n"
		  "[    5.000008]  __arm64_sys_openat+0x1/0x2\n"
		  "[    5.000009]  el0_svc+0x1/0x2\n"
		  "[    5.000010]  el0t_64_sync+0x1/0x2\n");
	CHECK_FIELD(all, 0, "signature", "\"bug do_x < y_open < sys_openat\"");
	CHECK_FIELD(all, 0, "title", "\"kernel BUG in do_x\"");
	/* What no function tells apart, the title does. */
	json_decref(all);
	read_text("[    5.000000] Kernel panic - not syncing: No working init found.\n");
	CHECK_FIELD(all, 0, "signature",
		    "\"panic kernel panic: No working init found.\"");
}

TEST(a_page_that_starts_a_function_hides_only_the_words_before_it)
{
	read_text(
		FAULT
		"[   20.000006] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP\n"
		"[   20.000007] Code: ???????? ???????? ???????? ???????? (f9401000) \n" END);
	CHECK_FIELD(all, 0, "code", "{\"words\":[\"f9401000\"],\"faulting\":0}");
}

TESTS(T(an_oops_tells_every_field),
      T(the_evidence_is_the_lines_that_the_verdict_rests_on),
      T(kernel_offset_and_build_id_are_taken_where_they_come), T(kasans_shadow_is_undone),
      T(source_files_are_named_without_their_dressing),
      T(a_hung_task_tells_who_holds_the_lock),
      T(signatures_leave_out_what_differs_from_build_to_build),
      T(a_page_that_starts_a_function_hides_only_the_words_before_it))
