// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse/build_note.h"

#include "tap.h"

#define ID "00112233445566778899aabbccddeeff01020304"

static struct build_note note;

static bool read_dump(const char *text)
{
	return build_note_of_dump(text, strlen(text), &note);
}

TEST(the_build_id_is_found_behind_other_notes)
{
	/* As od -An -v -tx1 prints /sys/kernel/notes: Linux's version note first. */
	CHECK(read_dump(" 06 00 00 00 04 00 00 00 00 01 00 00 4c 69 6e 75\r\n"
			" 78 00 00 00 00 01 06 00 04 00 00 00 14 00 00 00\r\n"
			" 03 00 00 00 47 4e 55 00 00 11 22 33 44 55 66 77\r\n"
			" 88 99 aa bb cc dd ee ff 01 02 03 04\r\n"));
	CHECK_STR(note.hex, ID);
}

TEST(one_long_line_as_hexdump_prints_it_is_read)
{
	CHECK(read_dump("04 00 00 00 14 00 00 00 03 00 00 00 47 4e 55 00 00 11 22 33 44 "
			"55 66 77 88 99 aa bb cc dd ee ff 01 02 03 04 "));
	CHECK_STR(note.hex, ID);
}

TEST(a_kernel_line_in_between_does_no_harm)
{
	CHECK(read_dump(" 04 00 00 00 14 00 00 00 03 00 00 00 47 4e 55 00\n"
			"[   12.345678] random: crng init done\n"
			" 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff\n"
			" 01 02 03 04\n"));
	CHECK_STR(note.hex, ID);
}

TEST(what_is_cut_off_or_no_dump_has_no_build_id)
{
	CHECK(!read_dump(""));
	CHECK(!read_dump("od: not found\n"));
	CHECK(!read_dump(" 04 00 00 00 14 00 00 00 03 00 00 00 47 4e 55 00\n 00 11"));
	CHECK(!read_dump(" 04 00 00 00 ff ff ff ff 03 00 00 00 47 4e 55 00\n 00 11"));
	CHECK(!read_dump(" 04 00 00 00 00 00 00 00 03 00 00 00 47 4e 55 00\n"));
	CHECK_STR(note.hex, "");
}

TESTS(T(the_build_id_is_found_behind_other_notes),
      T(one_long_line_as_hexdump_prints_it_is_read),
      T(a_kernel_line_in_between_does_no_harm),
      T(what_is_cut_off_or_no_dump_has_no_build_id))
