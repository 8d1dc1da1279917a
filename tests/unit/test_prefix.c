// SPDX-License-Identifier: GPL-2.0-or-later
#include "tap.h"

#include <stdbool.h>

#include "parse/prefix.h"

struct example {
	const char *line, *text;
	double stamp_s;
	char caller;
	uint32_t caller_id;
};

TEST(every_prefix_is_taken_off)
{
	static const struct example examples[] = {
		{ "[    0.000000] Linux", "Linux", 0, 0, 0 },
		{ "[12345.678901] text", "text", 12345.678901, 0, 0 },
		{ "<6>[    1.500000] text", "text", 1.5, 0, 0 },
		{ "[    1.500000][ T123] text", "text", 1.5, 'T', 123 },
		{ "[    1.500000][    C4]  frame", " frame", 1.5, 'C', 4 },
		{ "Jun 09 11:11:21 host kernel: text", "text", -1, 0, 0 },
		{ "Jun  9 11:11:21 host kernel: [    2.250000] text", "text", 2.25, 0,
		  0 },
		{ "2024-05-01T10:11:12+02:00 host kernel: [    2.250000] t", "t", 2.25, 0,
		  0 },
		{ "05:11:30.922930  <1>[    3.500000] text", "text", 3.5, 0, 0 },
		{ "1724 05:11:30.922930  <1>[    3.500000] text", "text", 3.5, 0, 0 },
		{ "[2024-05-01 12:00:00] [    3.500000] text", "text", 3.5, 0, 0 },
		{ "                [    3.500000] text", "text", 3.5, 0, 0 },
		{ "kernel: text", "text", -1, 0, 0 },
		{ "[Fri Nov 27 22:00:01 2026] text", "text", -1, 0, 0 },
		{ "[Fri Nov  7 22:00:01 2026]  frame", " frame", -1, 0, 0 },
		{ "kern  :alert : [    3.500000] text", "text", 3.5, 0, 0 },
		{ "> > [    3.500000] text", "text", 3.5, 0, 0 },
		{ "    kernel: text", "text", -1, 0, 0 },
		{ "\t[    3.500000] text", "text", 3.5, 0, 0 },
		{ "2024-05-01 12:00:00 Jun  9 11:11:21 host kernel: [    2.250000] t",
		  "t", 2.25, 0, 0 },
		{ "Mär 09 11:11:21 host kernel: text", "text", -1, 0, 0 },
		{ "févr. 09 11:11:21 host kernel: text", "text", -1, 0, 0 },
		{ "апр 17 11:11:21 host kernel: text", "text", -1, 0, 0 },
		{ "11月  9 11:11:21 host kernel: text", "text", -1, 0, 0 },
		{ "build 9 11:11:21 of the kernel: text",
		  "build 9 11:11:21 of the kernel: text", -1, 0, 0 },
		{ "[三 9月  6 11:00:27 2017] text", "text", -1, 0, 0 },
		{ "[mer. sept. 6 11:00:27 2017]  frame", " frame", -1, 0, 0 },
		{ "<6>[   79.822894 / 05-03 18:11:50.340] text", "text", 79.822894, 0,
		  0 },
		{ "[  +0.000003] text", "text", -1, 0, 0 },
		{ "[ +12.000003]  frame", " frame", -1, 0, 0 },
		{ "[Nov27 22:01] text", "text", -1, 0, 0 },
		{ "[2021/07/05, 13:43:52.334] text", "text", -1, 0, 0 },
		{ "[22:22:59:896] [    3.500000] text", "text", 3.5, 0, 0 },
		{ "`Jun  9 11:11:21 host kernel: text", "text", -1, 0, 0 },
		{ "[1502.527398] text", "text", 1502.527398, 0, 0 },
		{ "6,339,5140900,-;text", "text", 5.1409, 0, 0 },
		{ "4,340,5140900,-,caller=T123; frame", " frame", 5.1409, 'T', 123 },
		{ "1,2,3,4;text", "1,2,3,4;text", -1, 0, 0 },
		{ "[  123.456789] [4:  kworker/4:1:  777] text", "text", 123.456789, 'T',
		  777 },
		{ "[    0.000000] [pid:0,cpu3,swapper/3]  frame", " frame", 0, 'C', 3 },
		{ "[    0.000000] [pid:0,cpu3,swapper/3]text", "text", 0, 'C', 3 },
		{ " [   26.328191 / 09-26 13:22:37.708][2][662][ndroid.app] text", "text",
		  26.328191, 'T', 662 },
		{ "[   12.345678] (1)[123:comm]text", "text", 12.345678, 'T', 123 },
		{ "[   12.345678]-(1)[123:comm]text", "text", 12.345678, 'T', 123 },
		{ "[    0.693725] c0 1 (swapper/0) text", "text", 0.693725, 'T', 1 },
		{ "[    0.693725] [4: not a task", "[4: not a task", 0.693725, 0, 0 },
		{ "[    0.693725] [1][2] text", "[1][2] text", 0.693725, 0, 0 },
		{ "[   12.345678 <    0.000123>] text", "text", 12.345678, 0, 0 },
		{ "May 17 18:48:11 kernel: [    2.250000] t", "t", 2.25, 0, 0 },
		{ "Dec 14 06:35:48.545439 kernel: text", "text", -1, 0, 0 },
		{ "Jan  1 00:00:12 OpenWrt kern.warn kernel: text", "text", -1, 0, 0 },
		{ "`[Sat Jun  1 17:40:26 2019] text", "text", -1, 0, 0 },
		{ "```[    3.500000] text", "text", 3.5, 0, 0 },
		{ "\xd0\xb8\xd1\x8e\xd0\xbb 27 14:08:04 host kernel: text", "text", -1, 0,
		  0 },
		{ "`BUG: x` is what", "`BUG: x` is what", -1, 0, 0 },
		{ "[Frigid Nov] text", "[Frigid Nov] text", -1, 0, 0 },
		{ "  a frame's indent stays", "  a frame's indent stays", -1, 0, 0 },
		{ "[ INFO: no stamp ]", "[ INFO: no stamp ]", -1, 0, 0 },
		{ "[1.5] too short a fraction", "[1.5] too short a fraction", -1, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct example *e = &examples[i];
		struct prefix p;

		prefix_parse(e->line, strlen(e->line), &p);
		CHECK_STR(e->line + p.text, e->text);
		CHECK_EQ(p.has_stamp, e->stamp_s >= 0);
		CHECK_EQ(p.stamp_s * 1e6, e->stamp_s < 0 ? -1e6 : e->stamp_s * 1e6);
		CHECK_EQ(p.caller, e->caller);
		CHECK_EQ(p.caller_id, e->caller_id);
	}
}

TEST(another_programs_syslog_line_is_foreign)
{
	static const char line[] = "Jun 09 11:11:21 host myapp[123]: WARNING: x";
	struct prefix p;

	prefix_parse(line, strlen(line), &p);
	CHECK(p.is_foreign);
}

TEST(stamps_inside_a_line_are_found)
{
	static const char line[] = "login: [   12.345678] a [   12.345679] b";
	size_t at = prefix_next_stamp(line, strlen(line), 0);

	CHECK_EQ(at, 7);
	CHECK_EQ(prefix_next_stamp(line, strlen(line), at + 1), 24);
	CHECK_EQ(prefix_next_stamp(line, strlen(line), 25), strlen(line));
}

TEST(broken_prefixes_never_read_past_the_end)
{
	static const char *const lines[] = {
		"Jun 09 11:11:21 h kernel: <6>[    1.500000][ T123] x",
		"Jun 09 11:11:21 h kern.warn kernel: [    1.500000] [4: n:1: 12] x",
		"[    1.500000 / 09-26 13:22:37.708][2][662][n] x",
		"[    1.500000 <    0.000123>] [pid:0,cpu3,swapper/3]x",
		"[    1.500000] (1)[123:comm]x",
		"[    1.500000] c0 1 (swapper/0) x",
		"[  +0.002367] x",
		"[Nov27 10:22] x",
		"```[Sat Jun  1 17:40:26 2019] x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		for (size_t n = 0; n <= strlen(lines[i]); n++) {
			char *copy = malloc(n);
			struct prefix p;

			memcpy(copy, lines[i], n);
			prefix_parse(copy, n, &p);
			CHECK(p.text <= n);
			free(copy);
		}
	}
}

TESTS(T(every_prefix_is_taken_off), T(another_programs_syslog_line_is_foreign),
      T(stamps_inside_a_line_are_found), T(broken_prefixes_never_read_past_the_end))
