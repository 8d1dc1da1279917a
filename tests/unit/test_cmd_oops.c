// SPDX-License-Identifier: GPL-2.0-or-later
/* `bootrig oops` as a user runs it: exit status, the page, the JSON, what it refuses. */
#include <fcntl.h>

#include "run_program.h"
#include "util/jsonx.h"
#include "util/mem.h"

/* From the kernel of kernels/patches/vb2-release-fence-v1a. */
static const char log_text[] =
	"[    1.725984] Unable to handle kernel NULL pointer dereference at virtual address "
	"0000000000000020\n"
	"[    1.726001]   ESR = 0x0000000096000006\n"
	"[    1.726021] Internal error: Oops: 0000000096000006 [#1] PREEMPT SMP\n"
	"[    1.726030] CPU: 1 UID: 0 PID: 54 Comm: a\033[31mb Not tainted 6.12.117-vb2 #1\n"
	"[    1.726040] pc : dma_resv_add_fence+0xcc/0x240\n"
	"[    1.726050] x21: 0000000000000001 x19: 0000000000000000\n"
	"[    1.726060] Call trace:\n[    1.726061]  dma_resv_add_fence+0xcc/0x240\n"
	"[    1.726070] Code: 8b000f20 f9400415 927ef6b3 120006a0 (f9401263)\n"
	"[    1.726080] ---[ end trace 0000000000000000 ]---\n";

static struct strbuf out;

static bool says(const char *words)
{
	return strstr(strbuf_str(&out), words) != NULL;
}

TEST(the_page_says_what_died_where_through_which_register_and_what_to_do_next)
{
	_cleanup_free_ char *log = put_file("log", log_text);

	CHECK_EQ(run_program(&out, "oops", log, NULL), 0);
	CHECK(says("null-deref: BUG: unable to handle kernel NULL pointer dereference in "
		   "dma_resv_add_fence\n"));
	CHECK(says("dma_resv_add_fence+0xcc/0x240\n"));
	CHECK(says("ldr x3, [x19, #0x20]   with x19 = 0x0"));
	CHECK(says("NULL was stored"));
	CHECK(says("no layout of this build was given"));
	CHECK(says("next "));
}

TEST(no_control_character_of_the_console_reaches_the_terminal)
{
	_cleanup_free_ char *log = put_file("log", log_text);

	CHECK_EQ(run_program(&out, "oops", log, NULL), 0);
	CHECK(!memchr(out.buf, '\033', out.len));
}

TEST(json_is_one_object_with_every_incident_and_its_diagnosis)
{
	_cleanup_free_ char *log = put_file("log", log_text);
	_cleanup_json_ json_t *j = NULL;
	json_t *in, *d;

	CHECK_EQ(run_program(&out, "oops", "--json", log, NULL), 0);
	j = json_loadb(out.buf, out.len, 0, NULL);
	CHECK(j);
	CHECK_STR(json_get_str(j, "schema", ""), "bootrig.oops/1");
	CHECK_EQ(json_array_size(json_object_get(j, "incidents")), 1);
	in = json_array_get(json_object_get(j, "incidents"), 0);
	d = json_object_get(in, "diagnosis");
	CHECK_STR(json_get_str(d, "base_register", ""), "x19");
	CHECK_STR(json_get_str(d, "base_value", ""), "0x0");
	CHECK_STR(json_get_str(d, "access_offset", ""), "0x20");
	CHECK(json_get_bool(d, "null_base", false));
	CHECK(json_is_array(json_object_get(d, "hypotheses")));
	CHECK_STR(json_get_str(json_object_get(in, "esr"), "dfsc_name", ""),
		  "level 2 translation fault");
}

TEST(a_hypothesis_is_judged_and_the_clauses_that_decide_are_printed)
{
	_cleanup_free_ char *log = put_file("log", log_text);
	_cleanup_free_ char *yes =
		put_file("yes.yaml", "name: mine\nfunction: dma_resv_add_*\n"
				     "base: null\nkind: null-deref\n");
	_cleanup_free_ char *no =
		put_file("no.yaml", "name: rival\nbase: null\n"
				    "function: dma_resv_replace_fences\n");

	CHECK_EQ(run_program(&out, "oops", "--hypothesis", yes, "--hypothesis", no, log,
			     NULL),
		 0);
	CHECK(says("mine: confirmed\n"));
	CHECK(says("rival: falsified\n"));
	CHECK(says("pc is in dma_resv_add_fence, not in"));
}

TEST(a_bad_hypothesis_is_told_with_its_place_and_exit_status_129)
{
	_cleanup_free_ char *log = put_file("log", log_text);
	_cleanup_free_ char *bad = put_file("bad.yaml", "name: mine\nfunktion: f\n");

	CHECK_EQ(run_program(&out, "oops", "--hypothesis", bad, log, NULL), 129);
	CHECK(says("bad.yaml:2:1: "));
}

TEST(another_builds_vmlinux_is_a_warning_at_the_top)
{
	/* Its dma_resv_add_fence() has another size. */
	_cleanup_free_ char *log = put_file("log", log_text);

	CHECK_EQ(run_program(&out, "oops", "--vmlinux", "tests/data/build/fence.elf", log,
			     NULL),
		 0);
	CHECK(says("WARNING      - this vmlinux is not the one that ran: "));
	CHECK(says("give the vmlinux of the very build that ran"));
}

TEST(what_is_no_build_is_refused_before_the_log_is_read)
{
	_cleanup_free_ char *log = put_file("log", log_text);

	CHECK_EQ(run_program(&out, "oops", "--vmlinux", log, log, NULL), 129);
	CHECK_EQ(run_program(&out, "oops", "--vmlinux", "/nonexistent", log, NULL), 129);
	CHECK(says("/nonexistent"));
	CHECK_EQ(run_program(&out, "oops", "--module", log, log, NULL), 129);
	CHECK(says("needs --vmlinux"));
	CHECK_EQ(run_program(&out, "oops", "/nonexistent", NULL), 129);
}

TEST(the_page_says_whose_the_misused_object_was)
{
	_cleanup_free_ char *log = put_file(
		"log",
		"[    5.000000] BUG: KASAN: slab-use-after-free in use_it+0x10/0x20\n"
		"[    5.000000] Read of size 8 at addr ffff000001000044 by task sh/9\n"
		"[    5.000001] Allocated by task 51 on cpu 2 at 4.250000s:\n"
		"[    5.000001]  kasan_save_stack+0x38/0x5c\n"
		"[    5.000001]  make_it+0x10/0x20 [m\033[31m]\n"
		"[    5.000001]  caller+0x10/0x20\n"
		"[    5.000001] Freed by task 52:\n"
		"[    5.000001]  kfree+0x38/0x5c\n"
		"[    5.000001]  drop_it+0x10/0x20\n"
		"[    5.000004] The buggy address belongs to the object at "
		"ffff000001000000\n"
		"[    5.000004]  which belongs to the cache kmalloc-64 of size 64\n"
		"[    5.000004] The buggy address is located 12 bytes to the right of\n"
		"[    5.000004]  freed 56-byte region [ffff000001000000, "
		"ffff000001000038)\n");

	CHECK_EQ(run_program(&out, "oops", log, NULL), 0);
	CHECK(says("kmalloc-64 at 0xffff000001000000, 56 bytes, freed; the address is 12 "
		   "bytes beyond"));
	CHECK(says("allocated    by task 51 on CPU 2 at [4.250000]: make_it"));
	CHECK(says("freed        by task 52: drop_it\n"));
	CHECK(says("drop_it freed the object: find why use_it still holds its address"));
	CHECK(!memchr(out.buf, '\033', out.len));
}

TEST(a_log_without_incident_ends_with_0_and_says_so)
{
	_cleanup_free_ char *log = put_file("log", "[    0.1] fine\n");

	CHECK_EQ(run_program(&out, "oops", log, NULL), 0);
	CHECK_STR(strbuf_str(&out), "no incident\n");
}

TESTS(T(the_page_says_what_died_where_through_which_register_and_what_to_do_next),
      T(no_control_character_of_the_console_reaches_the_terminal),
      T(json_is_one_object_with_every_incident_and_its_diagnosis),
      T(a_hypothesis_is_judged_and_the_clauses_that_decide_are_printed),
      T(a_bad_hypothesis_is_told_with_its_place_and_exit_status_129),
      T(another_builds_vmlinux_is_a_warning_at_the_top),
      T(what_is_no_build_is_refused_before_the_log_is_read),
      T(the_page_says_whose_the_misused_object_was),
      T(a_log_without_incident_ends_with_0_and_says_so))
